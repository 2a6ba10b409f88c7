// The tile for products of a few rows, which read b from memory once: MR rows of sums over all of k,
//     sums[m][n] = sum over k of a[k][m] * b[k][n],
// b one packed panel. k runs in four segments at once, because one stream does not take what the memory
// gives: AVX-512, one thread, 25088 values of k, GB/s of b with one stream and with four and prefetch: 11.7
// and 15.4 for 1 row, 9.0 and 13.4 for 8 (a sum alone: 14.2; gcc 12, Sapphire Rapids). Called by gemm.
#pragma once

#include <array>
#include <simdnn/base/types.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/tile/blocking/blocking.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::tile {

namespace detail {

template <class V, int MR, int NV>
struct skinny_steps {
  static constexpr int NR = NV * V::lanes;

  template <int... I>
  static SIMDNN_INLINE void zero(V* acc, std::integer_sequence<int, I...>) {
    ((acc[I] = V(0)), ...);
  }
  template <int... I>
  static SIMDNN_INLINE void add(V* acc, const V* other, std::integer_sequence<int, I...>) {
    ((acc[I] += other[I]), ...);
  }
  template <int... I, class T>
  static SIMDNN_INLINE void store(const V* acc, T* c, std::integer_sequence<int, I...>) {
    (acc[I].store(c + I * V::lanes), ...);
  }
  template <int... N, class T>
  static SIMDNN_INLINE void load_b(V* bv, const T* b, std::integer_sequence<int, N...>) {
    ((bv[N] = V::load(b + N * V::lanes)), ...);
  }
  template <int... N>
  static SIMDNN_INLINE void multiply_row(V* acc, V a, const V* bv, std::integer_sequence<int, N...>) {
    ((acc[N] = V::fma(a, bv[N], acc[N])), ...);
  }
  // One value of k.
  template <int... M, class T>
  static SIMDNN_INLINE void multiply(V* acc, const T* a, const T* b, std::integer_sequence<int, M...>) {
    constexpr auto columns = std::make_integer_sequence<int, NV>{};
    V bv[NV];  // (NV)
    load_b(bv, b, columns);
    (multiply_row(acc + M * NV, V(a[M]), bv, columns), ...);
  }
  template <class T>
  static SIMDNN_INLINE void prefetch(const T* b) {
    constexpr int line = 64 / sizeof(T), ahead = 1024 / sizeof(T);
    for (int i = 0; i < NR; i += line) __builtin_prefetch(b + ahead + i);
  }
};

}  // namespace detail

/// a: [k][MR]. b: [k][NR]. sums: [MR][NR], 64-byte aligned. depth >= 1.
template <class T, class Isa, int MR>
SIMDNN_NOINLINE void run_skinny(const T* a, const T* b, index_t depth, T* sums) {
  using V = vec<T, Isa>;
  constexpr int NV = blocking<T, Isa>::NV, segments = 4;
  using step = detail::skinny_steps<V, MR, NV>;
  // Segments with accumulators of their own, where the FMA's latency would not be hidden otherwise.
  constexpr int chains = MR == 1 ? 4 : MR * NV * 2 <= blocking<T, Isa>::MR * NV ? 2 : 1;
  constexpr int chain = MR * NV;
  constexpr auto all = std::make_integer_sequence<int, chain>{};
  constexpr auto rows = std::make_integer_sequence<int, MR>{};
  V acc[chains * chain];  // (chains,MR,NV)
  step::zero(acc, std::make_integer_sequence<int, chains * chain>{});

  const index_t length = depth / segments;
  const T* SIMDNN_RESTRICT b0 = b;  // (k,NV), the others below it
  const T *b1 = b0 + length * step::NR, *b2 = b1 + length * step::NR, *b3 = b2 + length * step::NR;
  const T* a0 = a;  // (k,MR)
  const T *a1 = a0 + length * MR, *a2 = a1 + length * MR, *a3 = a2 + length * MR;
  if (length > 0) {
    index_t k = length;
    do {
      step::prefetch(b0), step::prefetch(b1), step::prefetch(b2), step::prefetch(b3);
      step::multiply(acc, a0, b0, rows);
      step::multiply(acc + 1 % chains * chain, a1, b1, rows);
      step::multiply(acc + 2 % chains * chain, a2, b2, rows);
      step::multiply(acc + 3 % chains * chain, a3, b3, rows);
      a0 += MR, a1 += MR, a2 += MR, a3 += MR;
      b0 += step::NR, b1 += step::NR, b2 += step::NR, b3 += step::NR;
    } while (--k != 0);
  }
  for (index_t k = segments * length; k < depth; ++k) {
    step::multiply(acc, a3, b3, rows);
    a3 += MR, b3 += step::NR;
  }
  if constexpr (chains == 4) {
    step::add(acc, acc + 2 * chain, all);
    step::add(acc + chain, acc + 3 * chain, all);
  }
  if constexpr (chains > 1) step::add(acc, acc + chain, all);
  step::store(acc, sums, all);
}

template <class T>
using skinny_function = void (*)(const T* a, const T* b, index_t depth, T* sums);

/// The tiles of 1 to blocking<T, Isa>::MR rows; [rows - 1].
template <class T, class Isa>
inline constexpr auto skinny_table = []<int... M>(std::integer_sequence<int, M...>) {
  return std::array<skinny_function<T>, sizeof...(M)>{&run_skinny<T, Isa, M + 1>...};
}(std::make_integer_sequence<int, blocking<T, Isa>::MR>{});

}  // namespace simdnn::inline SIMDNN_ABI::tile
