#include <doctest/doctest.h>
#include <xmmintrin.h>

#include <bit>
#include <cfloat>
#include <simdnn/isa/exp.hpp>
#include <string>

using simdnn::vec;
using isa_under_test = simdnn::isa::native;

namespace {

template <class T>
using V = vec<T, isa_under_test>;
template <class T>
using bits_of = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
// std::exp's result in it is exact to far less than a unit of T's last place.
template <class T>
using wider = std::conditional_t<sizeof(T) == 4, double, long double>;

// exp of lane 0, where the other lanes hold other numbers.
template <class T>
T exp_of(T x) {
  T lanes[V<T>::lanes];
  for (int i = 0; i < V<T>::lanes; ++i) lanes[i] = i == 0 ? x : static_cast<T>(i);
  simdnn::exp(V<T>::load(lanes)).store(lanes);
  return lanes[0];
}

// The distance from the exact result in units of its last place, for denormal ones too.
template <class T>
double ulps(T x) {
  const T got = exp_of(x);
  const wider<T> exact = std::exp(static_cast<wider<T>>(x));
  const T nearest = static_cast<T>(exact);
  if (got == nearest) return 0;
  if (!std::isfinite(got) || !std::isfinite(nearest)) {
    // Next to the overflow both are right.
    const T other = std::isfinite(got) ? got : nearest;
    return other == std::numeric_limits<T>::max() ? 1 : DBL_MAX;
  }
  const T step = std::nextafter(nearest, std::numeric_limits<T>::infinity()) - nearest;
  return static_cast<double>(std::abs(static_cast<wider<T>>(got) - exact) / step);
}

// The worst of every `step`-th T from 0 to the end of the range, which may be below 0.
template <class T>
double worst_ulps(T end, bits_of<T> step) {
  double worst = 0;
  const auto last = std::bit_cast<bits_of<T>>(end);
  for (auto bits = std::bit_cast<bits_of<T>>(std::copysign(T(0), end)); bits < last; bits += step)
    worst = std::max(worst, ulps(std::bit_cast<T>(bits)));
  return worst;
}

}  // namespace

TEST_CASE("exp of float: every 257th number from -110 to 95") {
  CHECK(worst_ulps<float>(95, 257) < 2);
  CHECK(worst_ulps<float>(-110, 257) < 2);
}

TEST_CASE("exp of double: small numbers, and the range in steps") {
  CHECK(worst_ulps<double>(720, 0x3fffffffffff) < 2);
  CHECK(worst_ulps<double>(-760, 0x3fffffffffff) < 2);
  double worst = 0;
  for (double x = -750; x < 715; x += 0.00371) worst = std::max(worst, ulps(x));
  CHECK(worst < 2);
}

TEST_CASE_TEMPLATE("exp at the edges", T, float, double) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  constexpr bool single = sizeof(T) == 4;
  CHECK(exp_of(T(0)) == 1);
  CHECK(exp_of(-T(0)) == 1);
  CHECK(exp_of(std::numeric_limits<T>::denorm_min()) == 1);
  CHECK(exp_of(infinity) == infinity);
  CHECK(exp_of(-infinity) == 0);
  CHECK(exp_of(std::numeric_limits<T>::max()) == infinity);
  CHECK(exp_of(std::numeric_limits<T>::lowest()) == 0);
  CHECK(std::isnan(exp_of(std::numeric_limits<T>::quiet_NaN())));
  CHECK(std::isnan(exp_of(-std::numeric_limits<T>::quiet_NaN())));
  // The last numbers with finite and with denormal results.
  CHECK(ulps(static_cast<T>(single ? 88.5 : 709.7)) < 2);
  CHECK(ulps(static_cast<T>(single ? 88.7228 : 709.7827)) < 2);
  CHECK(exp_of(static_cast<T>(single ? 88.73 : 709.79)) == infinity);
  CHECK(ulps(static_cast<T>(single ? -100 : -740)) < 2);
  CHECK(exp_of(static_cast<T>(single ? -103.9 : -745)) == std::numeric_limits<T>::denorm_min());
  CHECK(exp_of(static_cast<T>(single ? -104 : -745.2)) == 0);
}

TEST_CASE_TEMPLATE("with denormals flushed to zero normal results are as before", T, float,
                   double) {
  const double low = sizeof(T) == 4 ? -87.3 : -708.3, high = sizeof(T) == 4 ? 88.7 : 709.7;
  const unsigned mode = _mm_getcsr();
  const auto results = [&](unsigned flags) {
    std::string bytes;
    _mm_setcsr(mode | flags);
    for (double x = low; x < high; x += 0.37) {
      const T y = exp_of(static_cast<T>(x));
      bytes.append(reinterpret_cast<const char*>(&y), sizeof y);
    }
    _mm_setcsr(mode);
    return bytes;
  };
  CHECK(results(0x8040) == results(0));
  _mm_setcsr(mode | 0x8040);
  const T denormal = exp_of(static_cast<T>(low - 5));
  _mm_setcsr(mode);
  CHECK(denormal == 0);
}
