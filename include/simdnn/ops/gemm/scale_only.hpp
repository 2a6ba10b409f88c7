// The product if k or alpha is 0, so that nothing is multiplied: c = post_ops(beta * c).
#pragma once

#include <algorithm>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/ops/gemm/matrix.hpp>
#include <simdnn/ops/gemm/problem.hpp>

namespace simdnn::inline SIMDNN_ABI::gemm {

/// c's columns are contiguous.
template <class T, class Isa>
void scale_only(const gemm_problem& p, matrix<T> c, const epilogue::fused<T>& post) {
  using V = vec<T, Isa>;
  T piece[64];  // a buffer, because the post-op may read c
  for (index_t m = 0; m < p.m; ++m)
    for (index_t n0 = 0; n0 < p.n; n0 += 64) {
      const index_t n = std::min<index_t>(64, p.n - n0);
      T* const row = c.at(m, n0);
      for (index_t j = 0; j < n; ++j)
        piece[j] = p.beta == 0 ? T(0) : static_cast<T>(p.beta) * row[j];
      post.template store<V>({piece, 0, row, 0, 1, n, V::lanes}, n0, m * c.row_stride + n0);
    }
}

}  // namespace simdnn::inline SIMDNN_ABI::gemm
