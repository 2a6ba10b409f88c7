// The element-wise functions of post-ops and of the activation op: y = f(x), and gradient(g, x, y),
// the gradient with respect to x if g is the gradient with respect to y.
//
// Each accepts vec, float and double. Parameters are double and are rounded to the element type.
// f(NaN) is NaN.
#pragma once

#include <limits>
#include <simdnn/isa/exp.hpp>
#include <simdnn/isa/vec.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace detail {

template <class V>
SIMDNN_INLINE constexpr auto to_element(double x) {
  if constexpr (is_vec<V>)
    return static_cast<typename V::value_type>(x);
  else
    return static_cast<V>(x);
}

}  // namespace detail

namespace function {

/// x limited to low..high. The gradient is g if x is strictly between the limits, and 0 otherwise,
/// also if x is NaN. If a limit is infinite, the gradient is g even if x equals it.
struct clamp {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  template <class V>
  SIMDNN_INLINE V operator()(V x) const {
    return simdnn::clamp(x, V(detail::to_element<V>(low)), V(detail::to_element<V>(high)));
  }
  template <class V>
  SIMDNN_INLINE V gradient(V g, V, V y) const {
    // A finite double may be infinite after rounding to the element type.
    const auto bottom = detail::to_element<V>(low), top = detail::to_element<V>(high);
    const V zero(0);
    const auto above = bottom < -largest(bottom) ? y >= V(bottom) : y > V(bottom);
    const auto below = top > largest(top) ? y <= V(top) : y < V(top);
    return simdnn::select(above, simdnn::select(below, g, zero), zero);
  }

 private:
  template <class S>
  static constexpr S largest(S) {
    return std::numeric_limits<S>::max();
  }
};

/// max(x, 0); gradient 0 at 0 and at NaN.
struct relu : clamp {
  constexpr relu() : clamp{0} {}
};

/// x > 0 ? x : slope * x.
struct leaky_relu {
  double slope = 0.01;
  template <class V>
  SIMDNN_INLINE V operator()(V x) const {
    return simdnn::select(x > V(0), x, x * V(detail::to_element<V>(slope)));
  }
  template <class V>
  SIMDNN_INLINE V gradient(V g, V x, V) const {
    return simdnn::select(x > V(0), g, g * V(detail::to_element<V>(slope)));
  }
};

/// x > 0 ? x : alpha * (exp(x) - 1).
struct elu {
  double alpha = 1;
  template <class V>
  SIMDNN_INLINE V operator()(V x) const {
    // select computes both branches: min(x, 0) keeps expm1 from overflowing in the unused one.
    return simdnn::select(x > V(0), x,
                          V(detail::to_element<V>(alpha)) * simdnn::expm1(simdnn::min(x, V(0))));
  }
  template <class V>
  SIMDNN_INLINE V gradient(V g, V x, V y) const {
    return simdnn::select(x > V(0), g, g * (y + V(detail::to_element<V>(alpha))));
  }
};

struct tanh {
  template <class V>
  SIMDNN_INLINE V operator()(V x) const {
    return simdnn::tanh(x);
  }
  template <class V>
  SIMDNN_INLINE V gradient(V g, V, V y) const {
    return g * (V(1) - y * y);
  }
};

/// 1 / (1 + exp(-x)), computed from exp(-|x|), which cannot overflow.
struct sigmoid {
  template <class V>
  SIMDNN_INLINE V operator()(V x) const {
    const V e = simdnn::exp(-simdnn::abs(x));
    return simdnn::select(x < V(0), e, V(1)) / (V(1) + e);
  }
  template <class V>
  SIMDNN_INLINE V gradient(V g, V, V y) const {
    return g * y * (V(1) - y);
  }
};

}  // namespace function

}  // namespace simdnn::inline SIMDNN_ABI
