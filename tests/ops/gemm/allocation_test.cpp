#include <doctest/doctest.h>

#include <simdnn/ops/gemm.hpp>

#include "support/allocations.hpp"
#include "support/random.hpp"

using namespace simdnn;

TEST_CASE("a plan's second run allocates nothing, nor does repacking") {
  const gemm_problem p{.m = 50, .n = 70, .k = 300};
  const auto a = test::random_tensor<float, "ab">(p.a_shape(), 1),
             b = test::random_tensor<float, "ab">(p.b_shape(), 2);
  const auto bias = test::random_tensor<float, "x">({p.n}, 3);
  tensor<float, "ab"> c(p.c_shape());
  memory_pool pool;
  set_default_memory(&pool);
  {
    const gemm_plan<float> plan(p);
    const long none = test::allocations;
    auto packed_b = plan.pack(b);
    CHECK(test::allocations > none);  // the counter counts
    const auto ops = post::bias(bias) | post::sum(c) | post::relu();
    plan(a, packed_b, c, ops);
    const long before = test::allocations;
    const auto pooled = pool.stats().allocations;
    plan.repack(b, packed_b);
    plan(a, packed_b, c, ops);
    plan(a, packed_b, c, ops, serial{});
    CHECK(test::allocations == before);
    CHECK(pool.stats().allocations == pooled);

    // The arena of this thread has grown: another plan of that size takes nothing either.
    const gemm_plan<float> other(p);
    other(a, packed_b, c);
    CHECK(pool.stats().allocations == pooled);
    CHECK(test::allocations == before);
  }
  set_default_memory(nullptr);
}
