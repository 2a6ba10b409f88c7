// vec: one register of an ISA. The only header that includes xsimd or names an intrinsic.
//
// What xsimd lacks or differs in between 8.1 and 14 is spelled here: real FMA on AVX-512, loads and
// stores of the first n lanes, and one rule for NaN (min, max and clamp hand it on).
//
// The functions select, min, max, abs, sqrt, log and tanh, and exp of exp.hpp, take vec, float and
// double alike, so that one lambda serves as post-op in kernels and in the reference, which calls it
// with double.
#pragma once

// gcc 12 takes the undefined upper operands of AVX-512 intrinsics for uninitialised variables
// (PR105593).
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <cmath>
#include <cstdint>
#include <limits>
#include <simdnn/base/types.hpp>
#include <simdnn/isa/abi.hpp>
#include <type_traits>
#include <xsimd/xsimd.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace detail {

template <class Isa>
struct xsimd_arch;
template <>
struct xsimd_arch<isa::sse2> {
  using type = xsimd::sse2;
};
#if defined(__SSE4_2__)
template <>
struct xsimd_arch<isa::sse42> {
  using type = xsimd::sse4_2;
};
#endif
#if defined(__AVX2__) && defined(__FMA__)
template <>
struct xsimd_arch<isa::avx2> {
  using type = xsimd::fma3<xsimd::avx2>;
};
#endif
#if defined(__AVX512F__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
template <>
struct xsimd_arch<isa::avx512> {
  using type = xsimd::avx512bw;
};
#endif

}  // namespace detail

/// True where this translation unit's flags allow kernels of this ISA.
template <class Isa>
concept compiled_isa = requires { typename detail::xsimd_arch<Isa>::type; };

/// T is float or double.
template <class T, class Isa>
class vec {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "simdnn computes in float or double");
  static_assert(compiled_isa<Isa>,
                "this translation unit's flags do not allow this ISA: add e.g. -mavx2 -mfma");

 public:
  using value_type = T;
  using isa_type = Isa;
  using batch = xsimd::batch<T, typename detail::xsimd_arch<Isa>::type>;
  using mask = typename batch::batch_bool_type;
  static constexpr int lanes = static_cast<int>(sizeof(batch) / sizeof(T));
  /// Passed to load and store in place of a number of lanes: the whole vector, without a mask.
  using all_lanes = std::integral_constant<index_t, lanes>;

  vec() = default;
  SIMDNN_INLINE vec(T x) : v_(x) {}             // NOLINT: implicit broadcast, so that v * 2 works
  SIMDNN_INLINE vec(const batch& x) : v_(x) {}  // NOLINT
  SIMDNN_INLINE const batch& raw() const { return v_; }

  /// Unaligned.
  static SIMDNN_INLINE vec load(const T* p) { return batch::load_unaligned(p); }
  static SIMDNN_INLINE vec load(const T* p, all_lanes) { return load(p); }
  SIMDNN_INLINE void store(T* p) const { v_.store_unaligned(p); }
  SIMDNN_INLINE void store(T* p, all_lanes) const { store(p); }
  /// The first n lanes, 0 <= n <= lanes; the others read as 0. Touches nothing behind p + n.
  static SIMDNN_INLINE vec load(const T* p, index_t n) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Isa, isa::avx512>) {
      if constexpr (std::is_same_v<T, float>) return batch(_mm512_maskz_loadu_ps(first(n), p));
      if constexpr (std::is_same_v<T, double>) return batch(_mm512_maskz_loadu_pd(first(n), p));
    } else
#endif
#if defined(__AVX2__)
        if constexpr (std::is_same_v<Isa, isa::avx2>) {
      if constexpr (std::is_same_v<T, float>) return batch(_mm256_maskload_ps(p, first_avx2(n)));
      if constexpr (std::is_same_v<T, double>) return batch(_mm256_maskload_pd(p, first_avx2(n)));
    } else
#endif
    {
      alignas(64) c_array<T, lanes> buffer = {};
      for (index_t i = 0; i < n; ++i) buffer[i] = p[i];
      return batch::load_aligned(buffer);
    }
  }
  SIMDNN_INLINE void store(T* p, index_t n) const {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Isa, isa::avx512>) {
      if constexpr (std::is_same_v<T, float>) _mm512_mask_storeu_ps(p, first(n), v_);
      if constexpr (std::is_same_v<T, double>) _mm512_mask_storeu_pd(p, first(n), v_);
    } else
#endif
#if defined(__AVX2__)
        if constexpr (std::is_same_v<Isa, isa::avx2>) {
      if constexpr (std::is_same_v<T, float>) _mm256_maskstore_ps(p, first_avx2(n), v_);
      if constexpr (std::is_same_v<T, double>) _mm256_maskstore_pd(p, first_avx2(n), v_);
    } else
#endif
    {
      alignas(64) c_array<T, lanes> buffer;
      v_.store_aligned(buffer);
      for (index_t i = 0; i < n; ++i) p[i] = buffer[i];
    }
  }

  /// Whether load_pair and pair_sums exist.
#if defined(__AVX512F__)
  static constexpr bool has_pairs = std::is_same_v<Isa, isa::avx512> && std::is_same_v<T, float>;
  /// p[0], p[1], p[0], p[1], ...
  static SIMDNN_INLINE vec load_pair(const T* p) {
    double both;
    __builtin_memcpy(&both, p, sizeof both);
    return batch(_mm512_castpd_ps(_mm512_set1_pd(both)));
  }
  /// The sums of lanes 0 and 1, 2 and 3, ... in the lower half of the lanes, and once more in the
  /// upper.
  SIMDNN_INLINE vec pair_sums() const {
    const __m512 sums = _mm512_add_ps(v_, _mm512_permute_ps(v_, 0xb1));
    return batch(_mm512_permutexvar_ps(
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14), sums));
  }
#else
  static constexpr bool has_pairs = false;
#endif

  /// Whether scale exists.
#if defined(__AVX512F__)
  static constexpr bool has_scale = std::is_same_v<Isa, isa::avx512>;
  /// x * 2^n, rounded once; n is whole.
  static SIMDNN_INLINE vec scale(vec x, vec n) {
    if constexpr (std::is_same_v<T, float>) return batch(_mm512_scalef_ps(x.v_, n.v_));
    if constexpr (std::is_same_v<T, double>) return batch(_mm512_scalef_pd(x.v_, n.v_));
  }
#else
  static constexpr bool has_scale = false;
#endif

  friend SIMDNN_INLINE vec operator+(vec a, vec b) { return a.v_ + b.v_; }
  friend SIMDNN_INLINE vec operator-(vec a, vec b) { return a.v_ - b.v_; }
  friend SIMDNN_INLINE vec operator*(vec a, vec b) { return a.v_ * b.v_; }
  friend SIMDNN_INLINE vec operator/(vec a, vec b) { return a.v_ / b.v_; }
  friend SIMDNN_INLINE vec operator-(vec a) { return -a.v_; }
  SIMDNN_INLINE vec& operator+=(vec b) { return *this = *this + b; }
  SIMDNN_INLINE vec& operator-=(vec b) { return *this = *this - b; }
  SIMDNN_INLINE vec& operator*=(vec b) { return *this = *this * b; }
  SIMDNN_INLINE vec& operator/=(vec b) { return *this = *this / b; }
  friend SIMDNN_INLINE mask operator<(vec a, vec b) { return a.v_ < b.v_; }
  friend SIMDNN_INLINE mask operator<=(vec a, vec b) { return a.v_ <= b.v_; }
  friend SIMDNN_INLINE mask operator>(vec a, vec b) { return b.v_ < a.v_; }
  friend SIMDNN_INLINE mask operator>=(vec a, vec b) { return b.v_ <= a.v_; }
  friend SIMDNN_INLINE mask operator==(vec a, vec b) { return a.v_ == b.v_; }
  /// True where either is NaN, as in C++; xsimd's own is false there on AVX.
  friend SIMDNN_INLINE mask operator!=(vec a, vec b) { return !(a.v_ == b.v_); }

  /// a * b + c, rounded once where the ISA has FMA.
  static SIMDNN_INLINE vec fma(vec a, vec b, vec c) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Isa, isa::avx512>) {
      if constexpr (std::is_same_v<T, float>) return batch(_mm512_fmadd_ps(a.v_, b.v_, c.v_));
      if constexpr (std::is_same_v<T, double>) return batch(_mm512_fmadd_pd(a.v_, b.v_, c.v_));
    } else
#endif
#if defined(__FMA__)
        if constexpr (std::is_same_v<Isa, isa::avx2>) {
      if constexpr (std::is_same_v<T, float>) return batch(_mm256_fmadd_ps(a.v_, b.v_, c.v_));
      if constexpr (std::is_same_v<T, double>) return batch(_mm256_fmadd_pd(a.v_, b.v_, c.v_));
    } else
#endif
      return a * b + c;
  }
  /// x limited to low..high, which are not NaN; a NaN in x stays. Two instructions: the hardware's
  /// min and max return their second operand where either is NaN.
  static SIMDNN_INLINE vec clamp(vec x, vec low, vec high) {
    return raw_min(high, raw_max(low, x));
  }
  /// The larger; NaN where either is NaN.
  static SIMDNN_INLINE vec max(vec a, vec b) {
    return xsimd::select(xsimd::isnan(a.v_), a.v_, raw_max(a, b).v_);
  }
  static SIMDNN_INLINE vec min(vec a, vec b) {
    return xsimd::select(xsimd::isnan(a.v_), a.v_, raw_min(a, b).v_);
  }

  /// The same, held in a register: a vector with several uses is else read from memory at each of
  /// them (gcc 12), which costs a load an fma.
  SIMDNN_INLINE vec in_register() const {
    typename batch::register_type r = v_;
    asm("" : "+v"(r));
    return batch(r);
  }
  /// Lane i is the sum of all lanes of rows[i], of which there are as many as lanes; in one fixed
  /// order.
  static SIMDNN_INLINE vec reduce_add(const vec* rows) {
#if defined(__AVX512F__)
    // xsimd 8.1's haddp of AVX-512 returns the sums in another order.
    if constexpr (std::is_same_v<Isa, isa::avx512>) {
      c_array<vec, lanes> sums;
      for (int i = 0; i < lanes; i += 2) sums[i / 2] = add_pairs(rows[i], rows[i + 1]);
      if constexpr (std::is_same_v<T, float>)
        for (int i = 0; i < 8; i += 2) sums[i / 2] = add_quads(sums[i], sums[i + 1]);
      for (int i = 0; i < 4; i += 2) sums[i / 2] = add_quarters(sums[i], sums[i + 1]);
      return add_quarters(sums[0], sums[1]);
    } else
#endif
    {
      c_array<batch, lanes> raw;
      for (int i = 0; i < lanes; ++i) raw[i] = rows[i].v_;
      return xsimd::haddp(raw);
    }
  }
  /// The sum of all lanes, in a fixed order of pairs.
  SIMDNN_INLINE T reduce_add() const {
    return reduce([](T a, T b) { return a + b; });
  }
  /// The largest lane; NaN where one is NaN.
  SIMDNN_INLINE T reduce_max() const {
    return reduce([](T a, T b) { return a != a || a > b ? a : b; });
  }

 private:
  template <class F>
  SIMDNN_INLINE T reduce(F f) const {
    alignas(64) c_array<T, lanes> x;
    v_.store_aligned(x);
    for (int width = lanes / 2; width > 0; width /= 2)
      for (int i = 0; i < width; ++i) x[i] = f(x[i], x[i + width]);
    return x[0];
  }
  static SIMDNN_INLINE vec raw_max(vec a, vec b) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Isa, isa::avx512>) {
      if constexpr (std::is_same_v<T, float>) return batch(_mm512_max_ps(a.v_, b.v_));
      if constexpr (std::is_same_v<T, double>) return batch(_mm512_max_pd(a.v_, b.v_));
    } else
#endif
#if defined(__AVX__)
        if constexpr (std::is_same_v<Isa, isa::avx2>) {
      if constexpr (std::is_same_v<T, float>) return batch(_mm256_max_ps(a.v_, b.v_));
      if constexpr (std::is_same_v<T, double>) return batch(_mm256_max_pd(a.v_, b.v_));
    } else
#endif
    {
      if constexpr (std::is_same_v<T, float>) return batch(_mm_max_ps(a.v_, b.v_));
      if constexpr (std::is_same_v<T, double>) return batch(_mm_max_pd(a.v_, b.v_));
    }
  }
  static SIMDNN_INLINE vec raw_min(vec a, vec b) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<Isa, isa::avx512>) {
      if constexpr (std::is_same_v<T, float>) return batch(_mm512_min_ps(a.v_, b.v_));
      if constexpr (std::is_same_v<T, double>) return batch(_mm512_min_pd(a.v_, b.v_));
    } else
#endif
#if defined(__AVX__)
        if constexpr (std::is_same_v<Isa, isa::avx2>) {
      if constexpr (std::is_same_v<T, float>) return batch(_mm256_min_ps(a.v_, b.v_));
      if constexpr (std::is_same_v<T, double>) return batch(_mm256_min_pd(a.v_, b.v_));
    } else
#endif
    {
      if constexpr (std::is_same_v<T, float>) return batch(_mm_min_ps(a.v_, b.v_));
      if constexpr (std::is_same_v<T, double>) return batch(_mm_min_pd(a.v_, b.v_));
    }
  }
#if defined(__AVX512F__)
  // The steps of reduce_add: each halves the numbers that are still to be added, in every 128 bits
  // the first two, and at last the quarters themselves.
  static SIMDNN_INLINE vec add_pairs(vec a, vec b) {
    if constexpr (std::is_same_v<T, float>)
      return batch(_mm512_add_ps(_mm512_unpacklo_ps(a.v_, b.v_), _mm512_unpackhi_ps(a.v_, b.v_)));
    if constexpr (std::is_same_v<T, double>)
      return batch(_mm512_add_pd(_mm512_unpacklo_pd(a.v_, b.v_), _mm512_unpackhi_pd(a.v_, b.v_)));
  }
  static SIMDNN_INLINE vec add_quads(vec a, vec b) {
    const __m512d x = _mm512_castps_pd(a.v_), y = _mm512_castps_pd(b.v_);
    return batch(_mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(x, y)),
                               _mm512_castpd_ps(_mm512_unpackhi_pd(x, y))));
  }
  static SIMDNN_INLINE vec add_quarters(vec a, vec b) {
    if constexpr (std::is_same_v<T, float>)
      return batch(_mm512_add_ps(_mm512_shuffle_f32x4(a.v_, b.v_, 0x88),
                                 _mm512_shuffle_f32x4(a.v_, b.v_, 0xdd)));
    if constexpr (std::is_same_v<T, double>)
      return batch(_mm512_add_pd(_mm512_shuffle_f64x2(a.v_, b.v_, 0x88),
                                 _mm512_shuffle_f64x2(a.v_, b.v_, 0xdd)));
  }
  static SIMDNN_INLINE auto first(index_t n) {
    if constexpr (std::is_same_v<T, float>) return static_cast<__mmask16>((1u << n) - 1);
    if constexpr (std::is_same_v<T, double>) return static_cast<__mmask8>((1u << n) - 1);
  }
#endif
#if defined(__AVX2__)
  static SIMDNN_INLINE __m256i first_avx2(index_t n) {
    if constexpr (std::is_same_v<T, float>)
      return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                                _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    if constexpr (std::is_same_v<T, double>)
      return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
  }
#endif

  batch v_;
};

template <class X>
inline constexpr bool is_vec = false;
template <class T, class Isa>
inline constexpr bool is_vec<vec<T, Isa>> = true;

template <class X>
concept scalar = std::is_floating_point_v<X>;

/// condition ? a : b, lane by lane; the condition is what a comparison of vec returns, or bool.
template <class T, class Isa>
SIMDNN_INLINE vec<T, Isa> select(typename vec<T, Isa>::mask condition, vec<T, Isa> a,
                                 std::type_identity_t<vec<T, Isa>> b) {
  return xsimd::select(condition, a.raw(), b.raw());
}
template <scalar S>
constexpr S select(bool condition, S a, std::type_identity_t<S> b) {
  return condition ? a : b;
}
/// NaN where either is NaN.
template <class T, class Isa>
SIMDNN_INLINE vec<T, Isa> max(vec<T, Isa> a, std::type_identity_t<vec<T, Isa>> b) {
  return vec<T, Isa>::max(a, b);
}
template <class T, class Isa>
SIMDNN_INLINE vec<T, Isa> min(vec<T, Isa> a, std::type_identity_t<vec<T, Isa>> b) {
  return vec<T, Isa>::min(a, b);
}
template <scalar S>
constexpr S max(S a, std::type_identity_t<S> b) {
  return a != a || a > b ? a : b;
}
template <scalar S>
constexpr S min(S a, std::type_identity_t<S> b) {
  return a != a || a < b ? a : b;
}
/// x limited to low..high, which are not NaN; a NaN in x stays.
template <class T, class Isa>
SIMDNN_INLINE vec<T, Isa> clamp(vec<T, Isa> x, std::type_identity_t<vec<T, Isa>> low,
                                std::type_identity_t<vec<T, Isa>> high) {
  return vec<T, Isa>::clamp(x, low, high);
}
template <scalar S>
constexpr S clamp(S x, std::type_identity_t<S> low, std::type_identity_t<S> high) {
  return x < low ? low : x > high ? high : x;
}
template <class T, class Isa>
SIMDNN_INLINE vec<T, Isa> fma(vec<T, Isa> a, std::type_identity_t<vec<T, Isa>> b,
                              std::type_identity_t<vec<T, Isa>> c) {
  return vec<T, Isa>::fma(a, b, c);
}
template <scalar S>
S fma(S a, std::type_identity_t<S> b, std::type_identity_t<S> c) {
  return a * b + c;
}

namespace detail {

// x for xsimd's double functions that turn x into an integer one lane at a time: infinities, NaN
// and large numbers have none, and although xsimd drops these lanes afterwards, the conversion is
// undefined behaviour. Beyond `bound` the functions are constant.
template <class T, class Isa>
SIMDNN_INLINE vec<T, Isa> convertible(vec<T, Isa> x, double bound) {
  if constexpr (std::is_same_v<T, double>)
    return vec<T, Isa>::clamp(xsimd::select(xsimd::isnan(x.raw()), vec<T, Isa>(0).raw(), x.raw()),
                              -bound, bound);
  else
    return x;
}
template <class T, class Isa>
SIMDNN_INLINE vec<T, Isa> nan_of(vec<T, Isa> x, vec<T, Isa> y) {
  if constexpr (std::is_same_v<T, double>)
    return xsimd::select(xsimd::isnan(x.raw()), x.raw(), y.raw());
  else
    return y;
}

}  // namespace detail

#define SIMDNN_ELEMENTARY(name, ...)              \
  template <class T, class Isa>                   \
  SIMDNN_INLINE vec<T, Isa> name(vec<T, Isa> x) { \
    return __VA_ARGS__;                           \
  }                                               \
  template <scalar S>                             \
  S name(S x) {                                   \
    return std::name(x);                          \
  }
#define SIMDNN_BOUNDED(name, bound) \
  detail::nan_of(x, vec<T, Isa>(xsimd::name(detail::convertible(x, bound).raw())))
SIMDNN_ELEMENTARY(abs, vec<T, Isa>(xsimd::abs(x.raw())))
SIMDNN_ELEMENTARY(sqrt, vec<T, Isa>(xsimd::sqrt(x.raw())))
SIMDNN_ELEMENTARY(log, vec<T, Isa>(xsimd::log(x.raw())))
SIMDNN_ELEMENTARY(expm1, SIMDNN_BOUNDED(expm1, 750))
SIMDNN_ELEMENTARY(tanh, SIMDNN_BOUNDED(tanh, 30))
#undef SIMDNN_ELEMENTARY
#undef SIMDNN_BOUNDED

}  // namespace simdnn::inline SIMDNN_ABI
