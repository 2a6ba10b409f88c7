// SSE2, the x86-64 baseline: no FMA, no masks. SSE4.2 has the same operations.
#pragma once

#include <simdnn/isa/x86/operations.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <>
struct isa_features<isa::sse2> {
  static constexpr int registers = 16, vector_bytes = 16;
  static constexpr bool has_fma = false, has_masks = false, has_scale = false, has_pairs = false;
  using narrower = void;
};

namespace detail {

/// Arch is xsimd's type for the ISA.
template <class T, class Arch>
struct sse_operations {
  using batch = xsimd::batch<T, Arch>;
  using reg = typename batch::register_type;
  static constexpr int lanes = static_cast<int>(sizeof(batch) / sizeof(T));

  static SIMDNN_INLINE reg load(const T* p, index_t n) {
    alignas(64) c_array<T, lanes> buffer = {};
    for (index_t i = 0; i < n; ++i) buffer[i] = p[i];
    return batch::load_aligned(buffer);
  }
  static SIMDNN_INLINE void store(reg x, T* p, index_t n) {
    alignas(64) c_array<T, lanes> buffer;
    batch(x).store_aligned(buffer);
    for (index_t i = 0; i < n; ++i) p[i] = buffer[i];
  }
  static SIMDNN_INLINE reg fma(reg a, reg b, reg c) { return batch(a) * batch(b) + batch(c); }
  static SIMDNN_INLINE reg max(reg a, reg b) {
    if constexpr (std::is_same_v<T, float>)
      return _mm_max_ps(a, b);
    else
      return _mm_max_pd(a, b);
  }
  static SIMDNN_INLINE reg min(reg a, reg b) {
    if constexpr (std::is_same_v<T, float>)
      return _mm_min_ps(a, b);
    else
      return _mm_min_pd(a, b);
  }
  template <class Row>
  static SIMDNN_INLINE reg sum_rows(const Row* rows) {
    return haddp_rows<batch>(rows);
  }
  template <int Bits>
  static SIMDNN_INLINE reg shift_left(reg x) {
    if constexpr (std::is_same_v<T, float>)
      return _mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(x), Bits));
    else
      return _mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(x), Bits));
  }
};

template <class T>
struct register_operations<T, isa::sse2> : sse_operations<T, xsimd::sse2> {};

}  // namespace detail

}  // namespace simdnn::inline SIMDNN_ABI
