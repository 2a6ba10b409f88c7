// Sums of vec, float or double in the order of their terms:
//     long_sum     any number of terms; the error does not grow with their number
//     plain_sum    at most plain_terms terms; the same members, one addition per term
//
// A long_sum adds up 16 terms in a chain, then adds the chain to a compensated total (Kahan's
// algorithm). For n terms of one sign the error is at most 15 roundings of a chain and 2 of the
// total; a plain sum has n - 1 roundings. Chains of 16 cost 6 instructions per 16 additions; chains
// of 8 would cost 12 and only halve an error that is rarely above 3 units in the last place.
//
// Infinities and NaN have the same effect as in a plain sum.
#pragma once

#include <simdnn/base/unroll.hpp>
#include <simdnn/isa/vec.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// A plain sum is used up to this many terms, for instance for windows of 7x7 and 4x4x4.
inline constexpr index_t plain_terms = 64;

/// Adds x to total. `lost` is the amount by which total is too large; both start at 0.
///
/// It contains no product: compilers may contract a product and a sum, but not reorder sums.
template <class X>
SIMDNN_INLINE void add_compensated(X& total, X& lost, X x) {
  const X term = x - lost, sum = total + term;
  const X error = (sum - total) - term;
  total = sum;
  // If sum is not finite, error is not either, and would turn infinity into NaN in the next call.
  lost = select(error - error == X(0), error, X(0));
}

/// N sums at once.
template <class X, int N = 1>
class plain_sum {
 public:
  static constexpr int count = N;

  SIMDNN_INLINE plain_sum() {
    unroll<N>([&](auto i) SIMDNN_INLINE_LAMBDA { sum_[i] = X(0); });
  }
  /// f(i, s) returns s plus the next term of sum i; the term may be a product, added by fma.
  template <class F>
  SIMDNN_INLINE void add(F f) {
    unroll<N>([&](auto i) SIMDNN_INLINE_LAMBDA { sum_[i] = f(i, sum_[i]); });
  }
  SIMDNN_INLINE X total(int i = 0) const { return sum_[i]; }

 private:
  c_array<X, N> sum_;
};

template <class X, int N = 1>
class long_sum {
 public:
  static constexpr int count = N;

  SIMDNN_INLINE long_sum() {
    unroll<N>([&](auto i) SIMDNN_INLINE_LAMBDA { chain_[i] = total_[i] = lost_[i] = X(0); });
  }
  /// See plain_sum::add.
  template <class F>
  SIMDNN_INLINE void add(F f) {
    unroll<N>([&](auto i) SIMDNN_INLINE_LAMBDA { chain_[i] = f(i, chain_[i]); });
    if (++terms_ < chain_terms) return;
    unroll<N>([&](auto i) SIMDNN_INLINE_LAMBDA {
      add_compensated(total_[i], lost_[i], chain_[i]);
      chain_[i] = X(0);
    });
    terms_ = 0;
  }
  SIMDNN_INLINE X total(int i = 0) const {
    X total = total_[i], lost = lost_[i];
    add_compensated(total, lost, chain_[i]);
    return total;
  }

 private:
  static constexpr int chain_terms = 16;

  c_array<X, N> chain_, total_, lost_;
  int terms_ = 0;
};

}  // namespace simdnn::inline SIMDNN_ABI
