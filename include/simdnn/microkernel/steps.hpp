// Steps that the register tiles share. Each is a fold expression, so that every index is a constant
// (base/unroll.hpp says why). `acc` are a tile's accumulators.
#pragma once

#include <simdnn/base/types.hpp>
#include <simdnn/isa/abi.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::microkernel::detail {

template <class V>
struct common_steps {
  using T = typename V::value_type;

  template <int... I>
  static SIMDNN_INLINE void zero(V* acc, std::integer_sequence<int, I...>) {
    ((acc[I] = V(0)), ...);
  }
  template <int... I>
  static SIMDNN_INLINE void add(V* acc, const V* other, std::integer_sequence<int, I...>) {
    ((acc[I] += other[I]), ...);
  }
  /// Loads contiguous vectors of b.
  template <int... N>
  static SIMDNN_INLINE void load_b(V* bv, const T* b, std::integer_sequence<int, N...>) {
    ((bv[N] = V::load(b + N * V::lanes)), ...);
  }
  /// acc[n] += a * bv[n]
  template <int... N>
  static SIMDNN_INLINE void multiply_row(V* acc, V a, const V* bv,
                                         std::integer_sequence<int, N...>) {
    ((acc[N] = V::fma(a, bv[N], acc[N])), ...);
  }
  /// Makes one pointer for every three rows of a, because an instruction can address [p],
  /// [p + stride] and [p + 2 * stride]. A tile of 14 rows then needs five pointers, which fit into
  /// registers; fourteen would not.
  template <int... P>
  static SIMDNN_INLINE void start_rows(const T** row, const T* a, index_t stride,
                                       std::integer_sequence<int, P...>) {
    ((row[P] = a + 3 * P * stride), ...);
  }
  template <int... P>
  static SIMDNN_INLINE void advance_rows(const T** row, index_t by,
                                         std::integer_sequence<int, P...>) {
    ((row[P] += by), ...);
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::microkernel::detail
