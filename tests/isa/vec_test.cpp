#include <doctest/doctest.h>

#include <simdnn/isa/exp.hpp>
#include <simdnn/isa/vec.hpp>

#include "support/guarded_tensor.hpp"
#include "support/random.hpp"

using simdnn::index_t;
using simdnn::is_vec;
using simdnn::vec;
using isa_under_test = simdnn::isa::native;

namespace {

template <class T>
using V = vec<T, isa_under_test>;
template <class T>
using lanes_of = std::array<T, V<T>::lanes>;

template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();
template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

template <class T>
lanes_of<T> lanes(V<T> v) {
  lanes_of<T> x;
  v.store(x.data());
  return x;
}
template <class T>
lanes_of<T> random_lanes(test::random& r, double low = -2, double high = 2) {
  lanes_of<T> x;
  for (T& e : x) e = static_cast<T>(r.number(low, high));
  return x;
}
template <class T>
bool same(T a, T b) {
  return a == b || (a != a && b != b);
}

// The error of `got` in units of the last place of the exact result.
template <class T, class Exact>
double ulps(T got, Exact exact) {
  if (static_cast<T>(exact) == got) return 0;
  const T rounded = static_cast<T>(exact);
  const T step = std::max(std::nextafter(std::abs(rounded), infinity<T>) - std::abs(rounded),
                          std::numeric_limits<T>::denorm_min());
  return static_cast<double>(std::abs(static_cast<Exact>(got) - exact) / static_cast<Exact>(step));
}

template <class T>
using exact_type = std::conditional_t<std::is_same_v<T, float>, double, long double>;

// The worst error of f over a range, against exact in the next wider type.
template <class T, class F, class Exact>
double worst_ulps(double low, double high, F f, Exact exact) {
  constexpr int steps = 100000;
  double worst = 0;
  for (int i = 0; i < steps; i += V<T>::lanes) {
    lanes_of<T> x;
    for (int l = 0; l < V<T>::lanes; ++l)
      x[l] = static_cast<T>(low + (high - low) * (i + l) / steps);
    const auto y = lanes<T>(f(V<T>::load(x.data())));
    for (int l = 0; l < V<T>::lanes; ++l) {
      const double error = ulps(y[l], exact(static_cast<exact_type<T>>(x[l])));
      if (!(error <= worst)) worst = error;
    }
  }
  return worst;
}

template <class T>
T first(V<T> v) {
  return lanes<T>(v)[0];
}

}  // namespace

TEST_CASE_TEMPLATE("width and arithmetic", T, float, double) {
  constexpr auto id = isa_under_test::value;
  constexpr int bytes = id == simdnn::isa::id::avx512 ? 64 : id == simdnn::isa::id::avx2 ? 32 : 16;
  static_assert(V<T>::lanes * sizeof(T) == bytes);
  test::random r(1);
  const auto a = random_lanes<T>(r), b = random_lanes<T>(r);
  const V<T> x = V<T>::load(a.data()), y = V<T>::load(b.data());
  V<T> accumulated = x;
  accumulated += y;
  accumulated *= 3;
  for (int l = 0; l < V<T>::lanes; ++l) {
    CHECK(lanes<T>(x + y)[l] == a[l] + b[l]);
    CHECK(lanes<T>(x - y)[l] == a[l] - b[l]);
    CHECK(lanes<T>(x * y)[l] == a[l] * b[l]);
    CHECK(lanes<T>(x / y)[l] == a[l] / b[l]);
    CHECK(lanes<T>(-x)[l] == -a[l]);
    CHECK(lanes<T>(accumulated)[l] == (a[l] + b[l]) * 3);
    CHECK(lanes<T>(simdnn::select(x < y, x, y))[l] == std::min(a[l], b[l]));
    CHECK(lanes<T>(simdnn::abs(x))[l] == std::abs(a[l]));
    CHECK(lanes<T>(simdnn::sqrt(simdnn::abs(x)))[l] == std::sqrt(std::abs(a[l])));
    CHECK(lanes<T>(simdnn::fma(x, y, x))[l] == doctest::Approx(a[l] * b[l] + a[l]));
  }
}

TEST_CASE_TEMPLATE("fma rounds once where the ISA has it", T, float, double) {
  // (1 + e)(1 - e) - 1 = -e * e, which is lost where the product is rounded.
  const T e = std::numeric_limits<T>::epsilon();
  const volatile T above = 1 + e, below = 1 - e;
  const T got = first<T>(V<T>::fma(V<T>(above), V<T>(below), V<T>(-1)));
  if (isa_under_test::value >= simdnn::isa::id::avx2)
    CHECK(got == -e * e);
  else
    CHECK((got == 0 || got == -e * e));
}

TEST_CASE_TEMPLATE("the first n lanes: nothing else is read, written or left over", T, float,
                   double) {
  test::for_each_guard([](test::guard side) {
    for (index_t n = 0; n <= V<T>::lanes; ++n) {
      const test::guarded<T, "x"> memory(simdnn::shape{n}, side), out(simdnn::shape{n}, side);
      for (index_t i = 0; i < n; ++i) memory.data()[i] = static_cast<T>(i + 1);
      const V<T> v = V<T>::load(memory.data(), n);
      const auto x = lanes<T>(v);
      for (index_t i = 0; i < V<T>::lanes; ++i) CHECK(x[i] == (i < n ? static_cast<T>(i + 1) : 0));
      (v + V<T>(1)).store(out.data(), n);
      for (index_t i = 0; i < n; ++i) CHECK(out.data()[i] == static_cast<T>(i + 2));
    }
  });
}

TEST_CASE_TEMPLATE("NaN: min, max and clamp hand it on, comparisons are as in C++", T, float,
                   double) {
  const T values[] = {not_a_number<T>, -infinity<T>, -1, 0, 2, infinity<T>};
  for (const T a : values)
    for (const T b : values) {
      CAPTURE(a);
      CAPTURE(b);
      const V<T> x(a), y(b);
      const bool any = a != a || b != b;
      CHECK(same(first<T>(V<T>::max(x, y)), any ? not_a_number<T> : std::max(a, b)));
      CHECK(same(first<T>(V<T>::min(x, y)), any ? not_a_number<T> : std::min(a, b)));
      CHECK(same(first<T>(simdnn::max(x, y)), simdnn::max(a, b)));
      CHECK(same(first<T>(simdnn::min(x, y)), simdnn::min(a, b)));
      const auto truth = [](typename V<T>::mask m) {
        return first<T>(simdnn::select(m, V<T>(1), V<T>(0))) == 1;
      };
      CHECK(truth(x < y) == (a < b));
      CHECK(truth(x <= y) == (a <= b));
      CHECK(truth(x > y) == (a > b));
      CHECK(truth(x >= y) == (a >= b));
      CHECK(truth(x == y) == (a == b));
      CHECK(truth(x != y) == (a != b));
    }
  for (const T a : values) {
    CHECK(same(first<T>(simdnn::clamp(V<T>(a), V<T>(-1), V<T>(1))), simdnn::clamp(a, T(-1), T(1))));
    CHECK(same(simdnn::clamp(a, T(-1), T(1)), a != a ? a : std::clamp(a, T(-1), T(1))));
  }
}

TEST_CASE_TEMPLATE("reductions", T, float, double) {
  test::random r(2);
  auto a = random_lanes<T>(r);
  double sum = 0;
  T largest = a[0];
  for (const T e : a) {
    sum += static_cast<double>(e);
    largest = std::max(largest, e);
  }
  CHECK(static_cast<double>(V<T>::load(a.data()).reduce_add()) ==
        doctest::Approx(sum).epsilon(1e-6));
  CHECK(V<T>::load(a.data()).reduce_max() == largest);
  for (int l = 0; l < V<T>::lanes; ++l) {
    auto with_nan = a;
    with_nan[l] = not_a_number<T>;
    CHECK(std::isnan(V<T>::load(with_nan.data()).reduce_max()));
    auto with_large = a;
    with_large[l] = 9;
    CHECK(V<T>::load(with_large.data()).reduce_max() == 9);
  }
}

TEST_CASE_TEMPLATE("reduce_add of as many vectors as lanes: each sum in its vector's place", T,
                   float, double) {
  constexpr int lanes = V<T>::lanes;
  V<T> rows[lanes];
  T wanted[lanes], sums[lanes];
  for (int i = 0; i < lanes; ++i) {
    T row[lanes];
    wanted[i] = 0;
    for (int l = 0; l < lanes; ++l)
      wanted[i] += row[l] = static_cast<T>(100 * i + (l + 1) * (l + i));
    rows[i] = V<T>::load(row);
  }
  V<T>::reduce_add(rows).store(sums);
  for (int i = 0; i < lanes; ++i) CHECK(sums[i] == wanted[i]);
}

TEST_CASE_TEMPLATE("elementary functions are exact to two units of the last place", T, float,
                   double) {
  const double exp_range = std::is_same_v<T, float> ? 87 : 708;
  CHECK(worst_ulps<T>(
            -exp_range, exp_range, [](V<T> x) { return simdnn::exp(x); },
            [](auto x) { return std::exp(x); }) < 2);
  CHECK(worst_ulps<T>(
            -1, 1, [](V<T> x) { return simdnn::exp(x); }, [](auto x) { return std::exp(x); }) < 2);
  CHECK(worst_ulps<T>(
            -10, 10, [](V<T> x) { return simdnn::tanh(x); }, [](auto x) { return std::tanh(x); }) <
        2);
  CHECK(worst_ulps<T>(
            -1, 1, [](V<T> x) { return simdnn::tanh(x); }, [](auto x) { return std::tanh(x); }) <
        2);
  CHECK(worst_ulps<T>(
            1e-6, 10, [](V<T> x) { return simdnn::log(x); }, [](auto x) { return std::log(x); }) <
        2);
  CHECK(worst_ulps<T>(
            -20, 20, [](V<T> x) { return simdnn::expm1(x); },
            [](auto x) { return std::expm1(x); }) < 2);
  CHECK(worst_ulps<T>(
            -0.1, 0.1, [](V<T> x) { return simdnn::expm1(x); },
            [](auto x) { return std::expm1(x); }) < 2);
}

TEST_CASE_TEMPLATE("elementary functions at the edges", T, float, double) {
  const auto at = [](auto f, T x) { return first<T>(f(V<T>(x))); };
  const auto exp = [](V<T> x) { return simdnn::exp(x); };
  const auto expm1 = [](V<T> x) { return simdnn::expm1(x); };
  const auto tanh = [](V<T> x) { return simdnn::tanh(x); };
  const auto log = [](V<T> x) { return simdnn::log(x); };
  CHECK(at(exp, 0) == 1);
  CHECK(at(exp, -infinity<T>) == 0);
  CHECK(at(exp, infinity<T>) == infinity<T>);
  CHECK(at(exp, std::numeric_limits<T>::max()) == infinity<T>);
  CHECK(at(exp, std::numeric_limits<T>::lowest()) == 0);
  CHECK(at(expm1, 0) == 0);
  CHECK(at(expm1, -infinity<T>) == -1);
  CHECK(at(expm1, -1000) == -1);
  CHECK(at(tanh, 0) == 0);
  CHECK(at(tanh, infinity<T>) == 1);
  CHECK(at(tanh, -infinity<T>) == -1);
  CHECK(at(tanh, 1000) == 1);
  CHECK(at(log, 1) == 0);
  CHECK(at(log, 0) == -infinity<T>);
  CHECK(std::isnan(at(log, -1)));
  CHECK(std::isnan(at(exp, not_a_number<T>)));
  CHECK(std::isnan(at(expm1, not_a_number<T>)));
  CHECK(std::isnan(at(tanh, not_a_number<T>)));
  CHECK(std::isnan(at(log, not_a_number<T>)));
}

TEST_CASE("one lambda serves vectors and numbers") {
  const auto f = [](auto x) { return simdnn::select(x < 0, simdnn::exp(x), simdnn::max(x, 1)); };
  const auto g = [](auto x) { return simdnn::fma(x, 2, simdnn::clamp(x, -1, 1)); };
  for (const float x : {-3.f, 0.5f, 4.f}) {
    CHECK(first<float>(f(V<float>(x))) == doctest::Approx(f(static_cast<double>(x))));
    CHECK(first<float>(g(V<float>(x))) == doctest::Approx(g(static_cast<double>(x))));
  }
  static_assert(is_vec<V<float>> && !is_vec<float>);
}
