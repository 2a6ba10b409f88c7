#include <doctest/doctest.h>

#include <cstdlib>
#include <simdnn/ops/gemm.hpp>

#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/square_plus_one.hpp"
#include "support/threads.hpp"

#if defined(SIMDNN_WITH_ONEDNN)

using namespace simdnn;
using test::random_tensor;

namespace {

const policy by_onednn{.algorithm = "onednn"};

template <layout A, layout B>
void compare(const gemm_problem& p) {
  CAPTURE(p.str());
  CAPTURE(p.beta);
  const auto a = random_tensor<float, A>(p.a_shape(), 1);
  const auto b = random_tensor<float, B>(p.b_shape(), 2);
  const auto bias = random_tensor<float, "x">({p.n}, 3);
  const auto residual = random_tensor<float, "ab">(p.c_shape(), 4),
             before = random_tensor<float, "ab">(p.c_shape(), 5);
  const auto check = [&](auto make_post) {
    auto c = before, expected = before;
    gemm_forward(p, a, b, expected, make_post(expected), policy{.algorithm = "reference"});
    gemm_forward(p, a, b, c, make_post(c), by_onednn);
    CHECK(test::difference(c, expected, p.k + 2) == "");
  };
  check([](const auto&) { return post::none{}; });
  check([&](const auto&) { return post::bias(bias) | post::sum(residual) | post::relu(); });
  check([&](const auto& c) { return post::bias(bias) | test::square_plus_one{} | post::sum(c); });
}

}  // namespace

TEST_CASE("oneDNN's product agrees with the reference") {
  for (const gemm_problem& p : {gemm_problem{.m = 1, .n = 1, .k = 1},
                                {.m = 7, .n = 33, .k = 300, .alpha = -0.5},
                                {.m = 64, .n = 48, .k = 32, .beta = 0.5},
                                {.m = 5, .n = 3, .k = 0, .beta = 2},
                                {.m = 5, .n = 3, .k = 4, .alpha = 0, .beta = 1},
                                {.m = 0, .n = 3, .k = 4}}) {
    compare<"ab", "ab">(p);
    compare<"ba", "ab">(p);
    compare<"ab", "ba">(p);
    compare<"ba", "ba">(p);
  }
}

TEST_CASE("oneDNN reads and writes strided views, and nothing outside") {
  const gemm_problem p{.m = 9, .n = 21, .k = 14};
  const auto wide = random_tensor<float, "ab">({p.m, 2 * p.k}, 1);
  const auto b = random_tensor<float, "ab">(p.b_shape(), 2);
  const view<const float, "ab"> part = wide.part(1, 3, p.k),
                                gaps(wide.data(), p.a_shape(), {2 * p.k, 2});
  for (const auto& a : {part, gaps}) {
    tensor<float, "ab"> wide_c({p.m, p.n + 5}), expected(p.c_shape());
    gemm_forward(p, a, b, wide_c.part(1, 2, p.n), by_onednn);
    gemm_forward(p, a, b, expected, policy{.algorithm = "reference"});
    CHECK(test::difference(wide_c.part(1, 2, p.n), expected, p.k) == "");
    for (index_t m = 0; m < p.m; ++m) CHECK((wide_c(m, 1) == 0 && wide_c(m, p.n + 2) == 0));
  }
  test::for_each_guard([&](test::guard side) {
    const test::guarded<float, "ba"> a(random_tensor<float, "ba">(p.a_shape(), 1), side);
    const test::guarded<float, "ab"> bg(b, side), c(p.c_shape(), side);
    gemm_forward(p, a, bg, c, by_onednn);
    CHECK(c.data()[c.elements() - 1] != 0);
  });
}

TEST_CASE("one plan, many threads; workspace of the caller's") {
  const gemm_problem p{.m = 20, .n = 30, .k = 40};
  const auto a = random_tensor<float, "ab">(p.a_shape(), 1),
             b = random_tensor<float, "ab">(p.b_shape(), 2);
  const gemm_plan<float> plan(p, by_onednn);
  const auto packed_b = plan.pack(b);
  tensor<float, "ab"> one(p.c_shape()), many[8];
  plan(a, packed_b, one);
  test::threads{8}.parallel_for(8, [&](index_t i) {
    many[i] = tensor<float, "ab">(p.c_shape());
    plan(a, packed_b, many[i]);
  });
  for (const auto& c : many) CHECK(test::difference(c, one, p.k) == "");
  std::vector<std::byte> room(plan.workspace_bytes(1));
  plan(a, packed_b, one, post::sum(one), serial{}, room);
  CHECK(test::message([&] {
          plan(a, packed_b, one, post::sum(one), serial{}, std::span(room).first(8));
        }).ends_with(" bytes, got 8"));
}

TEST_CASE("oneDNN is taken where it is asked for or allowed, and never for double") {
  const gemm_problem p{.m = 200, .n = 200, .k = 200};
  CHECK(std::string(gemm_plan<float>(p).algorithm_name()) == "blocked");
  CHECK(std::string(gemm_plan<float>(p, {.allow_onednn = true}).algorithm_name()) == "onednn");
  CHECK(std::string(gemm_plan<double>(p, {.allow_onednn = true}).algorithm_name()) == "blocked");
  CHECK(test::message([] { gemm_plan<double>({.m = 4}, by_onednn); }) ==
        "gemm: policy.algorithm: expected an algorithm that takes the problem, got 'onednn' "
        "(oneDNN multiplies float only)");
}

#else
TEST_CASE("built without oneDNN: skipped") { std::exit(77); }
#endif
