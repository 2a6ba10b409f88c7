// pooling of layouts with contiguous pixels (nchw). Forward first reduces the rows of a window to
// one row, one vector at a time, and then reduces this row along the width. Backward computes each
// row of diff_src in one worker. For averages, it first adds up the rows of diff_dst and then
// spreads the sums along the width; for maxima, it adds each gradient at its argmax.
#pragma once

#include <simdnn/isa/long_sum.hpp>
#include <simdnn/ops/pooling/geometry.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/walk/lanes.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::pooling {

template <class T, class Isa>
class pixel_lanes {
 public:
  explicit pixel_lanes(const geometry& g) : g_(g) {}

  index_t workspace_bytes(int workers) const {
    return workers * round_up(worker_bytes(), memory_pool::alignment);
  }

  void forward(const operand<const T>& src, const operand<T>& dst, const operand<T>* argmax,
               executor_ref executor, std::span<std::byte> workspace) const {
    const index_t width = g_.size[2];
    const workspace_slices scratch(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                   "pooling_forward");
    g_.for_each_row(
        g_.channels, g_.outputs, executor,
        [&](index_t n, index_t c, index_t od, index_t oh, index_t worker) {
          T* value = scratch.slice<T>(worker);
          T* tap = value + width;
          T* d = dst.row(n, c, od, oh);
          const index_range kd = g_.taps(0, od), kh = g_.taps(1, oh);
          const T* s = src.row(n, c, od * g_.stride[0] - g_.pad[0], oh * g_.stride[1] - g_.pad[1]);
          if (g_.kind != pooling_kind::max) {
            add_rows(width, kd, kh, value,
                     [&](index_t z, index_t y, index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
                       return V::load(s + z * src.spatial[0] + y * src.spatial[1] + at, lanes);
                     });
            average(value, od, oh, d);
          } else if (argmax == nullptr) {
            largest_of_rows(src, s, kd, kh, value);
            maximum(value, d);
          } else {
            largest_of_rows(src, s, kd, kh, value, tap);
            maximum(value, tap, d, argmax->row(n, c, od, oh));
          }
        });
  }

  void backward(const operand<const T>& diff_dst, const operand<const T>* argmax,
                const operand<T>& diff_src, executor_ref executor,
                std::span<std::byte> workspace) const {
    const workspace_slices scratch(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                   "pooling_backward");
    const bool many = g_.most_windows(0) * g_.most_windows(1) * g_.most_windows(2) > plain_terms;
    g_.for_each_row(
        g_.channels, g_.size, executor,
        [&](index_t n, index_t c, index_t id, index_t ih, index_t worker) {
          T* const row = scratch.slice<T>(worker);
          T* r = diff_src.row(n, c, id, ih);
          const index_range ods = g_.windows(0, id), ohs = g_.windows(1, ih);
          if (argmax == nullptr) {
            if (ods.size() * ohs.size() == 1) {
              spread(diff_dst.row(n, c, ods.begin, ohs.begin), rows_divisor(ods.begin, ohs.begin),
                     row, r);
              return;
            }
            add_rows(g_.outputs[2], ods, ohs, row,
                     [&](index_t od, index_t oh, index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
                       return V::load(diff_dst.row(n, c, od, oh) + at, lanes) /
                              V(rows_divisor(od, oh));
                     });
            spread(row, T(1), row, r);
            return;
          }
          std::fill_n(r, g_.size[2], T(0));
          if (many) std::fill_n(row, g_.size[2], T(0));
          for (index_t od = ods.begin; od < ods.end; ++od)
            for (index_t oh = ohs.begin; oh < ohs.end; ++oh) {
              const index_t first_tap =
                  g_.tap(id + g_.pad[0] - od * g_.stride[0], ih + g_.pad[1] - oh * g_.stride[1], 0);
              spread_to_maxima(diff_dst.row(n, c, od, oh), argmax->row(n, c, od, oh),
                               static_cast<T>(first_tap), r, many ? row : nullptr);
            }
        });
  }

 private:
  using V = vec<T, Isa>;

  // One row of maxima or sums, and one row of their argmax.
  index_t worker_bytes() const {
    return std::max(2 * g_.size[2], g_.outputs[2]) * static_cast<index_t>(sizeof(T));
  }

  // Calls f(row, kd, kh) for all rows of the window but the first.
  template <class F>
  static SIMDNN_INLINE void for_each_further(const operand<const T>& src, const T* s,
                                             index_range kd, index_range kh, F f) {
    for (index_t d = kd.begin; d < kd.end; ++d)
      for (index_t h = kh.begin; h < kh.end; ++h)
        if (d != kd.begin || h != kh.begin) f(s + d * src.spatial[0] + h * src.spatial[1], d, h);
  }
  static const T* first_row(const operand<const T>& src, const T* s, index_range kd,
                            index_range kh) {
    return s + kd.begin * src.spatial[0] + kh.begin * src.spatial[1];
  }

  // sums[x] = sum over z and y of the terms at x; 0 if there are none. term(z, y, at, lanes)
  // returns a vector of terms.
  template <class F>
  static void add_rows(index_t width, index_range zs, index_range ys, T* sums, F term) {
    const auto add = [&](auto sum, index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      for (index_t z = zs.begin; z < zs.end; ++z)
        for (index_t y = ys.begin; y < ys.end; ++y)
          sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return a + term(z, y, at, lanes); });
      sum.total().store(sums + at, lanes);
    };
    const bool few = zs.size() * ys.size() <= plain_terms;
    for_each_vector<V>(width, [&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      if (few)
        add(plain_sum<V>(), at, lanes);
      else
        add(long_sum<V>(), at, lanes);
    });
  }
  static SIMDNN_INLINE T sum_along(const T* x, index_t n) {
    if (n > plain_terms) return long_sum_along(x, n);
    T sum = 0;
    for (index_t i = 0; i < n; ++i) sum += x[i];
    return sum;
  }
  static T long_sum_along(const T* x, index_t n) {
    long_sum<V> sum;
    for_each_vector<V>(n, [&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA { return a + V::load(x + at, lanes); });
    });
    return sum.total().reduce_add();
  }
  void largest_of_rows(const operand<const T>& src, const T* s, index_range kd, index_range kh,
                       T* value) const {
    const T* first = first_row(src, s, kd, kh);
    for_each_vector<V>(g_.size[2], [&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      V best = V::load(first + at, lanes);
      for_each_further(src, s, kd, kh, [&](const T* row, index_t, index_t) SIMDNN_INLINE_LAMBDA {
        best = V::max(best, V::load(row + at, lanes));
      });
      best.store(value + at, lanes);
    });
  }
  // tap[x] is the number of the first kernel position in the row with the largest element.
  void largest_of_rows(const operand<const T>& src, const T* s, index_range kd, index_range kh,
                       T* value, T* tap) const {
    const T* first = first_row(src, s, kd, kh);
    for_each_vector<V>(g_.size[2], [&](index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
      V best = V::load(first + at, lanes), best_tap(static_cast<T>(g_.tap(kd.begin, kh.begin, 0)));
      for_each_further(src, s, kd, kh,
                       [&](const T* row, index_t d, index_t h) SIMDNN_INLINE_LAMBDA {
                         const V x = V::load(row + at, lanes);
                         // x is larger, or it is the first NaN.
                         const auto better = (best == best) & !(x <= best);
                         best = select(better, x, best);
                         best_tap = select(better, V(static_cast<T>(g_.tap(d, h, 0))), best_tap);
                       });
      best.store(value + at, lanes);
      best_tap.store(tap + at, lanes);
    });
  }

  void average(const T* value, index_t od, index_t oh, T* d) const {
    for (index_t ow = 0; ow < g_.outputs[2]; ++ow) {
      const T* x = value + ow * g_.stride[2] - g_.pad[2];
      const index_range kw = g_.taps(2, ow);
      d[ow] = sum_along(x + kw.begin, kw.size()) / static_cast<T>(g_.divisor(od, oh, ow));
    }
  }
  void maximum(const T* value, T* d) const {
    for (index_t ow = 0; ow < g_.outputs[2]; ++ow) {
      const T* x = value + ow * g_.stride[2] - g_.pad[2];
      const index_range kw = g_.taps(2, ow);
      T best = x[kw.begin];
      for (index_t k = kw.begin + 1; k < kw.end; ++k) best = simdnn::max(best, x[k]);
      d[ow] = best;
    }
  }
  void maximum(const T* value, const T* tap, T* d, T* dst_tap) const {
    for (index_t ow = 0; ow < g_.outputs[2]; ++ow) {
      const index_t first = ow * g_.stride[2] - g_.pad[2];
      const index_range kw = g_.taps(2, ow);
      T best = value[first + kw.begin];
      T best_tap = tap[first + kw.begin] + static_cast<T>(kw.begin);
      for (index_t k = kw.begin + 1; k < kw.end; ++k) {
        const T x = value[first + k], here = tap[first + k] + static_cast<T>(k);
        // The earlier of two kernel positions if both elements are equal or both are NaN.
        const bool equal = x == best || (x != x && best != best);
        if (equal ? here < best_tap : best == best && !(x <= best)) {
          best = x;
          best_tap = here;
        }
      }
      d[ow] = best;
      dst_tap[ow] = best_tap;
    }
  }

  T rows_divisor(index_t od, index_t oh) const {
    return static_cast<T>(g_.divisor(0, od) * g_.divisor(1, oh));
  }
  // r[x] = sum, over the windows along the width that contain x, of g divided by the window's
  // divisor. `divisor` is the factor of the other dimensions. scratch has one element per output
  // and may be g.
  void spread(const T* g, T divisor, T* scratch, T* r) const {
    const auto share = [&](index_t ow) {
      return g[ow] / (divisor * static_cast<T>(g_.divisor(2, ow)));
    };
    if (g_.most_windows(2) > plain_terms) {
      for (index_t ow = 0; ow < g_.outputs[2]; ++ow) scratch[ow] = share(ow);
      for (index_t iw = 0; iw < g_.size[2]; ++iw) {
        const index_range ows = g_.windows(2, iw);
        r[iw] = sum_along(scratch + ows.begin, ows.size());
      }
      return;
    }
    std::fill_n(r, g_.size[2], T(0));
    for (index_t ow = 0; ow < g_.outputs[2]; ++ow) {
      const index_range kw = g_.taps(2, ow);
      const T x = share(ow);
      T* to = r + ow * g_.stride[2] - g_.pad[2];
      for (index_t k = kw.begin; k < kw.end; ++k) to[k] += x;
    }
  }
  // lost holds the amounts by which the sums in r are too large. It starts at 0, and is null if
  // there are few terms.
  void spread_to_maxima(const T* g, const T* tap, T first_tap, T* r, T* lost) const {
    for (index_t ow = 0; ow < g_.outputs[2]; ++ow) {
      const index_range kw = g_.taps(2, ow);
      const T k = tap[ow] - first_tap;
      // Skips an argmax in another row, and values that forward did not write.
      if (k < static_cast<T>(kw.begin) || !(k < static_cast<T>(kw.end))) continue;
      const index_t at = ow * g_.stride[2] - g_.pad[2] + static_cast<index_t>(k);
      if (lost == nullptr)
        r[at] += g[ow];
      else
        add_compensated(r[at], lost[at], g[ow]);
    }
  }

  geometry g_;
};

}  // namespace simdnn::inline SIMDNN_ABI::pooling
