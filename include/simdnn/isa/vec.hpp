// vec: one register of an ISA that holds floats or doubles. Operations that differ between ISAs are
// in isa/x86/; the others are xsimd's. min, max and clamp propagate NaN.
//
// The functions select, min, max, abs, sqrt, log and tanh, and exp of exp.hpp, accept vec, float
// and double, so that kernels and the reference, which computes in double, can call the same
// lambda.
#pragma once

#include <cmath>
#include <simdnn/base/types.hpp>
#include <simdnn/isa/abi.hpp>
#include <simdnn/isa/x86/avx2.hpp>
#include <simdnn/isa/x86/avx512.hpp>
#include <simdnn/isa/x86/sse2.hpp>
#include <simdnn/isa/x86/sse42.hpp>
#include <type_traits>
#include <xsimd/xsimd.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// True if this translation unit's flags allow kernels of this ISA.
template <class Isa>
concept compiled_isa = requires { typename detail::register_operations<float, Isa>::batch; };

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
  using features = isa_features<Isa>;
  using batch = typename detail::register_operations<T, Isa>::batch;
  using mask = typename batch::batch_bool_type;
  static constexpr int lanes = static_cast<int>(sizeof(batch) / sizeof(T));
  /// Passed to load and store in place of a number of lanes: the whole vector, without a mask.
  using all_lanes = std::integral_constant<index_t, lanes>;

  vec() = default;
  SIMDNN_INLINE vec(T x) : v_(x) {}             // NOLINT: implicit broadcast, so that v * 2 works
  SIMDNN_INLINE vec(const batch& x) : v_(x) {}  // NOLINT
  SIMDNN_INLINE const batch& raw() const { return v_; }

  /// All lanes, unaligned.
  static SIMDNN_INLINE vec load(const T* p) { return batch::load_unaligned(p); }
  static SIMDNN_INLINE vec load(const T* p, all_lanes) { return load(p); }
  SIMDNN_INLINE void store(T* p) const { v_.store_unaligned(p); }
  SIMDNN_INLINE void store(T* p, all_lanes) const { store(p); }
  /// The first n lanes, 0 <= n <= lanes; the others read as 0. Touches nothing after p + n.
  static SIMDNN_INLINE vec load(const T* p, index_t n) { return batch(operations::load(p, n)); }
  SIMDNN_INLINE void store(T* p, index_t n) const { operations::store(v_, p, n); }

  /// Whether load_pair and pair_sums exist.
  static constexpr bool has_pairs = features::has_pairs && std::is_same_v<T, float>;
  /// p[0], p[1], p[0], p[1], ...
  static SIMDNN_INLINE vec load_pair(const T* p) { return batch(operations::load_pair(p)); }
  /// The sums of lanes 0 and 1, 2 and 3, ... in the lower half of the lanes, repeated in the upper
  /// half.
  SIMDNN_INLINE vec pair_sums() const { return batch(operations::pair_sums(v_)); }

  /// Whether scale exists; if not, shift_left does.
  static constexpr bool has_scale = features::has_scale;
  /// x * 2^n, rounded once; n is an integer in every lane.
  static SIMDNN_INLINE vec scale(vec x, vec n) { return batch(operations::scale(x.v_, n.v_)); }
  /// Each lane's bits shifted.
  template <int Bits>
  static SIMDNN_INLINE vec shift_left(vec x) {
    return batch(operations::template shift_left<Bits>(x.v_));
  }

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
  /// True if either is NaN, as in C++; xsimd's operator is false for NaN on AVX.
  friend SIMDNN_INLINE mask operator!=(vec a, vec b) { return !(a.v_ == b.v_); }

  /// a * b + c, rounded once if the ISA has FMA.
  static SIMDNN_INLINE vec fma(vec a, vec b, vec c) {
    return batch(operations::fma(a.v_, b.v_, c.v_));
  }
  /// x limited to low..high, which must not be NaN; a NaN in x stays NaN. Two instructions suffice,
  /// because the hardware's min and max return their second operand if either is NaN.
  static SIMDNN_INLINE vec clamp(vec x, vec low, vec high) {
    return raw_min(high, raw_max(low, x));
  }
  /// The larger; NaN if either is NaN.
  static SIMDNN_INLINE vec max(vec a, vec b) {
    return xsimd::select(xsimd::isnan(a.v_), a.v_, raw_max(a, b).v_);
  }
  static SIMDNN_INLINE vec min(vec a, vec b) {
    return xsimd::select(xsimd::isnan(a.v_), a.v_, raw_min(a, b).v_);
  }

  /// The same vector, forced into a register. Otherwise gcc 12 reads a vector with several uses
  /// from memory at each use, which costs one load per fma.
  SIMDNN_INLINE vec in_register() const {
    typename batch::register_type r = v_;
    asm("" : "+v"(r));
    return batch(r);
  }
  /// Lane i is the sum of all lanes of rows[i], in a fixed order. There are as many rows as lanes.
  static SIMDNN_INLINE vec reduce_add(const vec* rows) { return batch(operations::sum_rows(rows)); }
  /// The sum of all lanes, in a fixed order of pairs.
  SIMDNN_INLINE T reduce_add() const {
    return reduce([](T a, T b) { return a + b; });
  }
  /// The largest lane; NaN if any lane is NaN.
  SIMDNN_INLINE T reduce_max() const {
    return reduce([](T a, T b) { return a != a || a > b ? a : b; });
  }

 private:
  using operations = detail::register_operations<T, Isa>;

  template <class F>
  SIMDNN_INLINE T reduce(F f) const {
    alignas(64) c_array<T, lanes> x;
    v_.store_aligned(x);
    for (int width = lanes / 2; width > 0; width /= 2)
      for (int i = 0; i < width; ++i) x[i] = f(x[i], x[i + width]);
    return x[0];
  }
  // Both return the second operand if either is NaN.
  static SIMDNN_INLINE vec raw_max(vec a, vec b) { return batch(operations::max(a.v_, b.v_)); }
  static SIMDNN_INLINE vec raw_min(vec a, vec b) { return batch(operations::min(a.v_, b.v_)); }

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
/// max and min: NaN if either is NaN.
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
/// x limited to low..high, which must not be NaN; a NaN in x stays NaN.
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

// Limits x to what xsimd's double functions can convert to integers, which they do lane by lane.
// For infinities, NaN and large numbers that conversion is undefined behaviour, although xsimd
// discards the results of these lanes. Beyond `bound` the functions are constant.
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

template <class T, class Isa>
SIMDNN_INLINE auto log(vec<T, Isa> x) {
  if constexpr (requires { register_operations<T, Isa>::log(x.raw()); })
    return register_operations<T, Isa>::log(x.raw());
  else
    return xsimd::log(x.raw());
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
SIMDNN_ELEMENTARY(log, vec<T, Isa>(detail::log(x)))
SIMDNN_ELEMENTARY(expm1, SIMDNN_BOUNDED(expm1, 750))
SIMDNN_ELEMENTARY(tanh, SIMDNN_BOUNDED(tanh, 30))
#undef SIMDNN_ELEMENTARY
#undef SIMDNN_BOUNDED

}  // namespace simdnn::inline SIMDNN_ABI
