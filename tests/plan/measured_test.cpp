// policy.measured in gemm and inner_product, whose algorithms that may be chosen are few: with
// oneDNN, where this program has it, for then there are two.
#include <doctest/doctest.h>

#include <memory>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/gemm.hpp>
#include <simdnn/ops/inner_product.hpp>
#include <simdnn/plan/tuning_cache.hpp>

#include "support/compare.hpp"

using namespace simdnn;

namespace {

// A plan measures where there is a choice, once, and says by which key.
template <class Plan, class Problem, class Query>
void check(const Problem& p, const Query& query, const std::string& key) {
  CAPTURE(key);
  int eligible = 0;
  Plan::algorithm_list::for_each([&]<class Algorithm>() {
    const bool allowed = Algorithm::automatic || Algorithm::name == std::string_view("onednn");
    eligible += allowed && Algorithm::refuses(query) == nullptr;
  });
  tuning_cache cache;
  const policy wanted{.allow_onednn = true, .measured = &cache, .executor = serial{}};
  const std::string first = Plan(p, wanted).algorithm_name();
  CHECK(first != "reference");
  CHECK(cache.measured() == (eligible > 1 ? 1 : 0));
  CHECK(Plan(p, wanted).algorithm_name() == first);
  CHECK(cache.measured() == (eligible > 1 ? 1 : 0));
  if (eligible > 1) CHECK(cache.entries() == std::map<std::string, std::string>{{key, first}});
}

const std::string behind = " threads=1 normal onednn";

}  // namespace

TEST_CASE("a policy keeps the executor that it was given as a temporary") {
  struct counting {
    std::shared_ptr<int> asked;
    int concurrency() const { return ++*asked, 1; }
    void parallel_for(index_t n, loop_body f) const { serial{}.parallel_for(n, f); }
  };
  const auto asked = std::make_shared<int>(0);
  tuning_cache cache;
  const policy wanted{.measured = &cache, .executor = counting{asked}};
  CHECK(asked.use_count() == 2);
  const conv_plan<float, "nchw"> plan({.in = 4, .out = 4, .size = {6, 6}, .kernel = {3, 3}},
                                      wanted);
  CHECK(*asked > 0);
  CHECK(cache.measured() == 1);
}

TEST_CASE("gemm: a measured policy") {
  const gemm_problem p{.m = 20, .n = 17, .k = 30};
  check<gemm_plan<float>>(
      p, gemm_query{p},
      std::string("gemm float ab ab ab ") + isa::native::name + " 20x30:30x17" + behind);
  check<gemm_plan<float, "ba", "ba">>(
      p, gemm_query{p},
      std::string("gemm float ba ba ab ") + isa::native::name + " 20x30:30x17" + behind);
}

TEST_CASE("inner_product: a measured policy, all passes") {
  const inner_product_problem p{.batch = 3, .in = 20, .out = 17, .size = {2, 3}};
  const std::string key = std::string(" ") + isa::native::name + ' ' + p.str() + behind;
  check<inner_product_plan<float, "nhwc">>(p, inner_product::query{p, direction::forward},
                                           "inner_product_forward float nhwc nc" + key);
  check<inner_product_backward_data_plan<float, "nhwc">>(
      p, inner_product::query{p, direction::backward_data},
      "inner_product_backward_data float nc nhwc" + key);
  check<inner_product_backward_weights_plan<float, "nhwc">>(
      p, inner_product::query{p, direction::backward_weights},
      "inner_product_backward_weights float nhwc nc x" + key);
}
