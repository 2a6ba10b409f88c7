// softmax in vectors of whatever lies side by side: channels, or pixels of the fastest dimension.
#pragma once

#include <algorithm>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/softmax/channel_lanes.hpp>
#include <simdnn/ops/softmax/pixel_lanes.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/tensor/view.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, layout L, class Isa>
class direct {
  static constexpr int channel_dim = L.dim('c');
  static constexpr int fastest_dim = L.outer_dim(L.rank() - 1);
  static constexpr bool channel_blocks = !L.plain() && L.block(channel_dim) == L.block_size();
  static constexpr bool channels = channel_blocks || (L.plain() && fastest_dim == channel_dim);

 public:
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const shape&) {
    return channels || L.plain() ? nullptr : "a dimension other than the channels is blocked";
  }
  static double cost(const shape& s) { return static_cast<double>(s.elements()); }
  explicit direct(const shape&) {}

  void forward(const view<const T, L>& src, const view<T, L>& dst, executor_ref executor) const {
    for_each_row(src, executor, [&](index_t at, index_t n) {
      if constexpr (channels)
        channel_kernel(src).forward(src.data() + at, dst.data() + at);
      else
        pixel_kernel(src).forward(src.data() + at, dst.data() + at, n);
    });
  }
  void backward(const view<const T, L>& diff_dst, const view<const T, L>& dst,
                const view<T, L>& diff_src, executor_ref executor) const {
    for_each_row(dst, executor, [&](index_t at, index_t n) {
      if constexpr (channels)
        channel_kernel(dst).backward(diff_dst.data() + at, dst.data() + at, diff_src.data() + at);
      else
        pixel_kernel(dst).backward(diff_dst.data() + at, dst.data() + at, diff_src.data() + at, n);
    });
  }
  /// Of one pixel whose channels begin at src; also its largest element and the sum of
  /// exponentials.
  static auto channel_kernel(const view<const T, L>& v) {
    const index_t c = v.size(channel_dim);
    return channel_lanes<T, Isa>(c, channel_blocks ? L.block(channel_dim) : c,
                                 channel_blocks ? v.stride(channel_dim) : 0);
  }

 private:
  static auto pixel_kernel(const view<const T, L>& v) {
    return pixel_lanes<T, Isa>(v.size(channel_dim), v.stride(channel_dim));
  }

  // f(offset, n) for each pixel, or for n neighbouring ones of the fastest dimension.
  template <class F>
  static void for_each_row(const view<const T, L>& v, executor_ref executor, F f) {
    constexpr index_t piece = costs::softmax_pixels;
    index_t extent[max_rank] = {}, stride[max_rank] = {};  // innermost first
    int rank = 0;
    index_t run = 1;
    for (int at = L.rank() - 1; at >= 0; --at) {
      const int d = L.outer_dim(at);
      if (d == channel_dim) continue;
      if (!channels && rank == 0 && v.stride(d) == run) {
        run *= v.size(d);
        continue;
      }
      extent[rank] = v.size(d);
      stride[rank++] = v.stride(d);
    }
    const index_t pieces = ceil_div(run, piece);
    index_t units = pieces;
    for (int i = 0; i < rank; ++i) units *= extent[i];
    parallel_for(executor, units, [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t from = unit % pieces * piece;
        index_t at = from, rest = unit / pieces;
        for (int i = 0; i < rank; ++i) {
          at += rest % extent[i] * stride[i];
          rest /= extent[i];
        }
        f(at, std::min(piece, run - from));
      }
    });
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::softmax
