// Copies operands into the orders that tiles read, on raw pointers and in the calling thread.
// Called by gemm and the convolutions.
#pragma once

#include <algorithm>
#include <simdnn/isa/vec.hpp>
#include <simdnn/microkernel/gemm/tiled.hpp>

namespace simdnn::inline SIMDNN_ABI::microkernel {

/// Copies n elements, which are `stride` apart, to contiguous memory.
template <class T>
SIMDNN_INLINE void copy_strided(const T* src, index_t stride, T* dst, index_t n) {
  if (stride == 1)
    std::copy_n(src, n, dst);
  else
    for (index_t i = 0; i < n; ++i) dst[i] = src[i * stride];
}

/// Packs one panel of b: k rows of NR columns. The first n columns come from b, in which b[k][n] is
/// at k * k_stride + n * n_stride; the others are zeros.
template <class T, class Isa>
void pack_panel(const T* b, index_t k_stride, index_t n_stride, index_t k, index_t n, T* panel) {
  constexpr index_t NR = columns<T, Isa>;
  if (n < NR) std::fill_n(panel, k * NR, T(0));
  if (n_stride == 1) {
    for (index_t i = 0; i < k; ++i) std::copy_n(b + i * k_stride, n, panel + i * NR);
    return;
  }
  // Whole cache lines of b are read: 16 values of k of every column before the next 16.
  for (index_t i0 = 0; i0 < k; i0 += 16)
    for (index_t j = 0; j < n; ++j)
      for (index_t i = i0; i < std::min(i0 + 16, k); ++i)
        panel[i * NR + j] = b[i * k_stride + j * n_stride];
}

}  // namespace simdnn::inline SIMDNN_ABI::microkernel
