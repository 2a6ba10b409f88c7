// Whole and partial vectors: the loop over a row of contiguous elements.
//
//     for_each_vector<V>(n, [&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
//       f(V::load(src + at, lanes)).store(dst + at, lanes);
//     });
//
// The body is compiled twice: `lanes` is V::all_lanes, for which loads and stores have no mask, and
// then, for the elements that are left, their number.
#pragma once

#include <simdnn/base/fixed_array.hpp>
#include <simdnn/base/unroll.hpp>
#include <simdnn/isa/vec.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// f(offset, lanes) for all vectors of `count` elements, the partial one last.
template <class V, class F>
SIMDNN_INLINE void for_each_vector(index_t count, F f) {
  index_t at = 0;
  for (; at + V::lanes <= count; at += V::lanes) f(at, typename V::all_lanes{});
  if (at < count) f(at, count - at);
}

/// f(offset, lanes, int_constant<n>) for n vectors from `offset` on, which share one call: N whole
/// ones at a time, then one at a time.
template <class V, int N, class F>
SIMDNN_INLINE void for_each_vectors(index_t count, F f) {
  index_t at = 0;
  for (; at + N * V::lanes <= count; at += N * V::lanes)
    f(at, typename V::all_lanes{}, int_constant<N>{});
  for (; at + V::lanes <= count; at += V::lanes) f(at, typename V::all_lanes{}, int_constant<1>{});
  if (at < count) f(at, count - at, int_constant<1>{});
}

/// v in the first lanes, `rest` in the others: what sums and maxima over lanes need of a partial
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
