// Dot products with k along the lanes, for matrix products of few columns: MR rows of a with N
// columns of b, as many sums as a vector has lanes. The lanes of all sums are added up together,
// into one vector. Called by gemm.
#pragma once

#include <algorithm>
#include <simdnn/base/types.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/microkernel/steps.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::microkernel {

/// Number of rows of a in a tile of N columns.
template <class T, class Isa, int N>
inline constexpr int dot_rows = vec<T, Isa>::lanes / N;

namespace detail {

template <class V, int N>
struct dot_steps : common_steps<V> {
  using common_steps<V>::multiply_row;

  template <class T>
  static SIMDNN_INLINE V load(const T* p, index_t lanes) {
    return lanes == V::lanes ? V::load(p) : V::load(p, lanes);
  }
  template <int... I, class T>
  static SIMDNN_INLINE void load_b(V* bv, const T* b, index_t b_column, index_t lanes,
                                   std::integer_sequence<int, I...>) {
    ((bv[I] = load(b + I * b_column, lanes)), ...);
  }
  // Multiplies one vector of values of k. Rows after `last` are replaced by row `last`.
  template <int... M, class T>
  static SIMDNN_INLINE void multiply(V* acc, const T* a, index_t a_row, index_t last, const T* b,
                                     index_t b_column, index_t lanes,
                                     std::integer_sequence<int, M...>) {
    constexpr auto columns = std::make_integer_sequence<int, N>{};
    c_array<V, N> bv;  // (N)
    load_b(bv, b, b_column, lanes, columns);
    (multiply_row(acc + M * N, load(a + std::min<index_t>(M, last) * a_row, lanes), bv, columns),
     ...);
  }
};

}  // namespace detail

/// Returns the dot products of `rows` <= dot_rows rows; lane m * N + n is that of row m and column
/// n. Rows of a and columns of b have `depth` contiguous elements.
template <class T, class Isa, int N>
SIMDNN_INLINE vec<T, Isa> dots(const T* a, index_t a_row, index_t rows, const T* b,
                               index_t b_column, index_t depth) {
  using V = vec<T, Isa>;
  using step = detail::dot_steps<V, N>;
  constexpr auto all = std::make_integer_sequence<int, dot_rows<T, Isa, N>>{};
  V acc[V::lanes];  // (MR,N)
  for (V& x : acc) x = V(0);
  index_t k = 0;
  for (; k + V::lanes <= depth; k += V::lanes)
    step::multiply(acc, a + k, a_row, rows - 1, b + k, b_column, V::lanes, all);
  if (k < depth) step::multiply(acc, a + k, a_row, rows - 1, b + k, b_column, depth - k, all);
  return V::reduce_add(acc);
}

}  // namespace simdnn::inline SIMDNN_ABI::microkernel
