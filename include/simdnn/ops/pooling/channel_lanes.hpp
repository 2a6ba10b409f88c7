// pooling where neighbours in memory are channels (nhwc, nChw16c): a vector of channels at a time,
// window by window; the gradient of an input is gathered from the windows that hold it.
#pragma once

#include <simdnn/base/unroll.hpp>
#include <simdnn/isa/long_sum.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/ops/pooling/geometry.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::pooling {

template <class T, class Isa>
class channel_lanes {
 public:
  /// `run` channels lie side by side; there are `runs` of them in an image.
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
        for_each_vector([&](auto vectors, auto access, index_t at) SIMDNN_INLINE_LAMBDA {
          constexpr int N = vectors;
          if (g_.kind != pooling_kind::max && average_few)
            average<plain_sum<V, N>>(access, src, s + at, w, divisor, d + at);
          else if (g_.kind != pooling_kind::max)
            average<long_sum<V, N>>(access, src, s + at, w, divisor, d + at);
          else if (t == nullptr)
            maximum<N>(access, src, s + at, w, d + at);
          else
            maximum_and_tap<N>(access, src, s + at, w, d + at, t + at);
        });
      }
    });
  }

  void backward(const operand<const T>& diff_dst, const operand<const T>* argmax,
                const operand<T>& diff_src, executor_ref executor) const {
    for_each_row(g_.size, executor, [&](index_t n, index_t c, index_t id, index_t ih) {
      for (index_t iw = 0; iw < g_.size[2]; ++iw) {
        const window w{g_.windows(0, id), g_.windows(1, ih), g_.windows(2, iw)};
        T* r = diff_src.row(n, c, id, ih) + iw * diff_src.spatial[2];
        const auto add_windows = [&](auto sum, auto access, index_t at) SIMDNN_INLINE_LAMBDA {
          for_each_in(w, [&](index_t od, index_t oh, index_t ow) SIMDNN_INLINE_LAMBDA {
            const T* g = diff_dst.row(n, c, od, oh) + ow * diff_dst.spatial[2] + at;
            if (argmax == nullptr) {
              const V divisor(static_cast<T>(g_.divisor(od, oh, ow)));
              sum.add([&](auto v, V a) SIMDNN_INLINE_LAMBDA {
                return a + access.load(g + v * V::lanes) / divisor;
              });
            } else {
              const T* t = argmax->row(n, c, od, oh) + ow * argmax->spatial[2] + at;
              const V mine(static_cast<T>(g_.tap(id + g_.pad[0] - od * g_.stride[0],
                                                 ih + g_.pad[1] - oh * g_.stride[1],
                                                 iw + g_.pad[2] - ow * g_.stride[2])));
              sum.add([&](auto v, V a) SIMDNN_INLINE_LAMBDA {
                return a + select(access.load(t + v * V::lanes) == mine,
                                  access.load(g + v * V::lanes), V(0));
              });
            }
          });
          unroll<sum.count>([&](auto v) SIMDNN_INLINE_LAMBDA {
            access.store(sum.total(v), r + at + v * V::lanes);
          });
        };
        for_each_vector([&](auto vectors, auto access, index_t at) SIMDNN_INLINE_LAMBDA {
          constexpr int N = vectors;
          if (w.size() <= plain_terms)
            add_windows(plain_sum<V, N>(), access, at);
          else
            add_windows(long_sum<V, N>(), access, at);
        });
      }
    });
  }

 private:
  using V = vec<T, Isa>;
  struct window {
    index_range d, h, w;
    index_t size() const { return d.size() * h.size() * w.size(); }
  };
  // Whole vectors, or the first n lanes of one.
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
  void for_each_row(const index_t (&size)[3], executor_ref executor, F f) const {
    parallel_for(executor, g_.batch * runs_ * size[0] * size[1],
                 [&](index_t begin, index_t end, index_t) {
                   for (index_t unit = begin; unit < end; ++unit) {
                     const index_t image = unit / (size[0] * size[1]);
                     f(image / runs_, image % runs_, unit / size[1] % size[0], unit % size[1]);
                   }
                 });
  }
  // Four vectors share the loop over a window's taps.
  template <class F>
  SIMDNN_INLINE void for_each_vector(F f) const {
    index_t at = 0;
    for (; at + 4 * V::lanes <= run_; at += 4 * V::lanes) f(int_constant<4>{}, whole{}, at);
    for (; at + V::lanes <= run_; at += V::lanes) f(int_constant<1>{}, whole{}, at);
    if (at < run_) f(int_constant<1>{}, partly{run_ - at}, at);
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

  template <class Sum, class Access>
  static SIMDNN_INLINE void average(Access access, const operand<const T>& src, const T* s,
                                    const window& w, T divisor, T* d) {
    Sum sum;
    for_each_in(w, [&](index_t kd, index_t kh, index_t kw) SIMDNN_INLINE_LAMBDA {
      const T* p = s + offset(src, kd, kh, kw);
      sum.add([&](auto v, V a) SIMDNN_INLINE_LAMBDA { return a + access.load(p + v * V::lanes); });
    });
    unroll<Sum::count>([&](auto v) SIMDNN_INLINE_LAMBDA {
      access.store(sum.total(v) / V(divisor), d + v * V::lanes);
    });
  }
  template <int N, class Access>
  static SIMDNN_INLINE void maximum(Access access, const operand<const T>& src, const T* s,
                                    const window& w, T* d) {
    c_array<V, N> best;
    const T* first = s + offset(src, w.d.begin, w.h.begin, w.w.begin);
    unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA { best[v] = access.load(first + v * V::lanes); });
    for_each_in(w, [&](index_t kd, index_t kh, index_t kw) SIMDNN_INLINE_LAMBDA {
      const T* p = s + offset(src, kd, kh, kw);
      unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA {
        best[v] = V::max(best[v], access.load(p + v * V::lanes));
      });
    });
    unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA { access.store(best[v], d + v * V::lanes); });
  }
  // Windows of 2x2, all inside src, the most frequent ones: their taps need no loop (VGG's maps,
  // AVX-512, gcc 12: 1.5 to 2 times as fast).
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
      for_each_vector([&](auto vectors, auto access, index_t at) SIMDNN_INLINE_LAMBDA {
        unroll<vectors>([&](auto v) SIMDNN_INLINE_LAMBDA {
          const T* p = s + at + v * V::lanes;
          const V upper = V::max(access.load(p), access.load(p + right));
          const V lower = V::max(access.load(p + below), access.load(p + below + right));
          access.store(V::max(upper, lower), d + at + v * V::lanes);
        });
      });
  }
  template <int N, class Access>
  SIMDNN_INLINE void maximum_and_tap(Access access, const operand<const T>& src, const T* s,
                                     const window& w, T* d, T* t) const {
    c_array<V, N> best, tap;
    const T* first = s + offset(src, w.d.begin, w.h.begin, w.w.begin);
    unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA {
      best[v] = access.load(first + v * V::lanes);
      tap[v] = V(static_cast<T>(g_.tap(w.d.begin, w.h.begin, w.w.begin)));
    });
    for_each_in(w, [&](index_t kd, index_t kh, index_t kw) SIMDNN_INLINE_LAMBDA {
      const T* p = s + offset(src, kd, kh, kw);
      const V here(static_cast<T>(g_.tap(kd, kh, kw)));
      unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA {
        const V x = access.load(p + v * V::lanes);
        // Larger, or the first NaN.
        const auto better = (best[v] == best[v]) & !(x <= best[v]);
        best[v] = select(better, x, best[v]);
        tap[v] = select(better, here, tap[v]);
      });
    });
    unroll<N>([&](auto v) SIMDNN_INLINE_LAMBDA {
      access.store(best[v], d + v * V::lanes);
      access.store(tap[v], t + v * V::lanes);
    });
  }

  geometry g_;
  index_t run_, runs_;
};

}  // namespace simdnn::inline SIMDNN_ABI::pooling
