// exp of vec, float and double. For vec it is accurate over the whole range: up to where the result
// becomes infinity, and for denormal results too. NaN stays NaN.
//
//     exp(x) = 2^n * exp(r),    n near x / ln 2,    r = x - n * ln 2
//     exp(r) = 1 + r + r^2 * q(r)
//
// If an instruction multiplies by 2^n (AVX-512), n is an integer and |r| <= ln 2 / 2. Otherwise
// n = 2h is even and |r| <= ln 2: the result is multiplied by 2^h twice, because 2^n may not be a
// normal number, but 2^h is.
//
// The largest error is 1.0 units in the last place with AVX-512 and 1.6 without. Nanoseconds per
// element (Zen 4, gcc 12), and those of xsimd 8.1, which returns infinity from 88.38 up and 0 from
// -87.7 down:
//     AVX-512   float 0.24, xsimd 0.23     double 0.65, xsimd 0.91
//     AVX2      float 0.33, xsimd 0.30     double 1.4, xsimd 2.7
//     SSE4.2    float 1.1, xsimd 0.9       double 3.8, xsimd 4.6
//     SSE2      float 1.1, xsimd 1.3       double 4.3, xsimd 7.1
#pragma once

#include <cmath>
#include <simdnn/base/unroll.hpp>
#include <simdnn/isa/vec.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace detail {

template <class T>
struct exp_range;
template <>
struct exp_range<float> {
  // Below and above, the results are 0 and infinity.
  static constexpr float low = -104, high = 89;
  // ln 2 in two parts; the product of the first part and any n is exact.
  static constexpr float ln2 = 0x1.62e4p-1f, ln2_rest = 0x1.7f7d1cp-20f;
  // The lowest bits of a float in 2^23 .. 2^24 are those of its integer part.
  static constexpr int fraction_bits = 23;
  static constexpr float rounder = 0x1.8p23f, bias = 127;
};
template <>
struct exp_range<double> {
  static constexpr double low = -746, high = 710;
  static constexpr double ln2 = 0x1.62e42feep-1, ln2_rest = 0x1.a39ef35793c76p-33;
  static constexpr int fraction_bits = 52;
  static constexpr double rounder = 0x1.8p52, bias = 1023;
};

// The coefficients of q, highest power first: minimax relative to exp(r), by the Remez algorithm in
// 60 digits. Relative errors of float and double: 2^-28 and 2^-57 with Steps 1 (|r| <= 0.3467),
// 2^-26 and 2^-56 with Steps 2 (|r| <= 0.6932).
template <class T, int Steps>
inline constexpr T exp_coefficients[] = {};
template <>
inline constexpr float exp_coefficients<float, 1>[] = {
    0x1.6a23f2p-10f, 0x1.123a0ap-7f, 0x1.5558f2p-5f, 0x1.555492p-3f, 0x1.fffffcp-2f};
template <>
inline constexpr float exp_coefficients<float, 2>[] = {0x1.9b4a20p-13f, 0x1.71bc52p-10f,
                                                       0x1.112842p-7f,  0x1.554a08p-5f,
                                                       0x1.555510p-3f,  0x1.00000cp-1f};
template <>
inline constexpr double exp_coefficients<double, 1>[] = {
    0x1.ad7f4f2f3e2d6p-26, 0x1.28ad8dc0a74b3p-22, 0x1.71df25924abedp-19, 0x1.a01999f098950p-16,
    0x1.a01a012a27be0p-13, 0x1.6c16c18433bebp-10, 0x1.1111111127caap-7,  0x1.5555555550853p-5,
    0x1.55555555554fap-3,  0x1.000000000000ap-1};
template <>
inline constexpr double exp_coefficients<double, 2>[] = {
    0x1.5e6db963e4821p-33, 0x1.217a5cddde582p-29, 0x1.ae71317862024p-26, 0x1.27e1caafec7efp-22,
    0x1.71de2a032d234p-19, 0x1.a01a05809ebaap-16, 0x1.a01a01b233d70p-13, 0x1.6c16c169c13bdp-10,
    0x1.1111111108279p-7,  0x1.555555555693fp-5,  0x1.55555555555b6p-3,  0x1.ffffffffffff3p-2};

}  // namespace detail

template <class T, class Isa>
SIMDNN_INLINE vec<T, Isa> exp(vec<T, Isa> x) {
  using V = vec<T, Isa>;
  using range = detail::exp_range<T>;
  constexpr int steps = V::has_scale ? 1 : 2;  // n is a multiple of it
  constexpr T one_over_ln2 = static_cast<T>(1.44269504088896340736 / steps);
  constexpr T rounder = range::rounder + (V::has_scale ? 0 : range::bias);

  x = V::clamp(x, V(range::low), V(range::high));
  const V rounded = V::fma(x, V(one_over_ln2), V(rounder)), n = rounded - V(rounder);
  V r = V::fma(n, V(-steps * range::ln2), x);
  r = V::fma(n, V(-steps * range::ln2_rest), r);
  constexpr auto& coefficients = detail::exp_coefficients<T, steps>;
  V q(coefficients[0]);
  unroll<std::size(coefficients) - 1>([&](auto i) SIMDNN_INLINE_LAMBDA {
    constexpr T c = detail::exp_coefficients<T, steps>[i + 1];
    q = V::fma(q, r, V(c));
  });
  const V p = V::fma(r * r, q, r);  // exp(r) - 1
  if constexpr (V::has_scale) {
    return V::scale(p + V(1), n);
  } else {
    // rounded is range::rounder + bias + h: its lowest bits, shifted to the exponent, are 2^h.
    const V half = V::template shift_left<range::fraction_bits>(rounded);
    return V::fma(half, p, half) * half;
  }
}
template <scalar S>
S exp(S x) {
  return std::exp(x);
}

}  // namespace simdnn::inline SIMDNN_ABI
