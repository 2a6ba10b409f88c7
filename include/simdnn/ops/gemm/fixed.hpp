// gemm of a problem known at compile time: the compiler emits that product and nothing else.
//
//     fixed_gemm<float, gemm_problem{.m = 8, .n = 8, .k = 8}>(a, b, c);
//     fixed_gemm<float, p>(a, b, c, post::bias(bias) | post::relu());
#pragma once

#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/microkernel/gemm/fixed.hpp>
#include <simdnn/ops/gemm/matrix.hpp>
#include <simdnn/ops/gemm/problem.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace gemm {

// Calls f.template operator()<begin, size>() for each part if Size is cut into the fewest parts of
// at most Most, of nearly equal size.
template <int Size, int Most, class F>
SIMDNN_INLINE void for_each_part(F&& f) {
  constexpr int parts = (Size + Most - 1) / Most, least = Size / parts, larger = Size % parts;
  unroll<parts>([&](auto i) SIMDNN_INLINE_LAMBDA {
    constexpr int at = i * least + (i < larger ? int(i) : larger);
    f.template operator()<at, least + (i < larger)>();
  });
}

// Whether one vector of Isa holds a row of this many bytes; a vector that is not full needs a mask.
template <class Isa>
constexpr bool holds_row(index_t bytes) {
  if constexpr (std::is_void_v<Isa>)
    return false;
  else
    return isa_features<Isa>::has_masks ? bytes <= isa_features<Isa>::vector_bytes
                                        : bytes == isa_features<Isa>::vector_bytes;
}
// The ISA with the shortest vectors that hold a row of c, or Isa itself.
template <class T, index_t Columns, class Isa>
constexpr auto fitting_isa() {
  using narrower = typename isa_features<Isa>::narrower;
  if constexpr (holds_row<narrower>(Columns * static_cast<index_t>(sizeof(T))))
    return fitting_isa<T, Columns, narrower>();
  else
    return Isa{};
}

}  // namespace gemm

/// c = post_ops(P.alpha * a * b + P.beta * c), a {m, k}, b {k, n} and c {m, n} without gaps, in
/// layout A, B and "ab". Sizes are at least 1 and should be small, because all loops are unrolled.
/// Only the post-ops' operands are checked. Nothing is allocated. c must not overlap a or b.
template <class T, gemm_problem P, layout A = "ab", layout B = "ab", class Isa = isa::native,
          post_op PostOp = post::none>
SIMDNN_INLINE void fixed_gemm(const T* a, const T* b, T* c, const PostOp& ops = {}) {
  static_assert(
      (A == layout("ab") || A == layout("ba")) && (B == layout("ab") || B == layout("ba")),
      "gemm: a and b have layout \"ab\" (rows) or \"ba\" (columns)");
  static_assert(P.m > 0 && P.n > 0 && P.k > 0, "fixed_gemm: m, n and k are at least 1");
  using F = decltype(gemm::fitting_isa<T, P.n, Isa>());
  constexpr int M = P.m, N = P.n, K = P.k, lanes = vec<T, F>::lanes;
  constexpr index_t a_row = A == layout("ab") ? K : 1, a_column = A == layout("ab") ? 1 : M;
  if constexpr (B == layout("ba") && N > 1) {
    c_array<T, K * N> rows;
    for (int n = 0; n < N; ++n)
      for (int k = 0; k < K; ++k) rows[k * N + n] = b[n * K + k];
    fixed_gemm<T, P, A, "ab", Isa>(a, rows, c, ops);
  } else {
    const auto post = [&] {
      if constexpr (std::is_same_v<PostOp, post::none>)
        return epilogue::standard<T>{};
      else
        return lower(ops, view<T, "ab">(c, P.c_shape()), N, "fixed_gemm");
    }();
    constexpr int vectors = (N + lanes - 1) / lanes;
    gemm::for_each_part<vectors, microkernel::unpacked_vectors<T, Isa>>(
        [&]<int V0, int NV>() SIMDNN_INLINE_LAMBDA {
          constexpr int n = V0 * lanes, columns = NV * lanes < N - n ? NV * lanes : N - n;
          constexpr microkernel::fixed_sizes sizes{a_row, a_column, N, N, K, columns};
          gemm::for_each_part<M, microkernel::unpacked_rows<T, Isa>(NV)>(
              [&]<int M0, int MR>() SIMDNN_INLINE_LAMBDA {
                microkernel::multiply_fixed<T, F, MR, sizes>(
                    a + M0 * a_row, b + n, c + M0 * N + n, static_cast<T>(P.alpha),
                    static_cast<T>(P.beta), post.at(n, M0 * N + n));
              });
        });
  }
}

}  // namespace simdnn::inline SIMDNN_ABI
