#include <doctest/doctest.h>

#include <simdnn/epilogue/functions.hpp>

#include "support/random.hpp"

using namespace simdnn;

namespace {

template <class F>
void check_vector_against_double(const F& f) {
  using V = vec<float, isa::native>;
  test::random r(1);
  for (int round = 0; round < 200; ++round) {
    std::array<float, V::lanes> x, g, y, dx;
    for (int l = 0; l < V::lanes; ++l) {
      x[l] = static_cast<float>(r.number(-12, 12));
      g[l] = static_cast<float>(r.number());
    }
    const V vx = V::load(x.data()), vy = f(vx);
    vy.store(y.data());
    f.gradient(V::load(g.data()), vx, vy).store(dx.data());
    for (int l = 0; l < V::lanes; ++l) {
      const double exact = f(static_cast<double>(x[l]));
      CHECK(y[l] == doctest::Approx(exact).epsilon(1e-6));
      CHECK(f(x[l]) == doctest::Approx(exact).epsilon(1e-6));
      const double gradient =
          f.gradient(static_cast<double>(g[l]), static_cast<double>(x[l]), exact);
      CHECK(std::abs(dx[l] - gradient) < 1e-6);
    }
  }
}

// In double, away from kinks.
template <class F>
void check_gradient(const F& f) {
  for (const double x : {-9., -2.3, -0.4, 0.3, 0.9, 5.}) {
    const double step = 1e-6, numeric = (f(x + step) - f(x - step)) / (2 * step);
    CHECK(f.gradient(1., x, f(x)) == doctest::Approx(numeric).epsilon(1e-7));
    CHECK(f.gradient(-3., x, f(x)) == doctest::Approx(-3 * numeric).epsilon(1e-7));
  }
}

template <class F>
void check_function(const F& f) {
  check_vector_against_double(f);
  check_gradient(f);
}

}  // namespace

TEST_CASE("vectors agree with double, gradients with differences") {
  check_function(function::relu{});
  check_function(function::clamp{-1, 4});
  check_function(function::leaky_relu{0.2f});
  check_function(function::elu{1.5f});
  check_function(function::tanh{});
  check_function(function::sigmoid{});
}

TEST_CASE("known values") {
  CHECK(function::relu{}(-2.) == 0);
  CHECK(function::relu{}(2.) == 2);
  CHECK(function::relu{}.gradient(5., 0., 0.) == 0);
  CHECK(function::leaky_relu{0.5f}(-2.) == -1);
  CHECK(function::elu{2}(-1.) == doctest::Approx(2 * (std::exp(-1) - 1)));
  CHECK(function::tanh{}(0.5) == doctest::Approx(std::tanh(0.5)));
  CHECK(function::sigmoid{}(0.) == 0.5);
  CHECK(function::clamp{0, 6}(9.) == 6);
}

TEST_CASE_TEMPLATE("an infinite limit cuts no gradient; NaN has none", T, float, double) {
  const T infinity = std::numeric_limits<T>::infinity();
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const auto gradient = [](const function::clamp& f, T x) {
    using V = vec<T, isa::native>;
    std::array<T, V::lanes> dx;
    f.gradient(V(3), V(x), f(V(x))).store(dx.data());
    CHECK(dx[0] == f.gradient(T(3), x, f(x)));
    return dx[0];
  };
  CHECK(gradient(function::relu{}, infinity) == 3);
  CHECK(gradient(function::relu{}, std::numeric_limits<T>::max()) == 3);
  CHECK(gradient(function::relu{}, 0) == 0);
  CHECK(gradient(function::relu{}, -infinity) == 0);
  CHECK(gradient(function::relu{}, nan) == 0);
  const function::clamp below{.high = 6};
  CHECK(gradient(below, -infinity) == 3);
  CHECK(gradient(below, 6) == 0);
  CHECK(gradient(below, infinity) == 0);
  const function::clamp between{-1, 6}, anywhere{};
  CHECK(gradient(between, 5) == 3);
  CHECK(gradient(between, infinity) == 0);
  CHECK(gradient(between, -infinity) == 0);
  CHECK(gradient(anywhere, infinity) == 3);
  CHECK(gradient(anywhere, -infinity) == 3);
  CHECK(gradient(anywhere, nan) == 0);
}

TEST_CASE("slope and alpha are exact in double, the nearest float in float") {
  using V = vec<double, isa::native>;
  std::array<double, V::lanes> y;
  function::leaky_relu{0.1}(V(-1)).store(y.data());
  CHECK(y[0] == -0.1);
  function::leaky_relu{0.1}.gradient(V(1), V(-1), V(-0.1)).store(y.data());
  CHECK(y[0] == 0.1);
  function::leaky_relu{}(V(-1)).store(y.data());
  CHECK(y[0] == -0.01);
  function::elu{0.1}(V(-100)).store(y.data());
  CHECK(y[0] == -0.1);
  CHECK(function::leaky_relu{0.1}(-1.) == -0.1);
  CHECK(function::leaky_relu{0.1}(-1.f) == -0.1f);
  CHECK(function::elu{0.1}.gradient(1., -100., -0.1) == 0);
}

TEST_CASE("nothing overflows far out") {
  const auto far = [](const auto& f, float x) {
    using V = vec<float, isa::native>;
    std::array<float, V::lanes> y;
    f(V(x)).store(y.data());
    return y[0];
  };
  CHECK(far(function::sigmoid{}, 1e30f) == 1);
  CHECK(far(function::sigmoid{}, -1e30f) == 0);
  CHECK(far(function::elu{}, 1e30f) == 1e30f);
  CHECK(far(function::elu{}, -1e30f) == -1);
  CHECK(far(function::tanh{}, -1e30f) == -1);
}
