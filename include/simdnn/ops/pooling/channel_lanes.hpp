// pooling of layouts with contiguous channels (nhwc; nChw16c within blocks): one vector of channels
// at a time, window by window. The gradient of an input is gathered from the windows that contain
// it.
#pragma once

#include <simdnn/isa/long_sum.hpp>
#include <simdnn/ops/pooling/geometry.hpp>
#include <simdnn/walk/lanes.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::pooling {

template <class T, class Isa>
class channel_lanes {
 public:
  /// Channels are contiguous in groups of `run`; an image has `runs` such groups.
  channel_lanes(const geometry& g, index_t run, index_t runs) : g_(g), run_(run), runs_(runs) {}

  static index_t workspace_bytes(int) { return 0; }

  void forward(const operand<const T>& src, const operand<T>& dst, const operand<T>* argmax,
               executor_ref executor, std::span<std::byte>) const {
    const bool squares = argmax == nullptr && only_squares();
    const bool average_few = g_.volume() <= plain_terms;
    for_each_row(g_.outputs, executor, [&](index_t n, index_t c, index_t od, index_t oh) {
      if (squares) return maxima_of_squares(src, dst, n, c, od, oh);
      for (index_t ow = 0; ow < g_.outputs[2]; ++ow) {
        const window w{g_.taps(0, od), g_.taps(1, oh), g_.taps(2, ow)};
        const index_t first[3] = {od * g_.stride[0] - g_.pad[0], oh * g_.stride[1] - g_.pad[1],
                                  ow * g_.stride[2] - g_.pad[2]};
        const T* s = src.row(n, c, first[0], first[1]) + first[2] * src.spatial[2];
        T* d = dst.row(n, c, od, oh) + ow * dst.spatial[2];
        T* t = argmax == nullptr ? nullptr : argmax->row(n, c, od, oh) + ow * argmax->spatial[2];
        const auto divisor = static_cast<T>(g_.divisor(od, oh, ow));
        for_each_vectors<V, together>(
            run_, [&](index_t at, auto lanes, auto vectors) SIMDNN_INLINE_LAMBDA {
              constexpr int N = vectors;
              if (g_.kind != pooling_kind::max && average_few)
                average<plain_sum<V, N>>(lanes, src, s + at, w, divisor, d + at);
              else if (g_.kind != pooling_kind::max)
                average<long_sum<V, N>>(lanes, src, s + at, w, divisor, d + at);
              else if (t == nullptr)
                maximum<N>(lanes, src, s + at, w, d + at);
              else
                maximum_and_tap<N>(lanes, src, s + at, w, d + at, t + at);
            });
      }
    });
  }

  void backward(const operand<const T>& diff_dst, const operand<const T>* argmax,
                const operand<T>& diff_src, executor_ref executor, std::span<std::byte>) const {
    for_each_row(g_.size, executor, [&](index_t n, index_t c, index_t id, index_t ih) {
      for (index_t iw = 0; iw < g_.size[2]; ++iw) {
        const window w{g_.windows(0, id), g_.windows(1, ih), g_.windows(2, iw)};
        T* r = diff_src.row(n, c, id, ih) + iw * diff_src.spatial[2];
        const auto add_windows = [&](auto sum, index_t at, auto lanes) SIMDNN_INLINE_LAMBDA {
          for_each_in(w, [&](index_t od, index_t oh, index_t ow) SIMDNN_INLINE_LAMBDA {
            const T* g = diff_dst.row(n, c, od, oh) + ow * diff_dst.spatial[2] + at;
            if (argmax == nullptr) {
              const V divisor(static_cast<T>(g_.divisor(od, oh, ow)));
              sum.add([&](auto v, V a) SIMDNN_INLINE_LAMBDA {
                return a + V::load(g + v * V::lanes, lanes) / divisor;
              });
            } else {
              const T* t = argmax->row(n, c, od, oh) + ow * argmax->spatial[2] + at;
              const V mine(static_cast<T>(g_.tap(id + g_.pad[0] - od * g_.stride[0],
                                                 ih + g_.pad[1] - oh * g_.stride[1],
                                                 iw + g_.pad[2] - ow * g_.stride[2])));
              sum.add([&](auto v, V a) SIMDNN_INLINE_LAMBDA {
                return a + select(V::load(t + v * V::lanes, lanes) == mine,
                                  V::load(g + v * V::lanes, lanes), V(0));
              });
            }
          });
          unroll<sum.count>([&](auto v) SIMDNN_INLINE_LAMBDA {
            sum.total(v).store(r + at + v * V::lanes, lanes);
          });
        };
        for_each_vectors<V, together>(
            run_, [&](index_t at, auto lanes, auto vectors) SIMDNN_INLINE_LAMBDA {
              constexpr int N = vectors;
              if (w.size() <= plain_terms)
                add_windows(plain_sum<V, N>(), at, lanes);
              else
                add_windows(long_sum<V, N>(), at, lanes);
            });
      }
    });
  }

 private:
  using V = vec<T, Isa>;
  static constexpr int together = 4;  // vectors that share the loop over a window's taps
  struct window {
    index_range d, h, w;
    index_t size() const { return d.size() * h.size() * w.size(); }
  };
  template <class F>
  void for_each_row(const index_t (&size)[3], executor_ref executor, F f) const {
    g_.for_each_row(runs_, size, executor,
                    [&](index_t n, index_t c, index_t d, index_t h, index_t) { f(n, c, d, h); });
  }
  template <class F>
  static SIMDNN_INLINE void for_each_in(const window& w, F f) {
    for (index_t d = w.d.begin; d < w.d.end; ++d)
      for (index_t h = w.h.begin; h < w.h.end; ++h)
        for (index_t x = w.w.begin; x < w.w.end; ++x) f(d, h, x);
  }
  static SIMDNN_INLINE index_t offset(const operand<const T>& src, index_t d, index_t h,
                                      index_t w) {
    return d * src.spatial[0] + h * src.spatial[1] + w * src.spatial[2];
  }

  template <class Sum, class Lanes>
  static SIMDNN_INLINE void average(Lanes lanes, const operand<const T>& src, const T* s,
                                    const window& w, T divisor, T* d) {
    Sum sum;
    for_each_in(w, [&](index_t kd, index_t kh, index_t kw) SIMDNN_INLINE_LAMBDA {
      const T* p = s + offset(src, kd, kh, kw);
      sum.add([&](auto v, V a)
                  SIMDNN_INLINE_LAMBDA { return a + V::load(p + v * V::lanes, lanes); });
    });
    unroll<Sum::count>([&](auto v) SIMDNN_INLINE_LAMBDA {
      (sum.total(v) / V(divisor)).store(d + v * V::lanes, lanes);
    });
  }
  template <int N, class Lanes>
  static SIMDNN_INLINE void maximum(Lanes lanes, const operand<const T>& src, const T* s,
                                    const window& w, T* d) {
    c_array<V, N> best;
    const T* first = s + offset(src, w.d.begin, w.h.begin, w.w.begin);
    unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA { best[v] = V::load(first + v * V::lanes, lanes); });
    for_each_in(w, [&](index_t kd, index_t kh, index_t kw) SIMDNN_INLINE_LAMBDA {
      const T* p = s + offset(src, kd, kh, kw);
      unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA {
        best[v] = V::max(best[v], V::load(p + v * V::lanes, lanes));
      });
    });
    unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA { best[v].store(d + v * V::lanes, lanes); });
  }
  // Whether all windows are 2x2 and inside src. They are the most frequent ones, and their taps
  // need no loop: 1.5 to 2 times as fast (VGG's maps, AVX-512, gcc 12).
  bool only_squares() const {
    bool square = g_.kind == pooling_kind::max;
    for (int d = 0; d < 3; ++d)
      square = square && g_.kernel[d] == (d == 0 ? 1 : 2) && g_.pad[d] == 0 &&
               (g_.outputs[d] - 1) * g_.stride[d] + g_.kernel[d] <= g_.size[d];
    return square;
  }
  void maxima_of_squares(const operand<const T>& src, const operand<T>& dst, index_t n, index_t c,
                         index_t od, index_t oh) const {
    const index_t below = src.spatial[1], right = src.spatial[2], step = g_.stride[2] * right;
    const T* s = src.row(n, c, od * g_.stride[0], oh * g_.stride[1]);
    T* d = dst.row(n, c, od, oh);
    for (index_t ow = 0; ow < g_.outputs[2]; ++ow, s += step, d += dst.spatial[2])
      for_each_vectors<V, together>(
          run_, [&](index_t at, auto lanes, auto vectors) SIMDNN_INLINE_LAMBDA {
            unroll<vectors>([&](auto v) SIMDNN_INLINE_LAMBDA {
              const T* p = s + at + v * V::lanes;
              const V upper = V::max(V::load(p, lanes), V::load(p + right, lanes));
              const V lower = V::max(V::load(p + below, lanes), V::load(p + below + right, lanes));
              V::max(upper, lower).store(d + at + v * V::lanes, lanes);
            });
          });
  }
  template <int N, class Lanes>
  SIMDNN_INLINE void maximum_and_tap(Lanes lanes, const operand<const T>& src, const T* s,
                                     const window& w, T* d, T* t) const {
    c_array<V, N> best, tap;
    const T* first = s + offset(src, w.d.begin, w.h.begin, w.w.begin);
    unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA {
      best[v] = V::load(first + v * V::lanes, lanes);
      tap[v] = V(static_cast<T>(g_.tap(w.d.begin, w.h.begin, w.w.begin)));
    });
    for_each_in(w, [&](index_t kd, index_t kh, index_t kw) SIMDNN_INLINE_LAMBDA {
      const T* p = s + offset(src, kd, kh, kw);
      const V here(static_cast<T>(g_.tap(kd, kh, kw)));
      unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA {
        const V x = V::load(p + v * V::lanes, lanes);
        // x is larger, or it is the first NaN.
        const auto better = (best[v] == best[v]) & !(x <= best[v]);
        best[v] = select(better, x, best[v]);
        tap[v] = select(better, here, tap[v]);
      });
    });
    unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA {
      best[v].store(d + v * V::lanes, lanes);
      tap[v].store(t + v * V::lanes, lanes);
    });
  }

  geometry g_;
  index_t run_, runs_;
};

}  // namespace simdnn::inline SIMDNN_ABI::pooling
