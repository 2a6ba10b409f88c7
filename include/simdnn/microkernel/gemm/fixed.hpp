// The unpacked tile (unpacked.hpp) for sizes and strides known at compile time: short loops are
// unrolled, there are no checks, and every address is a constant offset from a pointer into a, b or
// c. Called by fixed_gemm.
#pragma once

#include <simdnn/base/unroll.hpp>
#include <simdnn/microkernel/gemm/unpacked.hpp>

namespace simdnn::inline SIMDNN_ABI::microkernel {

/// Sizes and strides in elements: a[m][k] is at a + m * a_row + k * a_column, rows of b and c are
/// b_row and c_row apart, depth is the number of values of k.
struct fixed_sizes {
  index_t a_row, a_column, b_row, c_row;
  int depth, columns;
};

/// c[m][n] = post_op(alpha * (sum over k of a[m][k] * b[k][n]) + beta * c[m][n]) for MR rows.
/// `post` is called with channels and offsets counted from c: see at() in epilogue/standard.hpp.
template <class T, class Isa, int MR, fixed_sizes S, class PostOp>
SIMDNN_INLINE void multiply_fixed(const T* a, const T* b, T* c, T alpha, T beta,
                                  const PostOp& post) {
  using V = vec<T, Isa>;
  constexpr int NV = (S.columns + V::lanes - 1) / V::lanes;
  using step = detail::unpacked_steps<V, NV, (S.columns < V::lanes)>;
  constexpr auto all = std::make_integer_sequence<int, MR * NV>{};
  constexpr auto rows = std::make_integer_sequence<int, MR>{};
  constexpr auto pointers = std::make_integer_sequence<int, (MR + 2) / 3>{};
  constexpr typename step::span s{S.columns};
  // Number of values of k in one unrolled round of the loop: all of them, or as many as take at
  // most fixed_products multiplications of vectors.
  constexpr int most = tuning<T, Isa>::fixed_products / (MR * NV),
                unrolled = S.depth < most ? S.depth : most;

  c_array<V, MR * NV> acc;  // (MR,NV)
  step::zero(acc, all);
  c_array<const T*, (MR + 2) / 3> row;
  step::start_rows(row, a, S.a_row, pointers);
  const auto multiply = [&](auto k) SIMDNN_INLINE_LAMBDA {
    step::multiply(acc, row, k * S.a_column, S.a_row, b + k * S.b_row, s, rows);
  };
  for (int k = 0; k + unrolled <= S.depth; k += unrolled) {
    unroll<unrolled>(multiply);
    step::advance_rows(row, unrolled * S.a_column, pointers);
    b += unrolled * S.b_row;
  }
  unroll<S.depth % unrolled>(multiply);

  if (alpha != 1) step::scale(acc, alpha, all);
  if (beta != 0) step::add_scaled(acc, beta, c, S.c_row, s, all);
  if constexpr (std::is_same_v<PostOp, epilogue::standard<T>>)
    step::finish(acc, post, post.sum, S.c_row, s, all);
  else
    step::apply(acc, post, S.c_row, s, all);
  step::store(acc, c, S.c_row, s, all);
}

}  // namespace simdnn::inline SIMDNN_ABI::microkernel
