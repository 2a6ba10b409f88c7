// The element-wise functions, for post-ops and for the activation op: f(x), and the gradient with
// respect to x given the gradient g with respect to y = f(x). x and y are both at hand.
//
// Each takes vec, float and double alike. NaN in gives NaN out.
#pragma once

#include <limits>
#include <simdnn/isa/exp.hpp>
#include <simdnn/isa/vec.hpp>

namespace simdnn::inline SIMDNN_ABI::function {

/// Limited to low..high; the gradient passes strictly between them, as for relu.
struct clamp {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  template <class V>
  SIMDNN_INLINE V operator()(V x) const {
    return simdnn::clamp(x, V(limit<V>(low)), V(limit<V>(high)));
  }
  template <class V>
  SIMDNN_INLINE V gradient(V g, V, V y) const {
    const V zero(0);
    return simdnn::select(y > V(limit<V>(low)), simdnn::select(y < V(limit<V>(high)), g, zero),
                          zero);
  }

 private:
  template <class V>
  static constexpr auto limit(double x) {
    if constexpr (is_vec<V>)
      return static_cast<typename V::value_type>(x);
    else
      return static_cast<V>(x);
  }
};

/// max(x, 0); gradient 0 at 0.
struct relu : clamp {
  constexpr relu() : clamp{0} {}
};

/// x > 0 ? x : slope * x.
struct leaky_relu {
  float slope = 0.01f;
  template <class V>
  SIMDNN_INLINE V operator()(V x) const {
    return simdnn::select(x > V(0), x, x * V(slope));
  }
  template <class V>
  SIMDNN_INLINE V gradient(V g, V x, V) const {
    return simdnn::select(x > V(0), g, g * V(slope));
  }
};

/// x > 0 ? x : alpha * (exp(x) - 1).
struct elu {
  float alpha = 1;
  template <class V>
  SIMDNN_INLINE V operator()(V x) const {
    // The branch that select drops must not overflow: exp of the negative part only.
    return simdnn::select(x > V(0), x, V(alpha) * simdnn::expm1(simdnn::min(x, V(0))));
  }
  template <class V>
  SIMDNN_INLINE V gradient(V g, V x, V y) const {
    return simdnn::select(x > V(0), g, g * (y + V(alpha)));
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

/// 1 / (1 + exp(-x)), through exp(-|x|) so that nothing overflows.
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

}  // namespace simdnn::inline SIMDNN_ABI::function
