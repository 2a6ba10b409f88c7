// Weight gradients of depthwise convolutions with channels along the lanes: for one vector of
// channels and each tap, the sum over pixels of src * diff_dst. A call keeps the sums of some rows
// of taps in registers for all its lines of pixels. Called by conv's `depthwise` backward to the
// weights.
//
// At the end of a call the sums are added to compensated totals (long_sum.hpp), each of two vectors
// (total, lost), so that accuracy does not depend on the number of pixels.
#pragma once

#include <algorithm>
#include <simdnn/base/math.hpp>
#include <simdnn/base/unroll.hpp>
#include <simdnn/isa/long_sum.hpp>

namespace simdnn::inline SIMDNN_ABI::microkernel {

template <class T, class Isa>
struct depthwise_sums {
  using V = vec<T, Isa>;
  static constexpr index_t W = V::lanes;
  /// Number of elements of a total.
  static constexpr index_t total = 2 * W;
  /// Number of pixels of diff_dst in registers. Together with 9 or 10 sums, a column of src and,
  /// without FMA, a product, they fit into 16 registers. 0.6 loads per fma.
  static constexpr int pixels = 4;

  /// Lines of pixels of diff_dst, and the rows of src that some rows of taps multiply them with.
  struct window {
    const T* src;               ///< the first tap's row of the first line, column 0
    index_t src_line, src_row;  ///< from a line to the next, from a row of taps to the next
    index_t step;               ///< from a column to the next
    index_t width, pad;         ///< columns; pixel 0 starts at column -pad
    const T* diff;              ///< the first line, pixel 0
    index_t diff_line, diff_step;
    index_t lines, begin, end;  ///< pixels begin .. end of each line
    index_t kernel, advance, dilation;
    index_t lanes;
  };
  /// Adds the sums of a call to the totals of its rows of taps: [row][tap][total].
  using function = void (*)(const window&, T* totals);

  /// The greatest number of rows of taps that one call sums if `left` rows are left.
  static index_t rows(index_t kernel, index_t stride, index_t dilation, index_t left) {
    const bool dense = dilation == 1 && stride <= 2;
    return std::min<index_t>(left, dense && kernel == 3 ? 3 : dense && kernel == 5 ? 2 : 1);
  }
  static function of(index_t rows, index_t kernel, index_t stride, index_t dilation, index_t step) {
    if (dilation == 1 && stride == 1) return of<1>(rows, kernel, step);
    if (dilation == 1 && stride == 2) return of<2>(rows, kernel, step);
    return &any;
  }

  /// Adds the sum of diff_dst over the pixels to one total.
  static SIMDNN_NOINLINE void add_pixels(const window& w, T* totals) {
    V acc[chains];
    unroll<chains>([&](auto i) SIMDNN_INLINE_LAMBDA { acc[i] = V(0); });
    const auto add = [&](const T* g, index_t count, auto lanes) SIMDNN_INLINE_LAMBDA {
      for (; count >= chains; count -= chains, g += chains * w.diff_step)
        unroll<chains>([&](auto i)
                           SIMDNN_INLINE_LAMBDA { acc[i] += V::load(g + i * w.diff_step, lanes); });
      for (; count > 0; --count, g += w.diff_step) acc[0] += V::load(g, lanes);
    };
    for_each_line(w, [&](const T*, const T* diff, auto lanes) SIMDNN_INLINE_LAMBDA {
      add(diff + w.begin * w.diff_step, w.end - w.begin, lanes);
    });
    add_to(totals, sum(acc));
  }
  /// Adds one total to another.
  static SIMDNN_INLINE void add_total(const T* from, T* to) {
    add_to(to, V::load(from));
    add_to(to, -V::load(from + W));
  }
  static SIMDNN_INLINE V value(const T* totals) { return V::load(totals); }

 private:
  static constexpr int chains = 4;

  static SIMDNN_INLINE V sum(const V (&acc)[chains]) {
    return (acc[0] + acc[1]) + (acc[2] + acc[3]);
  }
  static SIMDNN_INLINE void add_to(T* totals, V x) {
    V all = V::load(totals), lost = V::load(totals + W);
    add_compensated(all, lost, x);
    all.store(totals);
    lost.store(totals + W);
  }

  /// Calls f(row of src, line of diff_dst, lanes), which is compiled separately for whole vectors.
  template <class F>
  static SIMDNN_INLINE void for_each_line(const window& w, F f) {
    const T *src = w.src, *diff = w.diff;
    for (index_t line = 0; line < w.lines; ++line, src += w.src_line, diff += w.diff_line)
      if (w.lanes == W)
        f(src, diff, typename V::all_lanes{});
      else
        f(src, diff, w.lanes);
  }

  template <int S>
  static function of(index_t rows, index_t kernel, index_t step) {
    if (kernel == 3 && step == 16) return of<3, S, 16>(rows);
    if (kernel == 3) return of<3, S, 0>(rows);
    if (kernel == 5 && rows == 1) return &run<1, 5, S, 0>;
    if (kernel == 5 && rows == 2) return &run<2, 5, S, 0>;
    if (kernel == 7 && rows == 1) return &run<1, 7, S, 0>;
    return &any;
  }
  template <int KW, int S, int Step>
  static function of(index_t rows) {
    return rows == 1   ? &run<1, KW, S, Step>
           : rows == 2 ? &run<2, KW, S, Step>
                       : &run<3, KW, S, Step>;
  }

  /// Sums Rows rows of KW taps with stride S; columns are Step elements apart, 0 for any distance.
  template <int Rows, int KW, int S, int Step>
  static SIMDNN_NOINLINE void run(const window& w, T* totals) {
    c_array<V, Rows * KW> acc;
    unroll<Rows * KW>([&](auto i) SIMDNN_INLINE_LAMBDA { acc[i] = V(0); });
    const index_t step = Step == 0 ? w.step : Step, diff_step = w.diff_step;
    // Pixels whose columns are all inside the image.
    const index_t inside =
        std::clamp(ceil_div(std::max<index_t>(w.pad, 0), index_t{S}), w.begin, w.end);
    const index_t inside_end = std::clamp(floor_div(w.width + w.pad - KW, S) + 1, inside, w.end);
    for_each_line(w, [&](const T* src, const T* diff, auto lanes) SIMDNN_INLINE_LAMBDA {
      const auto add_pixel = [&](index_t x) SIMDNN_INLINE_LAMBDA {
        const V g = V::load(diff + x * diff_step, lanes);
        const index_t column = x * S - w.pad;
        const T* const from = src + column * step;
        unroll<KW>([&](auto k) SIMDNN_INLINE_LAMBDA {
          if (column + k >= 0 && column + k < w.width)
            unroll<Rows>([&](auto r) SIMDNN_INLINE_LAMBDA {
              acc[r * KW + k] =
                  V::fma(V::load(from + r * w.src_row + k * step, lanes), g, acc[r * KW + k]);
            });
        });
      };
      index_t x = w.begin;
      for (; x < inside; ++x) add_pixel(x);
      for (; x + pixels <= inside_end; x += pixels) {
        V g[pixels];
        unroll<pixels>([&](auto t) SIMDNN_INLINE_LAMBDA {
          g[t] = V::load(diff + (x + t) * diff_step, lanes).in_register();
        });
        const T* const from = src + (x * S - w.pad) * step;
        unroll<(pixels - 1) * S + KW>([&](auto i) SIMDNN_INLINE_LAMBDA {
          unroll<Rows>([&](auto r) SIMDNN_INLINE_LAMBDA {
            const V v = V::load(from + r * w.src_row + i * step, lanes).in_register();
            unroll<KW>([&](auto k) SIMDNN_INLINE_LAMBDA {
              constexpr int at = i - k;
              if constexpr (at >= 0 && at % S == 0 && at / S < pixels)
                acc[r * KW + k] = V::fma(v, g[at / S], acc[r * KW + k]);
            });
          });
        });
      }
      for (; x < w.end; ++x) add_pixel(x);
    });
    unroll<Rows * KW>([&](auto i) SIMDNN_INLINE_LAMBDA { add_to(totals + i * total, acc[i]); });
  }

  /// Sums one row of any taps, one tap after the other.
  static SIMDNN_NOINLINE void any(const window& w, T* totals) {
    const index_t src_step = w.advance * w.step, diff_step = w.diff_step;
    for (index_t k = 0; k < w.kernel; ++k) {
      const index_t front = w.pad - k * w.dilation;  // columns of pixel 0 before src
      const index_t begin = std::max(w.begin, front > 0 ? ceil_div(front, w.advance) : 0);
      const index_t end = std::min(w.end, floor_div(w.width - 1 + front, w.advance) + 1);
      if (begin >= end) continue;
      V acc[chains];
      unroll<chains>([&](auto i) SIMDNN_INLINE_LAMBDA { acc[i] = V(0); });
      for_each_line(w, [&](const T* src, const T* diff, auto lanes) SIMDNN_INLINE_LAMBDA {
        const T* v = src + (begin * w.advance - front) * w.step;
        const T* g = diff + begin * diff_step;
        const auto add = [&](auto i) SIMDNN_INLINE_LAMBDA {
          acc[i] =
              V::fma(V::load(v + i * src_step, lanes), V::load(g + i * diff_step, lanes), acc[i]);
        };
        index_t count = end - begin;
        for (; count >= chains; count -= chains, v += chains * src_step, g += chains * diff_step)
          unroll<chains>(add);
        for (; count > 0; --count, v += src_step, g += diff_step) add(int_constant<0>{});
      });
      add_to(totals + k * total, sum(acc));
    }
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::microkernel
