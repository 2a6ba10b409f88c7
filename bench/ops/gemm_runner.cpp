// simdnn's matrix product with packed b.
#include <algorithm>
#include <bench/ops/fixed_problems.hpp>
#include <bench/runners.hpp>
#include <simdnn/ops/gemm.hpp>

namespace simdnn::bench {
namespace {

using matrix = tensor<float, "ab">;

class gemm_runner final : public runner {
 public:
  gemm_runner(const gemm_task& t, const choice& c, int threads)
      : team_(make_team(threads, c.pool)),
        plan_({.m = t.m, .n = t.n, .k = t.k}, policy_of(c)),
        a_(t.a, shape{t.m, t.k}),
        b_(plan_.pack(view<const float, "ab">(t.b, shape{t.k, t.n}))),
        c_(shape{t.m, t.n}) {
    std::fill_n(c_.data(), c_.elements(), unwritten);
  }
  void run() override { plan_(a_, b_, c_, post::none{}, team_); }
  void fetch(float* result) override { std::copy_n(c_.data(), c_.elements(), result); }
  std::string implementation() const override { return plan_.algorithm_name(); }

 private:
  team team_;
  gemm_plan<float, "ab", "ab", isa::native> plan_;
  view<const float, "ab"> a_;
  packed<float> b_;
  matrix c_;
};

template <int Size>
class fixed_runner final : public runner {
 public:
  explicit fixed_runner(const gemm_task& t) {
    std::copy_n(t.a, elements, a_);
    std::copy_n(t.b, elements, b_);
    std::fill_n(c_, elements, unwritten);
  }
  void run() override {
    fixed_gemm<float, gemm_problem{.m = Size, .n = Size, .k = Size}>(a_, b_, c_);
  }
  void fetch(float* result) override { std::copy_n(c_, elements, result); }
  std::string implementation() const override { return "fixed"; }

 private:
  static constexpr int elements = Size * Size;
  alignas(64) float a_[elements];
  alignas(64) float b_[elements];
  alignas(64) float c_[elements];
};

}  // namespace

std::unique_ptr<runner> make_fixed_gemm(const gemm_task& t) {
  return make_fixed(t, [&]<int Size>() { return std::make_unique<fixed_runner<Size>>(t); });
}

std::vector<algorithm_info> gemm_algorithms(const gemm_task& t, bool strict) {
  return describe<gemm::all<float, isa::native>>(
      gemm_query{{.m = t.m, .n = t.n, .k = t.k}, strict ? accuracy::strict : accuracy::normal});
}

std::unique_ptr<runner> make_gemm(const gemm_task& t, const choice& c, int threads) {
  return std::make_unique<gemm_runner>(t, c, threads);
}

}  // namespace simdnn::bench
