// AVX-512 F, CD, DQ, BW and VL, with FMA3: masks have their own registers.
#pragma once

#include <simdnn/isa/x86/operations.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <>
struct isa_features<isa::avx512> {
  static constexpr int registers = 32, vector_bytes = 64;
  static constexpr bool has_fma = true, has_masks = true, has_scale = true, has_pairs = true;
  using narrower = isa::avx2;
};

#if defined(__AVX512F__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
namespace detail {

template <class T>
struct register_operations<T, isa::avx512> {
  using batch = xsimd::batch<T, xsimd::avx512bw>;
  using reg = typename batch::register_type;
  static constexpr int lanes = static_cast<int>(sizeof(batch) / sizeof(T));

  static SIMDNN_INLINE reg load(const T* p, index_t n) {
    if constexpr (std::is_same_v<T, float>)
      return _mm512_maskz_loadu_ps(first(n), p);
    else
      return _mm512_maskz_loadu_pd(first(n), p);
  }
  static SIMDNN_INLINE void store(reg x, T* p, index_t n) {
    if constexpr (std::is_same_v<T, float>)
      _mm512_mask_storeu_ps(p, first(n), x);
    else
      _mm512_mask_storeu_pd(p, first(n), x);
  }
  static SIMDNN_INLINE reg fma(reg a, reg b, reg c) {
    if constexpr (std::is_same_v<T, float>)
      return _mm512_fmadd_ps(a, b, c);
    else
      return _mm512_fmadd_pd(a, b, c);
  }
  static SIMDNN_INLINE reg max(reg a, reg b) {
    if constexpr (std::is_same_v<T, float>)
      return _mm512_max_ps(a, b);
    else
      return _mm512_max_pd(a, b);
  }
  static SIMDNN_INLINE reg min(reg a, reg b) {
    if constexpr (std::is_same_v<T, float>)
      return _mm512_min_ps(a, b);
    else
      return _mm512_min_pd(a, b);
  }
  /// Not by xsimd's haddp, which in 8.1 returns the sums in another order.
  template <class Row>
  static SIMDNN_INLINE reg sum_rows(const Row* rows) {
    c_array<batch, lanes>
        sums;  // not of reg: gcc warns that a template argument drops its attributes
    for (int i = 0; i < lanes; i += 2)
      sums[i / 2] = batch(add_pairs(rows[i].raw(), rows[i + 1].raw()));
    if constexpr (std::is_same_v<T, float>)
      for (int i = 0; i < 8; i += 2) sums[i / 2] = batch(add_quads(sums[i], sums[i + 1]));
    for (int i = 0; i < 4; i += 2) sums[i / 2] = batch(add_quarters(sums[i], sums[i + 1]));
    return add_quarters(sums[0], sums[1]);
  }
  static SIMDNN_INLINE reg load_pair(const T* p) {
    double both;
    __builtin_memcpy(&both, p, sizeof both);
    return _mm512_castpd_ps(_mm512_set1_pd(both));
  }
  static SIMDNN_INLINE reg pair_sums(reg x) {
    const __m512 sums = _mm512_add_ps(x, _mm512_permute_ps(x, 0xb1));
    return _mm512_permutexvar_ps(
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14), sums);
  }
  static SIMDNN_INLINE reg scale(reg x, reg n) {
    if constexpr (std::is_same_v<T, float>)
      return _mm512_scalef_ps(x, n);
    else
      return _mm512_scalef_pd(x, n);
  }
  /// xsimd 8.1's log for avx512bw passes a batch to integer select intrinsics. Without optimisation
  /// gcc defines these as macros, which do not accept a batch. The log for avx512f does not use
  /// them.
  static SIMDNN_INLINE batch log(batch x) {
    return reg(xsimd::log(xsimd::batch<T, xsimd::avx512f>(reg(x))));
  }

 private:
  // The steps of sum_rows. Each halves the number of values still to be added: add_pairs and
  // add_quads within each 128 bits, then add_quarters across the 128-bit quarters.
  static SIMDNN_INLINE reg add_pairs(reg a, reg b) {
    if constexpr (std::is_same_v<T, float>)
      return _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    else
      return _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
  }
  static SIMDNN_INLINE reg add_quads(reg a, reg b) {
    const __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
    return _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
                         _mm512_castpd_ps(_mm512_unpackhi_pd(x, y)));
  }
  static SIMDNN_INLINE reg add_quarters(reg a, reg b) {
    if constexpr (std::is_same_v<T, float>)
      return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd));
    else
      return _mm512_add_pd(_mm512_shuffle_f64x2(a, b, 0x88), _mm512_shuffle_f64x2(a, b, 0xdd));
  }
  static SIMDNN_INLINE auto first(index_t n) {
    if constexpr (std::is_same_v<T, float>)
      return static_cast<__mmask16>((1u << n) - 1);
    else
      return static_cast<__mmask8>((1u << n) - 1);
  }
};

}  // namespace detail
#endif

}  // namespace simdnn::inline SIMDNN_ABI
