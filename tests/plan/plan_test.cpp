// What a call of a plan takes beside its operands, and what a plan tells of itself.
#include <doctest/doctest.h>

#include <simdnn/ops/gemm.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/tensor/tensor.hpp>
#include <vector>

#include "support/compare.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace simdnn;

namespace {

// Counts its loops.
struct counting {
  int* loops;
  int concurrency() const { return 2; }
  template <class F>
  void parallel_for(index_t n, F&& f) const {
    ++*loops;
    for (index_t i = 0; i < n; ++i) f(i);
  }
};

}  // namespace

TEST_CASE("epilogue, executor and workspace come in any order, or not at all") {
  const gemm_problem p{.m = 500, .n = 20, .k = 17};
  const gemm_plan<float> plan(p, {.algorithm = "blocked"});
  const auto a = test::random_tensor<float, "ab">(p.a_shape(), 1),
             b = test::random_tensor<float, "ab">(p.b_shape(), 2);
  const auto packed = plan.pack(b);
  tensor<float, "ab"> plain(p.c_shape()), expected(p.c_shape()), c(p.c_shape());
  plan(a, packed, plain);
  plan(a, packed, expected, post::relu());
  REQUIRE_FALSE(test::same_bits(plain, expected));

  int loops = 0;
  const counting executor{&loops};
  std::vector<std::byte> space(static_cast<std::size_t>(plan.workspace_bytes(2)));
  const auto check = [&](const auto&... extras) {
    std::fill_n(c.data(), c.elements(), 0.0f);
    loops = 0;
    plan(a, packed, c, extras...);
    CHECK(test::same_bits(c, expected));
    CHECK(loops > 0);
  };
  const std::span<std::byte> workspace(space);
  check(post::relu(), executor, workspace);
  check(workspace, post::relu(), executor);
  check(executor, workspace, post::relu());
  check(executor, post::relu());

  plan(a, b, c, executor, post::relu());  // weights that are not packed
  CHECK(test::same_bits(c, expected));
  gemm_forward(p, a, b, c, policy{.algorithm = "blocked"}, executor, post::relu());
  CHECK(test::same_bits(c, expected));
  std::fill(space.begin(), space.end(), std::byte{0});
  plan(a, packed, c, space);  // a vector of bytes is a workspace too
  CHECK(test::same_bits(c, plain));
  CHECK(std::count(space.begin(), space.end(), std::byte{0}) <
        static_cast<std::ptrdiff_t>(space.size()));
}

TEST_CASE("optional operands are left out at the end or given as none") {
  const pooling_problem p{.kind = pooling_kind::average, .size = {4, 4}, .kernel = {2, 2}};
  const auto x = test::random_tensor<float, "nchw">(p.src_shape(), 1);
  tensor<float, "nchw"> y(p.dst_shape()), again(p.dst_shape()), r(p.src_shape()),
      argmax(p.dst_shape());
  const pooling_plan<float, "nchw"> plan(p);
  plan(x, y);
  plan(x, again, none);
  CHECK(test::same_bits(y, again));
  plan(x, again, none, serial{});
  CHECK(test::same_bits(y, again));
  const pooling_backward_plan<float, "nchw"> back(p);
  back(y, none, r);
  CHECK(r(0, 0, 0, 0) == y(0, 0, 0, 0) / 4);
}

TEST_CASE("a plan tells its operands' shapes by name") {
  const gemm_plan<float> plan({.m = 3, .n = 5, .k = 7});
  CHECK(plan.shape_of("a") == shape{3, 7});
  CHECK(plan.shape_of("b") == shape{7, 5});
  CHECK(plan.shape_of("c") == shape{3, 5});
  CHECK(plan.shape_of("d").rank() == 0);
}
