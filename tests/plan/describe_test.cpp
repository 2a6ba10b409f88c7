// plan::describe: what the choice knows of each algorithm, without a plan.
#include <doctest/doctest.h>

#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/conv_pool.hpp>
#include <simdnn/ops/gemm.hpp>
#include <simdnn/ops/inner_product.hpp>
#include <simdnn/ops/pooling.hpp>

#include "support/compare.hpp"

using namespace simdnn;

namespace {

// What describe says is what the constructor does. `refused` is one that refuses this problem.
template <class Plan, class Problem>
void check(const Problem& p, std::string_view refused = "") {
  CAPTURE(p.str());
  const auto all = Plan::describe(p);
  const auto names = Plan::algorithm_list::names();
  REQUIRE(all.size() == names.size());
  const auto* best = all.data();
  bool found = refused.empty();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& d = all[i];
    CAPTURE(d.name);
    CHECK(d.name == names[i]);
    const policy named{.algorithm = d.name};
    if (d.refusal == nullptr) {
      CHECK(Plan(p, named).algorithm_name() == std::string_view(d.name));
      if (d.eligible && (!best->eligible || best->refusal != nullptr || d.cost < best->cost))
        best = &d;
    } else {
      found = found || d.name == refused;
      const std::string message = test::message([&] { Plan(p, named); });
      CHECK(message.find(d.refusal) != std::string::npos);
      CHECK(message.find(d.name) != std::string::npos);
    }
  }
  CHECK(found);
  CHECK(Plan(p).algorithm_name() == std::string_view(best->name));
}

template <class Plan>
std::string refusal(const conv_problem& p, const policy& wanted, std::string_view name) {
  for (const auto& d : Plan::describe(p, wanted))
    if (d.name == name) return d.refusal == nullptr ? "" : d.refusal;
  return "is not there";
}

const conv_problem square{.in = 8, .out = 16, .size = {12, 12}, .kernel = {3, 3}, .pad = {1, 1}};

}  // namespace

TEST_CASE("describe says what a plan does: convolution") {
  check<conv_plan<float, "nChw16c">>(square, "pointwise");
  check<conv_plan<float, "nchw", "nhwc">>(square, "depthwise");
  check<conv_backward_data_plan<float, "nchw">>(square, "pointwise");
  check<conv_backward_weights_plan<float, "nchw">>(square);
  check<conv_pool_plan<float, "nChw16c">>(square, "pointwise");
}

TEST_CASE("describe says what a plan does: all others") {
  check<gemm_plan<float>>(gemm_problem{.m = 20, .n = 17, .k = 30});
  check<gemm_plan<float>>(gemm_problem{.m = 2000, .n = 1700, .k = 3000});
  check<gemm_batch_plan<double, "abc", "acb">>(gemm_problem{.m = 20, .n = 17, .k = 30});
  const inner_product_problem inner{.batch = 3, .in = 20, .out = 17, .size = {2, 3}};
  check<inner_product_plan<float, "nhwc">>(inner);
  check<inner_product_backward_data_plan<float, "nhwc">>(inner);
  check<inner_product_backward_weights_plan<float, "nhwc">>(inner);
  check<pooling_plan<float, "nchw">>(
      pooling_problem{.channels = 4, .size = {4, 4}, .kernel = {2, 2}});
}

TEST_CASE("describe heeds the policy and checks the problem") {
  using plan = conv_plan<float, "nChw16c">;
  CHECK(refusal<plan>(square, {}, "winograd_4x4_3x3") == "");
  CHECK(refusal<plan>(square, {.accuracy = accuracy::strict}, "winograd_4x4_3x3") != "");
  for (const auto& d : plan::describe(square, {.allow_onednn = true}))
    CHECK(d.eligible == (d.name != std::string_view("reference")));
#if defined(SIMDNN_WITH_ONEDNN)
  CHECK(refusal<conv_pool_plan<float, "nChw16c">>(square, {.allow_onednn = true}, "onednn") ==
        "oneDNN takes no rows of an image in place");
#endif
  conv_problem wrong = square;
  wrong.groups = 3;
  CHECK(test::message([&] { plan::describe(wrong); }) == test::message([&] { plan{wrong}; }));
  CHECK(test::message([&] {
          pooling_plan<float, "nchw">::describe({.size = {4}, .kernel = {2}});
        }) == "pooling_forward: size: expected 2 spatial dimensions for layout nchw, got 4");
}
