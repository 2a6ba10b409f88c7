// softmax of one pixel. All its channels are contiguous (nc, nhwc), or the channels of each block
// are (nChw16c). The last block may have fewer channels; its padding is zeroed.
#pragma once

#include <limits>
#include <simdnn/isa/exp.hpp>
#include <simdnn/isa/long_sum.hpp>
#include <simdnn/walk/pixels.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, class Isa>
class channel_lanes {
 public:
  explicit channel_lanes(const channel_runs& channels) : channels_(channels) {}

  /// The largest element and the sum of exp(x - largest).
  struct totals {
    T largest, sum;
  };
  totals forward(const T* src, T* dst) const {
    constexpr T lowest = -std::numeric_limits<T>::infinity();
    V largest(lowest);
    channels_.for_each_vector<V>([&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      largest = V::max(largest, with_rest(V::load(src + at, lanes), lanes, lowest));
    });
    const T m = largest.reduce_max();
    long_sum<V> sum;
    channels_.for_each_vector<V>([&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      const V x = with_rest(V::load(src + at, lanes), lanes, m);
      const V e = with_rest(simdnn::exp(x - V(m)), lanes, T(0));
      sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return a + e; });
      e.store(dst + at, lanes);
    });
    const T total = sum.total().reduce_add();
    const V inverse(1 / total);  // at most 1, because the largest channel's exponential is 1
    channels_.for_each_vector<V>([&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      (V::load(dst + at, lanes) * inverse).store(dst + at, lanes);
    });
    channels_.zero_padding(dst);
    return {m, total};
  }

  void backward(const T* diff_dst, const T* dst, T* diff_src) const {
    long_sum<V> sum;
    channels_.for_each_vector<V>([&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      const V g = V::load(diff_dst + at, lanes), y = V::load(dst + at, lanes);
      sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return V::fma(g, y, a); });
    });
    const V total(sum.total().reduce_add());
    channels_.for_each_vector<V>([&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      const V g = V::load(diff_dst + at, lanes), y = V::load(dst + at, lanes);
      (y * (g - total)).store(diff_src + at, lanes);
    });
    channels_.zero_padding(diff_src);
  }

 private:
  using V = vec<T, Isa>;

  channel_runs channels_;
};

}  // namespace simdnn::inline SIMDNN_ABI::softmax
