#include <doctest/doctest.h>

#include <simdnn/ops/activation.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/gradient.hpp"
#include "support/pass_checks.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

template <class Visit>
void for_each_function(Visit visit) {
  visit("relu", function::relu{});
  visit("clamp", function::clamp{-0.5, 0.75});
  visit("leaky_relu", function::leaky_relu{0.1f});
  visit("elu", function::elu{0.7f});
  visit("tanh", function::tanh{});
  visit("sigmoid", function::sigmoid{});
}

template <class F, class T, layout L>
using forward = activation::forward<F, T, L, isa::native>;
template <class F, class T, layout L>
using backward = activation::backward<F, T, L, isa::native>;

// A gradient that is 0, and what is not read or only compared, stop NaN; where else it goes the
// reference says.
const test::pass_traits of_forward{.low = -3, .high = 3},
    of_backward{.low = -3, .high = 3, .nan_stops = "diff_dst src dst"};

template <class T, layout L, class F>
void check(const F& f, std::initializer_list<shape> shapes) {
  std::vector<activation_problem<F>> problems;
  for (const shape& s : shapes) problems.push_back({{s}, f});
  test::check_passes<forward<F, T, L>>(problems, of_forward);
  test::check_passes<backward<F, T, L>>(problems, of_backward);
}

}  // namespace

TEST_CASE("what all operations promise") {
  for_each_function([](const char* name, auto f) {
    CAPTURE(name);
    check<float, "nChw16c">(f, {{1, 1, 1, 1}, {2, 3, 5, 7}, {1, 33, 3, 1}, {0, 4, 2, 2}});
    check<double, "nc">(f, {{3, 41}, {1, 3}, {1, 15}, {1, 16}});
  });
}

TEST_CASE("what all operations promise: other layouts, and runs longer than a piece") {
  check<float, "nchw">(function::leaky_relu{}, {{2, 17, 31, 9}});
  check<float, "nChw16c">(function::sigmoid{}, {{3, 33, 17, 13}});
  check<float, "OIhw4i4o">(function::sigmoid{}, {{5, 3, 2, 2}});
  check<double, "nc">(function::elu{}, {{1, 4099}});
}

TEST_CASE("gradients agree with finite differences") {
  for_each_function([](const char* name, auto f) {
    CAPTURE(name);
    auto x = random_tensor<double, "nc">({2, 37}, 3, -3, 3);
    const auto g = random_tensor<double, "nc">({2, 37}, 4);
    tensor<double, "nc"> y(x.shape()), r(x.shape());
    activation_forward(f, x, y);
    activation_backward(f, g, x, y, r);
    const auto numeric = test::numeric_gradient(x, [&] {
      activation_forward(f, x, y);
      return test::dot(y, g);
    });
    CHECK(test::distance(r, numeric) < 1e-9);
  });
}

TEST_CASE("after a forward pass in place dst stands for src") {
  const auto x = random_tensor<float, "nChw16c">({2, 11, 3, 3}, 5),
             g = random_tensor<float, "nChw16c">({2, 11, 3, 3}, 6);
  for_each_function([&](const char* name, auto f) {
    CAPTURE(name);
    auto y = x, r = g;
    tensor<float, "nChw16c"> r_apart(x.shape());
    activation_forward(f, y, y);
    activation_backward(f, g, x, y, r_apart);
    activation_backward(f, r, y, y, r);
    CHECK(test::same_bits(r, r_apart));
  });
}

TEST_CASE("NaN stays NaN, also in gradients; infinities saturate") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  tensor<float, "nc"> x({1, 19}), g({1, 19}), y(x.shape()), r(x.shape());
  for (const index_t at : {0, 7, 18}) x(0, at) = nan;
  x(0, 3) = infinity;
  x(0, 4) = -infinity;
  for_each_function([&](const char* name, auto f) {
    CAPTURE(name);
    activation_forward(f, x, y);
    for (const index_t at : {0, 7, 18}) CHECK(std::isnan(y(0, at)));
    CHECK(y(0, 3) == static_cast<float>(f(static_cast<double>(infinity))));
    CHECK(y(0, 4) == static_cast<float>(f(-static_cast<double>(infinity))));
    std::fill_n(g.data(), g.elements(), nan);
    activation_backward(f, g, y, y, r);
    CHECK((std::isnan(r(0, 1)) || y(0, 1) <= 0));
  });
  std::fill_n(g.data(), g.elements(), 1.f);
  activation_forward(function::relu{}, x, y);
  activation_backward(function::relu{}, g, x, y, r);
  CHECK(r(0, 3) == 1);
  CHECK(r(0, 4) == 0);
  CHECK(r(0, 7) == 0);
}
