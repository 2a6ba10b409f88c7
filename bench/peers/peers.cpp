// The table of peers, and what configure time found of them.
#include <bench/kernels.hpp>
#include <bench/peers/peer.hpp>
#include <stdexcept>

namespace simdnn::bench {
namespace {

#if defined(SIMDNN_BENCH_ONEDNN)
constexpr peer onednn{.name = "onednn",
                      .package = "libdnnl-dev",
                      .missing = {},
                      .conv = make_onednn_conv,
                      .gemm = make_onednn_gemm,
                      .inner_product = make_onednn_inner_product,
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
constexpr peer openblas{
    .name = "openblas", .package = "libopenblas-dev", .missing = {}, .gemm = make_openblas_gemm};
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

constexpr peer table[] = {onednn, openblas, eigen};

}  // namespace

std::span<const peer> peers() { return table; }

const peer& find_peer(std::string_view name) {
  std::string known;
  for (const peer& p : table) {
    if (p.name == name && p.missing.empty()) return p;
    if (p.name == name)
      throw std::invalid_argument("--peer " + std::string(name) + ": " + std::string(p.missing) +
                                  " (Debian package " + std::string(p.package) + ")");
    known += std::string(p.name) + ", ";
  }
  throw std::invalid_argument("--peer " + std::string(name) + ": unknown, there are " + known +
                              "none");
}

}  // namespace simdnn::bench
