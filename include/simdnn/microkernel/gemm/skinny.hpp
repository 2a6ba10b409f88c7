// The tile for products of a few rows, which read b from memory once: MR rows of sums over all k,
//     sums[m][n] = sum over k of a[k][m] * b[k][n],
// where b is one packed panel. Four segments of k are processed at once, because one stream does
// not use the full memory bandwidth (tuning<T, Isa>::skinny_prefetch has the measurement; a plain
// sum reads 14.2 GB/s). Called by gemm.
#pragma once

#include <algorithm>
#include <array>
#include <simdnn/base/types.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/microkernel/steps.hpp>
#include <simdnn/microkernel/tuning/tuning.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::microkernel {

namespace detail {

// NV vectors of each row; rows of b and of the sums have NR columns.
template <class V, int MR, int NV, int NR>
struct skinny_steps : common_steps<V> {
  using common_steps<V>::load_b, common_steps<V>::multiply_row;
  template <int... I, class T>
  static SIMDNN_INLINE void load_add(V* acc, const T* c, std::integer_sequence<int, I...>) {
    ((acc[I] += V::load(c + I / NV * NR + I % NV * V::lanes)), ...);
  }
  template <int... I, class T>
  static SIMDNN_INLINE void store(const V* acc, T* c, std::integer_sequence<int, I...>) {
    (acc[I].store(c + I / NV * NR + I % NV * V::lanes), ...);
  }
  // One value of k.
  template <int... M, class T>
  static SIMDNN_INLINE void multiply(V* acc, const T* a, const T* b,
                                     std::integer_sequence<int, M...>) {
    constexpr auto columns = std::make_integer_sequence<int, NV>{};
    c_array<V, NV> bv;  // (NV)
    load_b(bv, b, columns);
    (multiply_row(acc + M * NV, V(a[M]), bv, columns), ...);
  }
  template <class T>
  static SIMDNN_INLINE void prefetch(const T* b) {
    constexpr int line = 64 / sizeof(T),
                  distance = tuning<T, typename V::isa_type>::skinny_prefetch / sizeof(T);
    for (int i = 0; i < NV * V::lanes; i += line) __builtin_prefetch(b + distance + i);
  }
};

// Computes NV vectors of each row of sums over `length` values of k in each of four segments, which
// begin `segment` values apart, and over `rest` more values after the last. With `accumulate` they
// are added to sums.
template <class T, class Isa, int MR, int NV>
SIMDNN_INLINE void add_segments(const T* a, const T* b, index_t segment, index_t length,
                                index_t rest, T* sums, bool accumulate) {
  using V = vec<T, Isa>;
  constexpr int NR = tuning<T, Isa>::NV * V::lanes;
  using step = skinny_steps<V, MR, NV, NR>;
  // Number of segments with their own accumulators, to hide the FMA's latency in small tiles.
  constexpr int chains = MR == 1 ? 4 : MR * NV * 2 <= tuning<T, Isa>::MR * NV ? 2 : 1;
  constexpr int chain = MR * NV;
  constexpr auto all = std::make_integer_sequence<int, chain>{};
  constexpr auto rows = std::make_integer_sequence<int, MR>{};
  c_array<V, chains * chain> acc;  // (chains,MR,NV)
  step::zero(acc, std::make_integer_sequence<int, chains * chain>{});

  const T* SIMDNN_RESTRICT b0 = b;  // (k,NV), and so are b1, b2 and b3
  const T *b1 = b0 + segment * NR, *b2 = b1 + segment * NR, *b3 = b2 + segment * NR;
  const T* a0 = a;  // (k,MR)
  const T *a1 = a0 + segment * MR, *a2 = a1 + segment * MR, *a3 = a2 + segment * MR;
  if (length > 0) {
    index_t k = length;
    do {
      step::prefetch(b0), step::prefetch(b1), step::prefetch(b2), step::prefetch(b3);
      step::multiply(acc, a0, b0, rows);
      step::multiply(acc + 1 % chains * chain, a1, b1, rows);
      step::multiply(acc + 2 % chains * chain, a2, b2, rows);
      step::multiply(acc + 3 % chains * chain, a3, b3, rows);
      a0 += MR, a1 += MR, a2 += MR, a3 += MR;
      b0 += NR, b1 += NR, b2 += NR, b3 += NR;
    } while (--k != 0);
  }
  for (; rest > 0; --rest) {
    step::multiply(acc, a3, b3, rows);
    a3 += MR, b3 += NR;
  }
  if constexpr (chains == 4) {
    step::add(acc, acc + 2 * chain, all);
    step::add(acc + chain, acc + 3 * chain, all);
  }
  if constexpr (chains > 1) step::add(acc, acc + chain, all);
  if (accumulate) step::load_add(acc, sums, all);
  step::store(acc, sums, all);
}

template <class T, class Isa>
inline constexpr bool vectors_are_lines = sizeof(vec<T, Isa>) == 64;

}  // namespace detail

/// The greatest number of rows of a tile. If a vector is a whole cache line, a tile may have twice
/// as many rows as there are accumulators for: it then computes one vector of columns after the
/// other.
template <class T, class Isa>
inline constexpr int skinny_rows = tuning<T, Isa>::MR * (detail::vectors_are_lines<T, Isa> ? 2 : 1);

/// a: [k][MR]. b: [k][NR]. sums: [MR][NR]. depth >= 1.
template <class T, class Isa, int MR>
SIMDNN_NOINLINE void run_skinny(const T* a, const T* b, index_t depth, T* sums) {
  constexpr int NV = tuning<T, Isa>::NV, lanes = vec<T, Isa>::lanes, NR = NV * lanes;
  const index_t segment = depth / 4, rest = depth % 4;
  if constexpr (MR <= tuning<T, Isa>::MR) {
    detail::add_segments<T, Isa, MR, NV>(a, b, segment, segment, rest, sums, false);
  } else {
    constexpr index_t block = tuning<T, Isa>::skinny_block;  // values of k of each segment
    index_t k = 0;
    do {
      const index_t length = std::min(block, segment - k),
                    behind = k + length == segment ? rest : 0;
      for (int n = 0; n < NV; ++n)
        detail::add_segments<T, Isa, MR, 1>(a + k * MR, b + k * NR + n * lanes, segment, length,
                                            behind, sums + n * lanes, k > 0);
      k += block;
    } while (k < segment);
  }
}

/// The tiles of 1 to skinny_rows rows.
template <class T, class Isa>
struct skinny_tiles {
  using function = void (*)(const T* a, const T* b, index_t depth, T* sums);
  using table_type = std::array<function, skinny_rows<T, Isa>>;
  static const table_type table;  ///< [rows - 1]

 private:
  static constexpr auto all = []<int... M>(std::integer_sequence<int, M...>) {
    return table_type{&run_skinny<T, Isa, M + 1>...};
  };
};
template <class T, class Isa>
constinit const typename skinny_tiles<T, Isa>::table_type skinny_tiles<T, Isa>::table =
    all(std::make_integer_sequence<int, skinny_rows<T, Isa>>{});

}  // namespace simdnn::inline SIMDNN_ABI::microkernel
