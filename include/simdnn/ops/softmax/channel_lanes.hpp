// softmax of one pixel whose channels lie side by side, in one run (nc, nhwc) or in several of a
// block's length (nChw16c), the last of which may be shorter; the padding behind it is zeroed.
#pragma once

#include <algorithm>
#include <limits>
#include <simdnn/base/fixed_array.hpp>
#include <simdnn/isa/exp.hpp>
#include <simdnn/isa/long_sum.hpp>
#include <simdnn/isa/vec.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, class Isa>
class channel_lanes {
 public:
  /// `run` neighbours at a time, runs `stride` apart, of `channels` in all.
  channel_lanes(index_t channels, index_t run, index_t stride)
      : channels_(channels), run_(run), stride_(stride) {}

  /// The largest element and the sum of exp(x - largest).
  struct totals {
    T largest, sum;
  };
  totals forward(const T* src, T* dst) const {
    V largest(-std::numeric_limits<T>::infinity());
    for_each_vector([&](index_t at, auto access) SIMDNN_INLINE_LAMBDA {
      largest = V::max(largest, access.load(src + at, -std::numeric_limits<T>::infinity()));
    });
    const T m = largest.reduce_max();
    long_sum<V> sum;
    for_each_vector([&](index_t at, auto access) SIMDNN_INLINE_LAMBDA {
      const V e = access.keep(simdnn::exp(access.load(src + at, m) - V(m)));
      sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return a + e; });
      access.store(e, dst + at);
    });
    const T total = sum.total().reduce_add();
    const V inverse(1 / total);  // at most 1: the largest channel's exponential is
    for_each_vector([&](index_t at, auto access) SIMDNN_INLINE_LAMBDA {
      access.store(access.load(dst + at, 0) * inverse, dst + at);
    });
    zero_padding(dst);
    return {m, total};
  }

  void backward(const T* diff_dst, const T* dst, T* diff_src) const {
    long_sum<V> sum;
    for_each_vector([&](index_t at, auto access) SIMDNN_INLINE_LAMBDA {
      const V g = access.load(diff_dst + at, 0), y = access.load(dst + at, 0);
      sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return V::fma(g, y, a); });
    });
    const V total(sum.total().reduce_add());
    for_each_vector([&](index_t at, auto access) SIMDNN_INLINE_LAMBDA {
      const V g = access.load(diff_dst + at, 0), y = access.load(dst + at, 0);
      access.store(y * (g - total), diff_src + at);
    });
    zero_padding(diff_src);
  }

 private:
  using V = vec<T, Isa>;
  // Whole vectors, or the first n lanes of one; load fills the others with `otherwise`, keep with
  // 0.
  struct whole {
    SIMDNN_INLINE V load(const T* p, T) const { return V::load(p); }
    SIMDNN_INLINE V keep(V v) const { return v; }
    SIMDNN_INLINE void store(V v, T* p) const { v.store(p); }
  };
  struct partly {
    index_t n;
    SIMDNN_INLINE V load(const T* p, T otherwise) const {
      return select(inside(), V::load(p, n), V(otherwise));
    }
    SIMDNN_INLINE V keep(V v) const { return select(inside(), v, V(0)); }
    SIMDNN_INLINE void store(V v, T* p) const { v.store(p, n); }

   private:
    SIMDNN_INLINE auto inside() const {
      static constexpr auto numbers = [] {
        fixed_array<T, V::lanes> x{};
        for (int i = 0; i < V::lanes; ++i) x[i] = static_cast<T>(i);
        return x;
      }();
      return V::load(numbers.data()) < V(static_cast<T>(n));
    }
  };

  // f(offset, access) for all vectors of all runs.
  template <class F>
  SIMDNN_INLINE void for_each_vector(F f) const {
    index_t start = 0;
    for (index_t left = channels_; left > 0; left -= run_, start += stride_) {
      const index_t n = std::min(run_, left);
      index_t at = 0;
      for (; at + V::lanes <= n; at += V::lanes) f(start + at, whole{});
      if (at < n) f(start + at, partly{n - at});
    }
  }
  void zero_padding(T* p) const {
    const index_t last = (channels_ - 1) / run_;
    std::fill(p + last * stride_ + channels_ - last * run_, p + last * stride_ + run_, T(0));
  }

  index_t channels_, run_, stride_;
};

}  // namespace simdnn::inline SIMDNN_ABI::softmax
