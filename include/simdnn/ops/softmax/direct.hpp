// softmax in vectors of what is contiguous: channels, or pixels of the fastest dimension.
#pragma once

#include <simdnn/ops/softmax/channel_lanes.hpp>
#include <simdnn/ops/softmax/pixel_lanes.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, layout L, class Isa>
class direct {
  static constexpr bool channels = contiguity_of(L) == contiguity::channels;

 public:
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const shape&) {
    return contiguity_of(L) == contiguity::any ? "a dimension other than the channels is blocked"
                                               : nullptr;
  }
  static double cost(const shape& s) { return static_cast<double>(s.elements()); }
  explicit direct(const shape&) {}

  void forward(const view<const T, L>& src, const view<T, L>& dst, executor_ref executor) const {
    const pixel_walk walk(src);
    walk.for_each(executor, [&](index_t at, index_t n) {
      if constexpr (channels)
        channel_lanes<T, Isa>(walk.channels()).forward(src.data() + at, dst.data() + at);
      else
        pixel_lanes<T, Isa>(walk.channels()).forward(src.data() + at, dst.data() + at, n);
    });
  }
  void backward(const view<const T, L>& diff_dst, const view<const T, L>& dst,
                const view<T, L>& diff_src, executor_ref executor) const {
    const pixel_walk walk(dst);
    walk.for_each(executor, [&](index_t at, index_t n) {
      const T *g = diff_dst.data() + at, *y = dst.data() + at;
      if constexpr (channels)
        channel_lanes<T, Isa>(walk.channels()).backward(g, y, diff_src.data() + at);
      else
        pixel_lanes<T, Isa>(walk.channels()).backward(g, y, diff_src.data() + at, n);
    });
  }
  /// The kernel for one pixel, whose channel 0 is at src. Its forward(src, dst) also returns the
  /// pixel's largest element and sum of exponentials.
  static auto channel_kernel(const view<const T, L>& v) {
    return channel_lanes<T, Isa>(pixel_walk(v).channels());
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::softmax
