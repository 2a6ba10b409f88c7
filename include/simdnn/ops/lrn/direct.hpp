// lrn in vectors of channels or of pixels, whichever are contiguous. problem.hpp has the formula,
// with s, beta, and `before` and `after`: the channels of a window before and after its own. src is
// read from memory once: when an element is needed for another window, it is still in L1.
//
// Channels (nc, nhwc, nChw16c): a few pixels at a time are copied to lines. A pixel has a line x,
// and in the backward pass also a line t, in which all its channels are contiguous. Windows are
// read from a line as overlapping vectors.
//
//     line x    0 0 | src of channels 0 .. C-1 | 0 0     `before` zeros first, `after` zeros last
//     line t    0 0 | diff_dst * dst / s       | 0 0     `after` zeros first, `before` zeros last
//
// Pixels (nchw): rows of pixels, one channel after the other. Forward reads the rows of a window
// from src; backward keeps the window's rows of diff_dst * dst / s in a ring buffer.
//
// In both cases, backward first stores diff_dst * s^-beta in diff_src. When s is known for all
// windows that contain the element, it reads this back and subtracts the contribution of these
// windows (scale::gradient). It reads an element of diff_dst only before it writes that element of
// diff_src, so diff_src may be diff_dst.
//
// Inner loops use a local copy of *this, so that its members stay in registers: the compiler must
// assume that a store of a vector changes the members of an object that other code can see.
#pragma once

#include <simdnn/ops/lrn/scale.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/walk/pixels.hpp>

namespace simdnn::inline SIMDNN_ABI::lrn {

template <class T, layout L, class Isa>
class direct {
  using V = vec<T, Isa>;
  using all_lanes = typename V::all_lanes;
  static constexpr bool channel_lanes = contiguity_of(L) == contiguity::channels;

 public:
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const lrn_problem&) { return nullptr; }
  static double cost(const lrn_problem& p) { return static_cast<double>(p.src_shape().elements()); }
  explicit direct(const lrn_problem& p)
      : scale_(p),
        channels_(p.channels),
        before_(std::min(p.before(), p.channels - 1)),
        after_(std::min(p.after(), p.channels - 1)) {}

  /// Enough for the backward pass; the forward pass needs at most as much.
  index_t workspace_bytes(int workers) const {
    return round_up(worker_bytes(), workspace_slices::alignment) * workers;
  }

  void forward(const view<const T, L>& src, const view<T, L>& dst, executor_ref executor,
               std::span<std::byte> workspace) const {
    const pixel_walk walk(src);
    if constexpr (channel_lanes) {
      for_each_group(walk, executor, workspace, "lrn_forward", [&](const group& g) {
        const direct k = *this;
        k.copy_lines(g, walk.channels(), src.data());
        k.for_each_vector(g, walk.channels(),
                          [&](const T* x, T*, index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
                            const V own = V::load(x + k.before_);
                            (own * k.scale_.power(k.inverse(x))).store(dst.data() + at, lanes);
                          });
        zero_padding(g, walk.channels(), dst.data());
      });
    } else {
      walk.for_each(executor, [&](index_t at, index_t n) {
        const direct k = *this;
        const index_t stride = walk.channels().stride;
        for (index_t c = 0; c < k.channels_; ++c) {
          const rows window = k.window_of(c);
          const T* const first = src.data() + at + window.first * stride;
          const index_t own = at + c * stride;
          simdnn::for_each_vector<V>(n, [&](index_t i, auto lanes) SIMDNN_INLINE_LAMBDA {
            const V squares = window_sum<V, true>(first + i, stride, window.count, lanes);
            const V x = V::load(src.data() + own + i, lanes);
            (x * k.scale_.power(k.scale_.inverse(squares))).store(dst.data() + own + i, lanes);
          });
        }
      });
    }
  }

  void backward(const view<const T, L>& diff_dst, const view<const T, L>& src,
                const view<T, L>& diff_src, executor_ref executor,
                std::span<std::byte> workspace) const {
    const pixel_walk walk(src);
    if constexpr (channel_lanes) {
      for_each_group(walk, executor, workspace, "lrn_backward", [&](const group& g) {
        const direct k = *this;
        k.copy_lines(g, walk.channels(), src.data());
        k.for_each_vector(g, walk.channels(),
                          [&](const T* x, T* t, index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
                            const V v = k.inverse(x);
                            const V r = V::load(diff_dst.data() + at, lanes) * k.scale_.power(v);
                            r.store(diff_src.data() + at, lanes);
                            (r * V::load(x + k.before_) * v).store(t + k.after_, lanes);
                          });
        k.for_each_vector(
            g, walk.channels(), [&](const T* x, T* t, index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
              const V sum = window_sum<V, false>(t, 1, k.count(), all_lanes());
              const V r = V::load(diff_src.data() + at, lanes);
              k.scale_.gradient(r, V::load(x + k.before_), sum).store(diff_src.data() + at, lanes);
            });
        zero_padding(g, walk.channels(), diff_src.data());
      });
    } else {
      const workspace_slices scratch(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                     "lrn_backward");
      parallel_for(executor, walk.units(), [&](index_t begin, index_t end, index_t worker) {
        for (index_t i = begin; i < end; ++i) {
          const auto [at, n] = walk.unit(i);
          backward_rows(diff_dst.data() + at, src.data() + at, diff_src.data() + at, n,
                        walk.channels().stride, scratch.template slice<T>(worker));
        }
      });
    }
  }

 private:
  // Number of channels of a window that is not cut off at the first or last channel.
  index_t count() const { return before_ + after_ + 1; }

  struct rows {
    index_t first, count;
  };
  // The channels of c's window, without those outside of the tensor.
  rows window_of(index_t c) const {
    const index_t first = std::max<index_t>(c - before_, 0);
    return {first, std::min(c + after_, channels_ - 1) - first + 1};
  }

  // The backward pass of n contiguous pixels. The ring has the rows of diff_dst * dst / s of
  // `count` channels. Channel j's row replaces that of channel j - count, which is not needed any
  // more; then the ring has all rows that contribute to diff_src of channel j - before. Rows before
  // the first channel and after the last are zeros.
  void backward_rows(const T* diff_dst, const T* src, T* diff_src, index_t n, index_t stride,
                     T* ring) const {
    const direct k = *this;
    const index_t count = k.count();
    std::fill_n(ring, count * row, T(0));
    for (index_t j = 0; j < k.channels_ + k.before_; ++j) {
      T* const t = ring + j % count * row;
      if (j < k.channels_) {
        const rows window = k.window_of(j);
        const index_t own = j * stride;
        simdnn::for_each_vector<V>(n, [&](index_t i, auto lanes) SIMDNN_INLINE_LAMBDA {
          const V v = k.scale_.inverse(
              window_sum<V, true>(src + window.first * stride + i, stride, window.count, lanes));
          const V r = V::load(diff_dst + own + i, lanes) * k.scale_.power(v);
          r.store(diff_src + own + i, lanes);
          (r * V::load(src + own + i, lanes) * v).store(t + i, lanes);
        });
      } else {
        std::fill_n(t, n, T(0));
      }
      if (j < k.before_) continue;
      const index_t own = (j - k.before_) * stride;
      simdnn::for_each_vector<V>(n, [&](index_t i, auto lanes) SIMDNN_INLINE_LAMBDA {
        const V sum = window_sum<V, false>(ring + i, row, count, lanes);
        const V r = V::load(diff_src + own + i, lanes), x = V::load(src + own + i, lanes);
        k.scale_.gradient(r, x, sum).store(diff_src + own + i, lanes);
      });
    }
  }

  // Pixels that are computed together. A vector loaded from a line overlaps two earlier stores and
  // must wait until both are in L1. With several pixels there is other work in the meantime.
  static constexpr int most = 8;
  struct group {
    index_t pixels;
    index_t at[most];  // offset of each pixel's channel 0 in the tensors
    T *x, *t;          // the pixels' lines, one after the other
  };

  template <class F>
  void for_each_group(const pixel_walk<L>& walk, executor_ref executor,
                      std::span<std::byte> workspace, const char* op, F f) const {
    const workspace_slices scratch(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                   op);
    parallel_for(executor, ceil_div(walk.count(), most),
                 [&](index_t begin, index_t end, index_t worker) {
                   group g;
                   g.x = scratch.template slice<T>(worker);
                   g.t = g.x + most * line();
                   std::fill_n(g.x, 2 * most * line(), T(0));
                   for (index_t first = begin * most; first < std::min(end * most, walk.count());
                        first += most) {
                     g.pixels = std::min<index_t>(most, walk.count() - first);
                     walk.offsets(first, g.pixels, g.at);
                     f(g);
                   }
                 });
  }
  // Calls f(x, t, at, lanes) for each vector of channels of each pixel. Its windows begin at x and
  // t in the lines, and its offset in the tensors is `at`. The size of a block is a constant, so
  // the loop over its vectors is unrolled.
  template <class F>
  SIMDNN_INLINE void for_each_vector(const group& g, const channel_runs& channels, F f) const {
    for (index_t i = 0; i < g.pixels; ++i) {
      T *const x = g.x + i * line(), *const t = g.t + i * line();
      index_t at = g.at[i];
      if constexpr (L.plain()) {
        simdnn::for_each_vector<V>(channels_, [&](index_t c, auto lanes) SIMDNN_INLINE_LAMBDA {
          f(x + c, t + c, at + c, lanes);
        });
      } else {
        constexpr index_t block = L.block_size();
        index_t c = 0;
        if constexpr (block % V::lanes == 0)
          for (; c + block <= channels_; c += block, at += channels.stride)
            unroll<block / V::lanes>([&](auto part) SIMDNN_INLINE_LAMBDA {
              constexpr index_t from = part * V::lanes;
              f(x + c + from, t + c + from, at + from, all_lanes());
            });
        for (; c < channels_; c += block, at += channels.stride)
          for (index_t from = 0; from < std::min(block, channels_ - c); from += V::lanes)
            f(x + c + from, t + c + from, at + from,
              std::min<index_t>(V::lanes, std::min(block, channels_ - c) - from));
      }
    }
  }
  void copy_lines(const group& g, const channel_runs& channels, const T* src) const {
    for_each_vector(g, channels, [&](T* x, T*, index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      V::load(src + at, lanes).store(x + before_, lanes);
    });
  }
  static void zero_padding(const group& g, const channel_runs& channels, T* to) {
    for (index_t i = 0; i < g.pixels; ++i) channels.zero_padding(to + g.at[i]);
  }
  // 1 / s for a vector of channels. The window of its first channel begins at x in a line.
  SIMDNN_INLINE V inverse(const T* x) const {
    return scale_.inverse(window_sum<V, true>(x, 1, count(), all_lanes()));
  }

  static constexpr index_t row = costs::row_pixels;  // the longest row of pixel_walk

  // One vector longer than needed, because the last vector may begin at the last channel and its
  // windows are loaded without a mask.
  index_t line() const { return before_ + channels_ + after_ + V::lanes; }
  index_t worker_bytes() const {
    const index_t elements = channel_lanes ? 2 * most * line() : count() * row;
    return elements * static_cast<index_t>(sizeof(T));
  }

  scale<V> scale_;
  index_t channels_, before_, after_;
};

}  // namespace simdnn::inline SIMDNN_ABI::lrn
