// Walks over the pixels of a tensor of any layout, for operations across channels. A pixel is one
// index of all dimensions except the channels: a position in an image, or a row of "nc".
//
//     const pixel_walk walk(src);
//     walk.for_each(executor, [&](index_t at, index_t n) {
//       // n contiguous pixels; channel c of the first: src.data()[at + walk.channels().offset(c)]
//     });
//
//     nhwc, nc    n = 1, one run of channels         vectors of channels
//     nChw16c     n = 1, a run for each block        vectors of channels
//     nchw        n <= 64, runs of one channel       vectors of pixels, one channel after the other
//
// Offsets are valid for all operands of the same shape and strides.
#pragma once

#include <algorithm>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/tensor/view.hpp>
#include <simdnn/walk/contiguity.hpp>
#include <simdnn/walk/lanes.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// The offsets of a pixel's channels, as runs of contiguous channels.
struct channel_runs {
  index_t channels;  ///< at least 1
  index_t run;       ///< channels of one run; the last may have fewer, followed by padding
  index_t stride;    ///< from one run to the next

  /// The distance from a pixel's channel 0 to its channel c.
  index_t offset(index_t c) const { return c / run * stride + c % run; }

  /// Calls f(offset, lanes) for the vectors of all runs, as simdnn::for_each_vector does.
  template <class V, class F>
  SIMDNN_INLINE void for_each_vector(F f) const {
    index_t start = 0;
    for (index_t left = channels; left > 0; left -= run, start += stride)
      simdnn::for_each_vector<V>(std::min(run, left),
                                 [&](index_t at, auto lanes)
                                     SIMDNN_INLINE_LAMBDA { f(start + at, lanes); });
  }
  /// Zeros the padding of the pixel whose channel 0 is at p.
  template <class T>
  void zero_padding(T* p) const {
    const index_t last = (channels - 1) / run;
    std::fill(p + last * stride + channels - last * run, p + last * stride + run, T(0));
  }
};

/// Pixels are numbered in the order of memory. Units of work depend on the view alone, not on the
/// number of threads.
template <layout L>
class pixel_walk {
  static constexpr int channel_dim = L.dim('c');

 public:
  /// What vectors hold: channels or pixels.
  static constexpr contiguity contiguous = contiguity_of(L);
  static_assert(channel_dim >= 0 && contiguous != contiguity::any,
                "pixel_walk takes layouts with channels, in which nothing else is blocked");

  /// The view has at least one channel. Plain layouts with the channels innermost need stride 1
  /// between them; other dimensions may have any strides.
  template <class T>
  explicit pixel_walk(const view<T, L>& v) {
    const index_t c = v.size(channel_dim);
    if constexpr (contiguous == contiguity::pixels)
      channels_ = {c, 1, v.stride(channel_dim)};
    else if constexpr (L.plain())
      channels_ = {c, c, 0};
    else
      channels_ = {c, L.block(channel_dim), v.stride(channel_dim)};
    for (int at = L.rank() - 1; at >= 0; --at) {
      const int d = layout_table<L>::outer_dim[at];
      if (d == channel_dim) continue;
      count_ *= v.size(d);
      if (contiguous == contiguity::pixels && rank_ == 0 && v.stride(d) == row_) {
        row_ *= v.size(d);
        continue;
      }
      extent_[rank_] = v.size(d);
      stride_[rank_++] = v.stride(d);
    }
  }

  /// Pixels of all images.
  index_t count() const { return count_; }
  const channel_runs& channels() const { return channels_; }
  /// The offset of a pixel's channel 0.
  index_t offset(index_t pixel) const { return row_offset(pixel / row_) + pixel % row_; }
  /// Writes the offsets of n pixels from `first` on. Only for layouts whose vectors hold channels.
  /// Cheaper than n calls of offset(), each of which takes several divisions.
  void offsets(index_t first, index_t n, index_t* to) const {
    index_t at = row_offset(first), i[max_rank];
    for (int d = 0; d < rank_; first /= extent_[d++]) i[d] = first % extent_[d];
    for (index_t k = 0; k < n; ++k) {
      to[k] = at;
      for (int d = 0; d < rank_; ++d) {
        at += stride_[d];
        if (++i[d] < extent_[d]) break;
        at -= extent_[d] * stride_[d];
        i[d] = 0;
      }
    }
  }

  /// `pixels` contiguous pixels, the first of which is at `offset`.
  struct piece {
    index_t offset, pixels;
  };
  index_t units() const { return count_ / std::max<index_t>(row_, 1) * pieces(); }
  /// The pixels of a unit of work.
  piece unit(index_t i) const {
    const index_t n = pieces(), from = i % n * most;
    return {row_offset(i / n) + from, std::min(most, row_ - from)};
  }
  /// Calls f(offset, pixels) for all units.
  template <class F>
  void for_each(executor_ref executor, F f) const {
    parallel_for(executor, units(), [&](index_t begin, index_t end, index_t) {
      for (index_t i = begin; i < end; ++i) {
        const piece p = unit(i);
        f(p.offset, p.pixels);
      }
    });
  }

 private:
  // Long rows are cut, so that an image of one row has work for many threads.
  static constexpr index_t most = costs::row_pixels;

  index_t pieces() const { return ceil_div(row_, most); }
  index_t row_offset(index_t row) const {
    index_t at = 0;
    for (int i = 0; i < rank_; ++i) {
      at += row % extent_[i] * stride_[i];
      row /= extent_[i];
    }
    return at;
  }

  channel_runs channels_;
  index_t count_ = 1;
  index_t row_ = 1;  // contiguous pixels of a row
  int rank_ = 0;
  index_t extent_[max_rank], stride_[max_rank];  // of rows, innermost first
};

}  // namespace simdnn::inline SIMDNN_ABI
