// What lrn computes (formula in problem.hpp) for a vector of channels or of pixels: the sum over a
// window, 1 / s, s^-beta and the gradient.
#pragma once

#include <simdnn/isa/exp.hpp>
#include <simdnn/isa/long_sum.hpp>
#include <simdnn/ops/lrn/problem.hpp>

namespace simdnn::inline SIMDNN_ABI::lrn {

// window_sum() of many terms. Not inline, because it would be most of the code of each loop.
template <class V, bool Squares, class Lanes>
SIMDNN_NOINLINE V long_window_sum(const typename V::value_type* p, index_t stride, index_t count,
                                  Lanes lanes) {
  long_sum<V> sum;
  for (index_t j = 0; j < count; ++j) {
    const V x = V::load(p + j * stride, lanes);
    sum.add([&](auto, V s) SIMDNN_INLINE_LAMBDA { return Squares ? V::fma(x, x, s) : s + x; });
  }
  return sum.total();
}

/// The sum of the `count` vectors at p, p + stride, ..., or of their squares. All terms are added
/// again for each window. A sliding sum, which adds one term and subtracts another, would keep the
/// rounding errors and the NaN of terms that are no longer in the window.
template <class V, bool Squares, class Lanes>
SIMDNN_INLINE V window_sum(const typename V::value_type* p, index_t stride, index_t count,
                           Lanes lanes) {
  V sum(0);
  const auto add = [&](index_t j) SIMDNN_INLINE_LAMBDA {
    const V x = V::load(p + j * stride, lanes);
    sum = Squares ? V::fma(x, x, sum) : sum + x;
  };
  constexpr int usual = 5;
  if (count == usual) [[likely]]
    unroll<usual>([&](auto j) SIMDNN_INLINE_LAMBDA { add(j); });
  else if (count <= plain_terms)
    for (index_t j = 0; j < count; ++j) add(j);
  else
    sum = long_window_sum<V, Squares>(p, stride, count, lanes);
  return sum;
}

template <class V>
class scale {
  using T = typename V::value_type;

 public:
  explicit scale(const lrn_problem& p)
      : k_(static_cast<T>(p.k)),
        alpha_(static_cast<T>(p.alpha / static_cast<double>(p.local_size))),
        beta_(static_cast<T>(p.beta)),
        gradient_(static_cast<T>(2 * p.alpha * p.beta / static_cast<double>(p.local_size))),
        form_(p.beta == 0.75  ? form::roots
              : p.beta == 0.5 ? form::root
              : p.beta == 1   ? form::itself
                              : form::any) {}

  /// 1 / s from the sum of the window's squares.
  SIMDNN_INLINE V inverse(V squares) const { return V(1) / V::fma(V(alpha_), squares, V(k_)); }
  /// s^-beta from 1 / s. All vectors of a call take the same branch, so it costs little compared
  /// with the division.
  SIMDNN_INLINE V power(V inverse) const {
    if (form_ == form::roots) {
      const V root = simdnn::sqrt(inverse);
      return root * simdnn::sqrt(root);
    }
    if (form_ == form::root) return simdnn::sqrt(inverse);
    if (form_ == form::itself) return inverse;
    return any_power(inverse, V(beta_));
  }
  /// diff_src from diff_dst * s^-beta, src, and the sum of diff_dst * dst / s over the windows that
  /// contain the element.
  SIMDNN_INLINE V gradient(V scaled, V src, V sum) const {
    return scaled - V(gradient_) * src * sum;
  }

 private:
  // Not inline, because it would be most of the code of each loop.
  static SIMDNN_NOINLINE V any_power(V x, V exponent) {
    return simdnn::exp(exponent * simdnn::log(x));
  }

  enum class form { roots, root, itself, any };  // beta is 0.75, 0.5, 1 or another

  T k_, alpha_, beta_, gradient_;
  form form_;
};

}  // namespace simdnn::inline SIMDNN_ABI::lrn
