// The table of peers, and which of them were found at configure time.
#include <algorithm>
#include <bench/kernels.hpp>
#include <bench/measure.hpp>
#include <bench/peers/peer.hpp>
#include <bench/refuse.hpp>

namespace simdnn::bench {
namespace {

#if defined(SIMDNN_BENCH_ONEDNN)
constexpr peer onednn{.name = "onednn",
                      .package = "libdnnl-dev",
                      .missing = {},
                      .conv = make_onednn_conv,
                      .gemm = make_onednn_gemm,
                      .inner_product = make_onednn_inner_product,
                      .pass = make_onednn_pass,
                      .passes = "lrn",
                      .shares_threads = true};
#elif defined(__clang__)
constexpr peer onednn{
    .name = "onednn",
    .package = "libdnnl-dev",
    .missing =
        "it runs on gcc's libgomp, which must not meet clang's libomp in one process: "
        "build with gcc"};
#else
constexpr peer onednn{
    .name = "onednn",
    .package = "libdnnl-dev",
    .missing = "it was not found, or SIMDNN_ONEDNN was OFF, when this program was configured"};
#endif

#if defined(SIMDNN_BENCH_OPENBLAS)
constexpr peer openblas{.name = "openblas",
                        .package = "libopenblas-dev",
                        .missing = {},
                        .gemm = make_openblas_gemm,
                        .inner_product = make_openblas_inner_product};
#else
constexpr peer openblas{.name = "openblas",
                        .package = "libopenblas-dev",
                        .missing = "it was not found when this program was configured"};
#endif

#if defined(SIMDNN_BENCH_EIGEN)
constexpr peer eigen{
    .name = "eigen",
    .package = "libeigen3-dev",
    .missing = {},
    .gemm = [](const gemm_task& t, const conditions& c) { return c.code->eigen_gemm(t, c); },
    .shares_threads = true};
#else
constexpr peer eigen{.name = "eigen",
                     .package = "libeigen3-dev",
                     .missing = "it was not found when this program was configured"};
#endif

#if defined(SIMDNN_BENCH_ONEDNN) && defined(SIMDNN_BENCH_OPENBLAS)
std::unique_ptr<runner> faster(std::unique_ptr<runner> a, std::unique_ptr<runner> b) {
  if (a == nullptr || b == nullptr) return a != nullptr ? std::move(a) : std::move(b);
  const double time_a = quick_time([&] { a->run(); }), time_b = quick_time([&] { b->run(); });
  return time_a < time_b ? std::move(a) : std::move(b);
}
constexpr peer best{.name = "best",
                    .package = "libdnnl-dev",
                    .missing = {},
                    .gemm =
                        [](const gemm_task& t, const conditions& c) {
                          return faster(make_onednn_gemm(t, c), make_openblas_gemm(t, c));
                        },
                    .inner_product =
                        [](const inner_product_task& t, const conditions& c) {
                          return faster(make_onednn_inner_product(t, c),
                                        make_openblas_inner_product(t, c));
                        }};
#else
constexpr peer best{.name = "best",
                    .package = "libdnnl-dev, libopenblas-dev",
                    .missing = "it is the faster of onednn and openblas, and not both are here"};
#endif

// Measures the cost of reading the weights and nothing else: the ratio is the share of that
// bandwidth.
class weights_sum final : public runner {
 public:
  weights_sum(const inner_product_task& t, const conditions& c)
      : weights_(static_cast<std::size_t>(t.in * t.out), 1.0F),
        outputs_(t.batch * t.out),
        where_(c) {}
  void run() override {
    volatile float sink = where_.code->sum(
        weights_.data(), static_cast<std::int64_t>(weights_.size()), where_.threads);
    (void)sink;
  }
  // There are no products, so the column of errors has no meaning.
  void fetch(float* result) override { std::fill_n(result, outputs_, 0.0F); }
  std::string implementation() const override { return "sum"; }

 private:
  floats weights_;
  std::int64_t outputs_;
  conditions where_;
};
constexpr peer memory_sum{.name = "sum",
                          .package = {},
                          .missing = {},
                          .inner_product = [](const inner_product_task& t,
                                              const conditions& c) -> std::unique_ptr<runner> {
                            if (!is_forward(t.dir))
                              refuse("--peer", "one that has the pass",
                                     "sum, which is forward alone");
                            return std::make_unique<weights_sum>(t, c);
                          },
                          .shares_threads = true};

constexpr peer table[] = {onednn, openblas, eigen, best, memory_sum};

}  // namespace

std::span<const peer> peers() { return table; }

const peer& find_peer(std::string_view name) {
  std::string known;
  for (const peer& p : table) {
    if (p.name == name && p.missing.empty()) return p;
    if (p.name == name)
      refuse("--peer", "one that this program has",
             std::string(name) + " (" + std::string(p.missing) + "; Debian package " +
                 std::string(p.package) + ")");
    known += std::string(p.name) + ", ";
  }
  refuse("--peer", "one of " + known + "none", '"' + std::string(name) + '"');
}

}  // namespace simdnn::bench
