// softmax of a vector of contiguous pixels (nchw), a channel at a time.
#pragma once

#include <simdnn/isa/exp.hpp>
#include <simdnn/isa/long_sum.hpp>
#include <simdnn/walk/pixels.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, class Isa>
class pixel_lanes {
 public:
  /// Each run of `channels` is one channel.
  explicit pixel_lanes(const channel_runs& channels)
      : channels_(channels.channels), stride_(channels.stride) {}

  /// n contiguous pixels.
  void forward(const T* src, T* dst, index_t n) const {
    for_each_vector<V>(n, [&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      const T* s = src + at;
      T* d = dst + at;
      V largest = V::load(s, lanes);
      for (index_t c = 1; c < channels_; ++c)
        largest = V::max(largest, V::load(s + c * stride_, lanes));
      long_sum<V> sum;
      for (index_t c = 0; c < channels_; ++c) {
        const V e = simdnn::exp(V::load(s + c * stride_, lanes) - largest);
        sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return a + e; });
        e.store(d + c * stride_, lanes);
      }
      const V inverse = V(1) / sum.total();  // at most 1: the largest channel's exponential is 1
      for (index_t c = 0; c < channels_; ++c)
        (V::load(d + c * stride_, lanes) * inverse).store(d + c * stride_, lanes);
    });
  }

  void backward(const T* diff_dst, const T* dst, T* diff_src, index_t n) const {
    for_each_vector<V>(n, [&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      long_sum<V> sum;
      for (index_t c = 0; c < channels_; ++c) {
        const V g = V::load(diff_dst + at + c * stride_, lanes);
        const V y = V::load(dst + at + c * stride_, lanes);
        sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return V::fma(g, y, a); });
      }
      const V total = sum.total();
      for (index_t c = 0; c < channels_; ++c) {
        const V g = V::load(diff_dst + at + c * stride_, lanes);
        const V y = V::load(dst + at + c * stride_, lanes);
        (y * (g - total)).store(diff_src + at + c * stride_, lanes);
      }
    });
  }

 private:
  using V = vec<T, Isa>;

  index_t channels_, stride_;
};

}  // namespace simdnn::inline SIMDNN_ABI::softmax
