// Loops over a row of contiguous elements, in whole vectors and a partial one at the end.
//
//     for_each_vector<V>(n, [&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
//       f(V::load(src + at, lanes)).store(dst + at, lanes);
//     });
//
// The body is compiled twice: for whole vectors `lanes` is V::all_lanes, for which loads and stores
// have no mask; for the partial vector it is the number of elements left.
#pragma once

#include <simdnn/base/fixed_array.hpp>
#include <simdnn/base/unroll.hpp>
#include <simdnn/isa/vec.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// Calls f(offset, lanes) for all vectors of `count` elements, the partial one last.
template <class V, class F>
SIMDNN_INLINE void for_each_vector(index_t count, F f) {
  index_t at = 0;
  for (; at + V::lanes <= count; at += V::lanes) f(at, typename V::all_lanes{});
  if (at < count) f(at, count - at);
}

/// Calls f(offset, lanes, int_constant<n>{}) for groups of n vectors from `offset` on: N whole
/// vectors per call, then one per call.
template <class V, int N, class F>
SIMDNN_INLINE void for_each_vectors(index_t count, F f) {
  index_t at = 0;
  for (; at + N * V::lanes <= count; at += N * V::lanes)
    f(at, typename V::all_lanes{}, int_constant<N>{});
  for (; at + V::lanes <= count; at += V::lanes) f(at, typename V::all_lanes{}, int_constant<1>{});
  if (at < count) f(at, count - at, int_constant<1>{});
}

/// v in the first lanes, `rest` in the others. For sums and maxima over the lanes of a partial
/// vector, whose other lanes are loaded as 0.
template <class V>
SIMDNN_INLINE V with_rest(V v, typename V::all_lanes, typename V::value_type) {
  return v;
}
template <class V>
SIMDNN_INLINE V with_rest(V v, index_t lanes, typename V::value_type rest) {
  using T = typename V::value_type;
  static constexpr auto numbers = [] {
    fixed_array<T, V::lanes> x{};
    for (int i = 0; i < V::lanes; ++i) x[i] = static_cast<T>(i);
    return x;
  }();
  return select(V::load(numbers.data()) < V(static_cast<T>(lanes)), v, V(rest));
}

}  // namespace simdnn::inline SIMDNN_ABI
