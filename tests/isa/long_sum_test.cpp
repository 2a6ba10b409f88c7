#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <simdnn/isa/long_sum.hpp>

using simdnn::index_t;
using simdnn::long_sum;
using simdnn::plain_sum;
using simdnn::vec;

namespace {

template <class T>
using V = vec<T, simdnn::isa::native>;
template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T nan = std::numeric_limits<T>::quiet_NaN();

template <class T>
T first(V<T> v) {
  T x[V<T>::lanes];
  v.store(x);
  return x[0];
}
template <class T>
T first(T x) {
  return x;
}

// The sum of term(0) .. term(n - 1) in lane 0.
template <class Sum, class X, class Term>
auto sum_of(index_t n, Term term) {
  Sum sum;
  for (index_t i = 0; i < n; ++i) sum.add([&](auto, X a) { return a + X(term(i)); });
  return first(sum.total());
}

template <class T, class X>
void check() {
  using sum = long_sum<X>;
  const T epsilon = std::numeric_limits<T>::epsilon();
  // Constants are the worst case: every rounding of a chain goes in one direction.
  for (const index_t n : {0, 1, 15, 16, 17, 1000, 1 << 20}) {
    CAPTURE(n);
    const T got = sum_of<sum, X>(n, [](index_t) { return T(0.1); });
    const double exact = static_cast<double>(n) * static_cast<double>(T(0.1));
    CHECK(std::abs(static_cast<double>(got) - exact) <= 4 * static_cast<double>(epsilon) * exact);
  }
  // A large term first: a plain sum loses all the others, this one those of its chain.
  const auto after_large = [&](index_t i) { return i == 0 ? 1 / epsilon : T(0.25); };
  CHECK(std::abs(sum_of<sum, X>(1 + (1 << 16), after_large) - (1 / epsilon + (1 << 14))) <= 4);
  CHECK(sum_of<plain_sum<X>, X>(1 + (1 << 16), after_large) == 1 / epsilon);

  // Wherever in the chain.
  for (const index_t at : {0, 5, 15, 16, 99}) {
    CAPTURE(at);
    const auto with = [&](T special, T other) {
      return sum_of<sum, X>(100, [&](index_t i) { return i == at ? special : other; });
    };
    CHECK(with(infinity<T>, 1) == infinity<T>);
    CHECK(with(-infinity<T>, 1) == -infinity<T>);
    CHECK(with(infinity<T>, infinity<T>) == infinity<T>);
    CHECK(std::isnan(with(infinity<T>, -infinity<T>)));
    CHECK(std::isnan(with(nan<T>, 1)));
    CHECK(std::isnan(with(nan<T>, infinity<T>)));
  }
  const T max = std::numeric_limits<T>::max();
  CHECK(sum_of<sum, X>(100, [&](index_t) { return max; }) == infinity<T>);
  CHECK(sum_of<sum, X>(100, [&](index_t) { return -max; }) == -infinity<T>);
}

}  // namespace

TEST_CASE_TEMPLATE("the error does not grow with the number of terms; infinities stay", T, float,
                   double) {
  check<T, T>();
  check<T, V<T>>();
}

TEST_CASE("sums side by side; a term may be a product") {
  long_sum<float, 3> sums;
  plain_sum<float, 3> plain;
  for (index_t i = 0; i < 20; ++i) {
    const auto next = [&](auto v, float a) { return a + static_cast<float>(i * v); };
    sums.add(next);
    plain.add(next);
  }
  for (int v = 0; v < 3; ++v) {
    CHECK(sums.total(v) == static_cast<float>(190 * v));
    CHECK(plain.total(v) == sums.total(v));
  }
  long_sum<V<float>> dot;
  for (index_t i = 0; i < 100; ++i)
    dot.add([&](auto, V<float> a) { return V<float>::fma(V<float>(2), V<float>(3), a); });
  CHECK(first(dot.total()) == 600);
}
