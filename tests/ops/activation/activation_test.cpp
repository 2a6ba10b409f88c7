#include <doctest/doctest.h>

#include <simdnn/ops/activation.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/compare.hpp"
#include "support/gradient.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

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

// A function alone costs a handful of roundings.
constexpr index_t terms = 1;

// What does not depend on the function stands apart: six functions compile faster so.
template <class T, layout L>
void check_results(const char* algorithm, const tensor<T, L>& actual,
                   const tensor<T, L>& reference) {
  CAPTURE(algorithm);
  CHECK(test::difference(actual, reference, terms) == "");
  CHECK(test::padding_is_zero(actual));
}
// What is not written must show, in the padding too.
template <class T, layout L>
tensor<T, L> sevens(const shape& s) {
  tensor<T, L> x(s);
  std::fill_n(x.data(), x.elements(), T(7));
  return x;
}

template <class T, layout L, class F>
void compare_algorithms(const F& f, const shape& s) {
  const auto x = random_tensor<T, L>(s, 1, -3, 3), g = random_tensor<T, L>(s, 2);
  tensor<T, L> y(s), r(s);
  const activation::reference<F, T, L, isa::native> reference(s);
  reference.forward(f, x, y, serial{});
  reference.backward(f, g, x, y, r, serial{});
  activation::all<F, T, L, isa::native>::for_each([&]<class Algorithm>() {
    // The reference leaves padding alone.
    tensor<T, L> own = Algorithm::automatic ? sevens<T, L>(s) : tensor<T, L>(s), own_r = own;
    const Algorithm algorithm(s);
    algorithm.forward(f, x, own, serial{});
    algorithm.backward(f, g, x, y, own_r, serial{});
    check_results(Algorithm::name, own, y);
    check_results(Algorithm::name, own_r, r);
  });
}

}  // namespace

TEST_CASE("every algorithm of every function agrees with the reference") {
  for_each_function([]<class F>(const char* name, F f) {
    CAPTURE(name);
    for (const shape& s : {shape{1, 1, 1, 1}, {2, 3, 5, 7}, {1, 33, 3, 1}, {0, 4, 2, 2}}) {
      CAPTURE(s.str());
      compare_algorithms<float, "nChw16c">(f, s);
    }
    compare_algorithms<double, "nc">(f, {3, 41});
  });
}

TEST_CASE("runs longer than a piece") {
  compare_algorithms<float, "nchw">(function::leaky_relu{}, {2, 17, 31, 9});
}

TEST_CASE("two blocked dimensions keep their padding zero") {
  compare_algorithms<float, "OIhw4i4o">(function::sigmoid{}, {5, 3, 2, 2});
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

TEST_CASE("in place") {
  const auto x = random_tensor<float, "nChw8c">({2, 11, 3, 3}, 5),
             g = random_tensor<float, "nChw8c">({2, 11, 3, 3}, 6);
  for_each_function([&](const char* name, auto f) {
    CAPTURE(name);
    auto y = x, r = g;
    tensor<float, "nChw8c"> apart(x.shape()), apart_r(x.shape());
    activation_forward(f, x, apart);
    activation_backward(f, g, x, apart, apart_r);
    activation_forward(f, y, y);
    CHECK(test::same_bits(y, apart));
    activation_backward(f, r, y, y, r);  // src is gone: dst stands for it
    CHECK(test::same_bits(r, apart_r));
  });
}

TEST_CASE("strided views: a part of the channels, and steps between pixels") {
  const auto x = random_tensor<float, "nhwc">({2, 24, 3, 5}, 7);
  tensor<float, "nhwc"> y(x.shape());
  activation_forward(function::tanh{}, x.part(1, 5, 9), y.part(1, 5, 9));
  test::for_each_index(x.shape(), [&](const test::index& i) {
    const bool inside = i[1] >= 5 && i[1] < 14;
    const double want = inside ? std::tanh(test::element(x, i)) : 0;
    CHECK(test::element(y, i) == doctest::Approx(want).epsilon(1e-6));
  });

  // Every second column.
  tensor<float, "nchw"> wide({1, 2, 3, 8});
  test::fill_random(wide, 8);
  const auto before = wide;
  strides st = wide.strides();
  st[3] = 2;
  const view<float, "nchw"> even(wide.data(), {1, 2, 3, 4}, st);
  activation_forward(function::sigmoid{}, even, even);
  test::for_each_index(wide.shape(), [&](const test::index& i) {
    const double old = test::element(before, i);
    const double want = i[3] % 2 == 0 ? 1 / (1 + std::exp(-old)) : old;
    CHECK(test::element(wide, i) == doctest::Approx(want).epsilon(1e-6));
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

TEST_CASE("the same bits for every number of threads") {
  const auto x = random_tensor<float, "nChw16c">({3, 33, 17, 13}, 9);
  tensor<float, "nChw16c"> one(x.shape()), many(x.shape());
  activation_forward(function::sigmoid{}, x, one, serial{});
  test::for_each_team([&](test::threads team) {
    activation_forward(function::sigmoid{}, x, many, team);
    CHECK(test::same_bits(one, many));
    CHECK(test::padding_is_zero(many));
  });
}

TEST_CASE("nothing outside the operands is touched") {
  test::for_each_guard([](test::guard side) {
    for (const index_t n : {1, 3, 15, 16, 17, 4099}) {
      const auto x = random_tensor<double, "nc">({1, n}, 10);
      const test::guarded<double, "nc"> src(x, side), g(x, side), dst(x.shape(), side),
          r(x.shape(), side);
      activation_forward(function::elu{}, src, dst);
      activation_backward(function::elu{}, g, src, dst, r);
      CHECK(r.data()[n - 1] != 0);
    }
    const auto x = random_tensor<float, "nChw4c">({2, 5, 3, 3}, 11);
    const test::guarded<float, "nChw4c"> src(x, side), dst(x.shape(), side);
    activation_forward(function::sigmoid{}, src, dst);
    CHECK(test::padding_is_zero(dst));
  });
}

TEST_CASE("bad input is named") {
  using test::message;
  tensor<float, "nchw"> x({2, 3, 4, 4}), other({2, 3, 4, 5}), none;
  const function::relu f;
  CHECK(message([&] { activation_forward(f, x, other); }) ==
        "activation_forward: dst: expected width 4, got 5");
  CHECK(message([&] { activation_forward(f, none, x); }) ==
        "activation_forward: src: expected a tensor of 4 dimensions, got an uninitialised one");
  CHECK(message([&] { activation_forward(f, x.part(0, 0, 1), x.part(0, 1, 1)); }) == "no error");
  CHECK(message([&] { activation_forward(f, x.part(3, 0, 3), other.part(3, 0, 3)); }) ==
        "activation_forward: dst: expected src's strides, got others");
  CHECK(message([&] { activation_forward(f, x.part(3, 0, 3), x.part(3, 1, 3)); }) ==
        "activation_forward: dst: expected memory apart from src, got an overlap");
  CHECK(message([&] { activation_backward(f, other, x, x, x); }) ==
        "activation_backward: diff_dst: expected width 4, got 5");
  CHECK(message([&] { view<float, "nchw">(nullptr, {1, 1, 1, 1}); }) ==
        "view: data: expected a pointer to 1x1x1x1 elements, got null");
}
