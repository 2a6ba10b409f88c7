// Copies into the orders that tiles read, and out of the scratch blocks that partial tiles write.
// Called by gemm and the convolutions, from one thread, on raw pointers.
#pragma once

#include <algorithm>
#include <cstring>
#include <simdnn/isa/vec.hpp>
#include <simdnn/post_ops/kernel.hpp>
#include <simdnn/tile/gemm_tile.hpp>

namespace simdnn::inline SIMDNN_ABI::tile {

/// n elements, stride apart, to consecutive places.
template <class T>
SIMDNN_INLINE void gather(const T* src, index_t stride, T* dst, index_t n) {
  if (stride == 1)
    std::memcpy(dst, src, n * sizeof(T));
  else
    for (index_t i = 0; i < n; ++i) dst[i] = src[i * stride];
}

/// One panel of packed b: k rows of NR columns, of which `n` come from b and the others are zeros.
/// b[k][n] is at k * k_stride + n * n_stride.
template <class T, class Isa>
void pack_panel(const T* b, index_t k_stride, index_t n_stride, index_t k, index_t n, T* panel) {
  constexpr index_t NR = columns<T, Isa>;
  if (n < NR) std::memset(static_cast<void*>(panel), 0, k * NR * sizeof(T));
  if (n_stride == 1) {
    for (index_t i = 0; i < k; ++i) std::memcpy(panel + i * NR, b + i * k_stride, n * sizeof(T));
    return;
  }
  // Lines of b are read whole: 16 values of k of every column before the next 16.
  for (index_t i0 = 0; i0 < k; i0 += 16)
    for (index_t j = 0; j < n; ++j)
      for (index_t i = i0; i < std::min(i0 + 16, k); ++i)
        panel[i * NR + j] = b[i * k_stride + j * n_stride];
}

/// Rows of `columns` results from scratch (row distance `scratch_row`) through the post-op to c.
/// Only what is asked for is read or written, so that a tile's unused columns stay out of c.
template <class T, class Isa, class PostOp>
void flush(const T* scratch, index_t scratch_row, T* c, index_t c_row, index_t rows,
           index_t columns, const PostOp& post) {
  using V = vec<T, Isa>;
  for (index_t m = 0; m < rows; ++m)
    for (index_t n = 0; n < columns; n += V::lanes) {
      const index_t lanes = std::min<index_t>(V::lanes, columns - n), offset = m * c_row + n;
      post(V::load(scratch + m * scratch_row + n, lanes), kernel::where<>{n, offset, lanes})
          .store(c + offset, lanes);
    }
}

}  // namespace simdnn::inline SIMDNN_ABI::tile
