#include <doctest/doctest.h>

#include <simdnn/ops/gemm.hpp>

#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/square_plus_one.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

template <class T, gemm_problem P, layout A, layout B, class MakePost>
void compare(MakePost make_post) {
  CAPTURE(P.str());
  CAPTURE(std::string(A.text()) + " " + std::string(B.text()) +
          (sizeof(T) == 4 ? " float" : " double"));
  const auto bias = random_tensor<T, "x">({P.n}, 3);
  const auto residual = random_tensor<T, "ab">(P.c_shape(), 4),
             before = random_tensor<T, "ab">(P.c_shape(), 5);
  test::for_each_guard([&](test::guard side) {
    const test::guarded<T, A> a(random_tensor<T, A>(P.a_shape(), 1), side);
    const test::guarded<T, B> b(random_tensor<T, B>(P.b_shape(), 2), side);
    const test::guarded<T, "ab"> c(before, side);
    auto expected = before;
    gemm_forward(P, a, b, expected, make_post(bias, residual), policy{.algorithm = "reference"});
    fixed_gemm<T, P, A, B>(a.data(), b.data(), c.data(), make_post(bias, residual));
    CHECK(test::difference(c, expected, P.k + 2) == "");
  });
}

template <class T, gemm_problem P>
void compare_everything() {
  constexpr gemm_problem scaled{.m = P.m, .n = P.n, .k = P.k, .alpha = -0.75, .beta = 0.5};
  const auto none = [](const auto&, const auto&) { return post::none{}; };
  const auto standard = [](const auto& bias, const auto& residual) {
    return post::scale_shift(bias, bias) | post::sum(residual) | post::relu();
  };
  const auto lambda = [](const auto& bias, const auto& residual) {
    return post::bias(bias) | test::square_plus_one{} | post::sum(residual);
  };
  compare<T, P, "ab", "ab">(none);
  compare<T, scaled, "ba", "ba">(standard);
  if constexpr (P.n < 8) compare<T, P, "ab", "ba">(lambda);
}

}  // namespace

TEST_CASE("products known at compile time agree with the reference") {
  compare_everything<float, gemm_problem{.m = 1, .n = 1, .k = 1}>();
  compare_everything<float, gemm_problem{.m = 4, .n = 4, .k = 4}>();
  compare_everything<float, gemm_problem{.m = 3, .n = 2, .k = 5}>();
  compare_everything<float, gemm_problem{.m = 7, .n = 13, .k = 9}>();
  compare_everything<float, gemm_problem{.m = 5, .n = 70, .k = 17}>();
  compare_everything<double, gemm_problem{.m = 3, .n = 2, .k = 5}>();
  compare_everything<double, gemm_problem{.m = 7, .n = 13, .k = 9}>();
}
