#include <doctest/doctest.h>

#include <simdnn/ops/concat.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/ops/reorder.hpp>

#include "support/allocations.hpp"
#include "support/random.hpp"

using namespace simdnn;

namespace {

// What f allocates when it runs for the second time, and from the default pool.
template <class F>
long second_run(F f) {
  f();
  const auto pooled = [] { return default_pool().stats().allocations; };
  const long before = test::allocations;
  const std::uint64_t pooled_before = pooled();
  f();
  return test::allocations - before + static_cast<long>(pooled() - pooled_before);
}

}  // namespace

TEST_CASE("the counter counts") {
  CHECK(second_run([] { tensor<float, "ab">({300, 700}); }) > 0);
  CHECK(second_run([] { ::operator delete(::operator new(4)); }) == 1);
}

TEST_CASE("a second run allocates nothing") {
  const auto x = test::random_tensor<float, "nchw">({2, 19, 9, 9}, 1);
  const auto blocked = reorder<"nChw16c">(x);
  tensor<float, "nchw"> y(x.shape()), pooled({2, 19, 4, 4}), argmax(pooled.shape()),
      both({2, 38, 9, 9});
  tensor<float, "nChw16c"> blocked_pooled(pooled.shape());
  const pooling_problem p{
      .batch = 2, .channels = 19, .size = {9, 9}, .kernel = {2, 2}, .stride = {2, 2}};
  const pooling_plan<float, "nchw"> pool(p);
  const pooling_backward_plan<float, "nchw"> back(p);
  const pooling_plan<float, "nChw16c"> blocked_pool(p);
  CHECK(second_run([&] { pool(x, pooled, argmax); }) == 0);
  CHECK(second_run([&] { back(pooled, argmax, y); }) == 0);
  CHECK(second_run([&] { blocked_pool(blocked, blocked_pooled); }) == 0);
  CHECK(second_run([&] { concat_forward({x.part(1, 0, 19), x.part(1, 0, 19)}, both); }) == 0);
}
