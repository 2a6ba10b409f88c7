// softmax of a vector of neighbouring pixels (nchw), a channel at a time.
#pragma once

#include <simdnn/isa/exp.hpp>
#include <simdnn/isa/long_sum.hpp>
#include <simdnn/isa/vec.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, class Isa>
class pixel_lanes {
 public:
  /// Channels `stride` apart.
  pixel_lanes(index_t channels, index_t stride) : channels_(channels), stride_(stride) {}

  /// n neighbouring pixels.
  void forward(const T* src, T* dst, index_t n) const {
    for_each_vector(n, [&](index_t at, auto access) SIMDNN_INLINE_LAMBDA {
      const T* s = src + at;
      T* d = dst + at;
      V largest = access.load(s);
      for (index_t c = 1; c < channels_; ++c)
        largest = V::max(largest, access.load(s + c * stride_));
      long_sum<V> sum;
      for (index_t c = 0; c < channels_; ++c) {
        const V e = simdnn::exp(access.load(s + c * stride_) - largest);
        sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return a + e; });
        access.store(e, d + c * stride_);
      }
      const V inverse = V(1) / sum.total();  // at most 1: the largest channel's exponential is
      for (index_t c = 0; c < channels_; ++c)
        access.store(access.load(d + c * stride_) * inverse, d + c * stride_);
    });
  }

  void backward(const T* diff_dst, const T* dst, T* diff_src, index_t n) const {
    for_each_vector(n, [&](index_t at, auto access) SIMDNN_INLINE_LAMBDA {
      long_sum<V> sum;
      for (index_t c = 0; c < channels_; ++c) {
        const V g = access.load(diff_dst + at + c * stride_);
        const V y = access.load(dst + at + c * stride_);
        sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return V::fma(g, y, a); });
      }
      const V total = sum.total();
      for (index_t c = 0; c < channels_; ++c) {
        const V g = access.load(diff_dst + at + c * stride_);
        const V y = access.load(dst + at + c * stride_);
        access.store(y * (g - total), diff_src + at + c * stride_);
      }
    });
  }

 private:
  using V = vec<T, Isa>;
  struct whole {
    SIMDNN_INLINE V load(const T* p) const { return V::load(p); }
    SIMDNN_INLINE void store(V v, T* p) const { v.store(p); }
  };
  struct partly {
    index_t n;
    SIMDNN_INLINE V load(const T* p) const { return V::load(p, n); }
    SIMDNN_INLINE void store(V v, T* p) const { v.store(p, n); }
  };

  template <class F>
  static SIMDNN_INLINE void for_each_vector(index_t n, F f) {
    index_t at = 0;
    for (; at + V::lanes <= n; at += V::lanes) f(at, whole{});
    if (at < n) f(at, partly{n - at});
  }

  index_t channels_, stride_;
};

}  // namespace simdnn::inline SIMDNN_ABI::softmax
