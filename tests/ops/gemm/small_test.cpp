#include <doctest/doctest.h>

#include <simdnn/ops/gemm.hpp>

#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

struct square {
  template <class V>
  V operator()(V v) const {
    return v * v;
  }
};

// Every algorithm, operands between protected pages, b packed and as it lies.
template <class T>
void compare(const gemm_problem& p, test::guard side) {
  CAPTURE(p.str());
  CAPTURE(p.alpha);
  CAPTURE(p.beta);
  CAPTURE(sizeof(T));
  const test::guarded<T, "ab"> a(random_tensor<T, "ab">(p.a_shape(), 1), side),
      b(random_tensor<T, "ab">(p.b_shape(), 2), side),
      residual(random_tensor<T, "ab">(p.c_shape(), 4), side);
  const test::guarded<T, "x"> bias(random_tensor<T, "x">({p.n}, 3), side);
  const auto before = random_tensor<T, "ab">(p.c_shape(), 5);
  const auto check = [&](const auto& ops) {
    auto expected = before;
    gemm_forward(p, a, b, expected, ops, policy{.algorithm = "reference"});
    for (const char* name : {"blocked", "small"}) {
      CAPTURE(name);
      const gemm_plan<T> plan(p, {.algorithm = name});
      const test::guarded<T, "ab"> c(before, side), d(before, side);
      plan(a, plan.pack(b), c, ops);
      CHECK(test::difference(c, expected, p.k + 2) == "");
      plan(a, b, d, ops);
      CHECK(test::difference(d, expected, p.k + 2) == "");
    }
  };
  check(post::none{});
  check(post::bias(bias) | post::sum(residual) | post::relu());
  check(post::bias(bias) | square{} | post::sum(residual));
}

}  // namespace

TEST_CASE_TEMPLATE("few rows, few columns, few summands", T, float, double) {
  test::for_each_guard([&](test::guard side) {
    for (const index_t few : {1, 2, 3, 4, 5, 7, 8, 9})
      for (const index_t k : {1, 3, 4, 16, 19, 40}) {
        compare<T>({.m = 17, .n = few, .k = k}, side);
        compare<T>({.m = 9, .n = few, .k = k, .alpha = 2, .beta = -0.5}, side);
        compare<T>({.m = few, .n = 70, .k = k, .beta = 1}, side);
      }
    // Rows up to two tiles', in one pass over b.
    for (index_t m = 1; m <= 30; ++m) compare<T>({.m = m, .n = 40, .k = 139, .alpha = -1}, side);
    // More than one block of each of the four segments of k, and of columns.
    compare<T>({.m = 20, .n = 133, .k = 4 * 70 + 3, .beta = 1}, side);
  });
}

TEST_CASE("b as it lies, its columns no neighbours or with gaps between rows") {
  const gemm_problem p{.m = 7, .n = 19, .k = 6};
  const auto a = random_tensor<float, "ab">(p.a_shape(), 1);
  const auto wide = random_tensor<float, "ab">({p.k, 3 * p.n}, 2);
  const view<const float, "ab"> apart(wide.data(), p.b_shape(), {3 * p.n, 3});
  for (const view<const float, "ab">& b : {wide.part(1, 3, p.n), apart}) {
    tensor<float, "ab"> c(p.c_shape()), expected(p.c_shape());
    gemm_plan<float>(p, {.algorithm = "small"})(a, b, c);
    gemm_forward(p, a, b, expected, policy{.algorithm = "reference"});
    CHECK(test::difference(c, expected, p.k) == "");
  }
}

TEST_CASE("b as it lies is checked") {
  const gemm_problem p{.m = 4, .n = 4, .k = 4};
  tensor<float, "ab"> both({4, 8});
  const tensor<float, "ab"> a(p.a_shape()), wrong({4, 5});
  const gemm_plan<float> plan(p);
  CHECK(test::message([&] { plan(a, wrong, both.part(1, 0, 4)); }) ==
        "gemm: b: expected 4 columns, got 5");
  CHECK(test::message([&] { plan(a, both.part(1, 1, 4), both.part(1, 4, 4)); }) ==
        "gemm: c: expected memory apart from b, got an overlap");
  plan(a, both.part(1, 0, 4), both.part(1, 4, 4));
}
