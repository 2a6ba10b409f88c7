#include <doctest/doctest.h>

#include <limits>
#include <simdnn/walk/lanes.hpp>
#include <vector>

#include "support/guarded_memory.hpp"

using namespace simdnn;

namespace {

template <class T>
using V = vec<T, isa::native>;
template <class T>
constexpr index_t W = V<T>::lanes;

template <class Lanes, class T>
constexpr bool whole = std::is_same_v<Lanes, typename V<T>::all_lanes>;

template <class T>
void vectors_cover(index_t count) {
  CAPTURE(count);
  test::for_each_guard([&](test::guard side) {
    test::guarded_memory<T> src(count, side), dst(count, side);
    for (index_t i = 0; i < count; ++i) src.data()[i] = static_cast<T>(i + 1);
    index_t next = 0;
    for_each_vector<V<T>>(count, [&](index_t at, auto lanes) {
      CHECK(at == next);
      CHECK(whole<decltype(lanes), T> == (count - at >= W<T>));
      CHECK(lanes == std::min(count - at, W<T>));
      (V<T>::load(src.data() + at, lanes) + V<T>(1)).store(dst.data() + at, lanes);
      next = at + lanes;
    });
    CHECK(next == count);
    for (index_t i = 0; i < count; ++i) CHECK(dst.data()[i] == static_cast<T>(i + 2));
  });
}

template <class T>
void groups_cover(index_t count) {
  CAPTURE(count);
  index_t next = 0;
  for_each_vectors<V<T>, 3>(count, [&](index_t at, auto lanes, auto vectors) {
    CHECK(at == next);
    CHECK(vectors == (count - at >= 3 * W<T> ? 3 : 1));
    CHECK(whole<decltype(lanes), T> == (count - at >= W<T>));
    next = at + (vectors - 1) * W<T> + lanes;
  });
  CHECK(next == count);
}

template <class T>
void rest_is_replaced() {
  const T nan = std::numeric_limits<T>::quiet_NaN(), infinity = std::numeric_limits<T>::infinity();
  T x[W<T>], y[W<T>];
  for (index_t i = 0; i < W<T>; ++i) x[i] = static_cast<T>(i + 1);
  x[0] = nan;
  for (index_t n = 0; n <= W<T>; ++n) {
    CAPTURE(n);
    with_rest(V<T>::load(x), n, -infinity).store(y);
    for (index_t i = 0; i < W<T>; ++i) {
      CAPTURE(i);
      if (i >= n)
        CHECK(y[i] == -infinity);
      else if (i == 0)
        CHECK(y[i] != y[i]);
      else
        CHECK(y[i] == x[i]);
    }
  }
  with_rest(V<T>::load(x), typename V<T>::all_lanes{}, T(0)).store(y);
  CHECK(y[W<T> - 1] == x[W<T> - 1]);
}

}  // namespace

TEST_CASE("vectors cover a row once, the last one partial, and touch nothing else") {
  for (index_t count = 0; count <= 2 * W<float> + 1; ++count) vectors_cover<float>(count);
  for (index_t count = 0; count <= 2 * W<double> + 1; ++count) vectors_cover<double>(count);
}

TEST_CASE("groups of vectors, then single ones") {
  for (index_t count = 0; count <= 8 * W<float>; ++count) groups_cover<float>(count);
  for (index_t count = 0; count <= 8 * W<double>; ++count) groups_cover<double>(count);
}

TEST_CASE("with_rest replaces the lanes after the first") {
  rest_is_replaced<float>();
  rest_is_replaced<double>();
}
