// simdnn's matrix product, b packed.
#include <algorithm>
#include <bench/runners.hpp>
#include <simdnn/ops/gemm.hpp>

namespace simdnn::bench {
namespace {

using matrix = tensor<float, "ab">;

class gemm_runner final : public runner {
 public:
  gemm_runner(const gemm_task& t, const choice& c, int threads)
      : team_(make_team(threads)),
        plan_({.m = t.m, .n = t.n, .k = t.k}, policy_of(c)),
        a_(t.a, shape{t.m, t.k}),
        b_(plan_.pack(view<const float, "ab">(t.b, shape{t.k, t.n}))),
        c_(shape{t.m, t.n}) {
    std::fill_n(c_.data(), c_.elements(), unwritten);
  }
  void run() override { plan_(a_, b_, c_, post::none{}, team_); }
  void fetch(float* result) override { std::copy_n(c_.data(), c_.elements(), result); }
  std::string implementation() const override { return plan_.variant_name(); }

 private:
  team team_;
  gemm_plan<float, "ab", "ab", isa::native> plan_;
  view<const float, "ab"> a_;
  packed<float> b_;
  matrix c_;
};

}  // namespace

std::vector<variant_info> gemm_variants(const gemm_task& t, bool strict) {
  return describe<gemm::all<float, isa::native>>(
      gemm_query{{.m = t.m, .n = t.n, .k = t.k}, strict ? accuracy::strict : accuracy::normal});
}

std::unique_ptr<runner> make_gemm(const gemm_task& t, const choice& c, int threads) {
  return std::make_unique<gemm_runner>(t, c, threads);
}

}  // namespace simdnn::bench
