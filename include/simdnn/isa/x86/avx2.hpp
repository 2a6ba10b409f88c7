// AVX2 with FMA3: masks are vectors, made by a comparison.
#pragma once

#include <simdnn/isa/x86/operations.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <>
struct isa_features<isa::avx2> {
  static constexpr int registers = 16, vector_bytes = 32;
  static constexpr bool has_fma = true, has_masks = true, has_scale = false, has_pairs = false;
  using narrower = isa::sse42;
};

#if defined(__AVX2__) && defined(__FMA__)
namespace detail {

template <class T>
struct register_operations<T, isa::avx2> {
  using batch = xsimd::batch<T, xsimd::fma3<xsimd::avx2>>;
  using reg = typename batch::register_type;
  static constexpr int lanes = static_cast<int>(sizeof(batch) / sizeof(T));

  static SIMDNN_INLINE reg load(const T* p, index_t n) {
    if constexpr (std::is_same_v<T, float>)
      return _mm256_maskload_ps(p, first(n));
    else
      return _mm256_maskload_pd(p, first(n));
  }
  static SIMDNN_INLINE void store(reg x, T* p, index_t n) {
    if constexpr (std::is_same_v<T, float>)
      _mm256_maskstore_ps(p, first(n), x);
    else
      _mm256_maskstore_pd(p, first(n), x);
  }
  static SIMDNN_INLINE reg fma(reg a, reg b, reg c) {
    if constexpr (std::is_same_v<T, float>)
      return _mm256_fmadd_ps(a, b, c);
    else
      return _mm256_fmadd_pd(a, b, c);
  }
  static SIMDNN_INLINE reg max(reg a, reg b) {
    if constexpr (std::is_same_v<T, float>)
      return _mm256_max_ps(a, b);
    else
      return _mm256_max_pd(a, b);
  }
  static SIMDNN_INLINE reg min(reg a, reg b) {
    if constexpr (std::is_same_v<T, float>)
      return _mm256_min_ps(a, b);
    else
      return _mm256_min_pd(a, b);
  }
  template <class Row>
  static SIMDNN_INLINE reg sum_rows(const Row* rows) {
    return haddp_rows<batch>(rows);
  }
  template <int Bits>
  static SIMDNN_INLINE reg shift_left(reg x) {
    if constexpr (std::is_same_v<T, float>)
      return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), Bits));
    else
      return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(x), Bits));
  }

 private:
  static SIMDNN_INLINE __m256i first(index_t n) {
    if constexpr (std::is_same_v<T, float>)
      return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                                _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    else
      return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
  }
};

}  // namespace detail
#endif

}  // namespace simdnn::inline SIMDNN_ABI
