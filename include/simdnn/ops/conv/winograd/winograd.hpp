// Winograd's minimal filtering for tiles of one size: the transforms (transform.hpp) in two
// dimensions, of Y::outputs by X::outputs results from Y::inputs by X::inputs inputs, and the
// algorithm that any_winograd makes of them.
#pragma once

#include <array>
#include <simdnn/base/unroll.hpp>
#include <simdnn/ops/conv/winograd/any_winograd.hpp>
#include <simdnn/ops/conv/winograd/transform.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

/// The functions of winograd_kind.
template <class T, class Isa, class Y, class X>
struct winograd_transforms {
  using V = vec<T, Isa>;

  static SIMDNN_NOINLINE void weights(const double* g, double* u) {
    double half[X::inputs][Y::taps];
    for (int y = 0; y < Y::taps; ++y) {
      double taps[X::taps], row[X::inputs];
      for (int x = 0; x < X::taps; ++x) taps[x] = g[y * X::taps + x];
      X::weights(taps, row);
      for (int x = 0; x < X::inputs; ++x) half[x][y] = row[x];
    }
    for (int x = 0; x < X::inputs; ++x) {
      double column[Y::inputs];
      Y::weights(half[x], column);
      for (int y = 0; y < Y::inputs; ++y) u[y * X::inputs + x] = column[y];
    }
  }

  static SIMDNN_NOINLINE void input(const T* src, index_t row, index_t column, index_t vectors,
                                    T* dst, index_t stride) {
    for (; vectors > 0; --vectors, src += V::lanes, dst += V::lanes) {
      V rows[Y::inputs][X::inputs];
      unroll<X::inputs>([&](auto x) SIMDNN_INLINE_LAMBDA {
        V d[Y::inputs], y[Y::inputs];
        unroll<Y::inputs>([&](auto i)
                              SIMDNN_INLINE_LAMBDA { d[i] = V::load(src + i * row + x * column); });
        Y::input(d, y);
        unroll<Y::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA { rows[i][x] = y[i]; });
      });
      unroll<Y::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA {
        V y[X::inputs];
        X::input(rows[i], y);
        unroll<X::inputs>(
            [&](auto x) SIMDNN_INLINE_LAMBDA { y[x].store(dst + (i * X::inputs + x) * stride); });
      });
    }
  }

  static SIMDNN_NOINLINE void output(const T* m, index_t stride, index_t vectors, T* y) {
    for (; vectors > 0; --vectors, m += V::lanes, y += V::lanes) {
      V half[Y::outputs][X::inputs];
      unroll<X::inputs>([&](auto x) SIMDNN_INLINE_LAMBDA {
        V points[Y::inputs], sums[Y::outputs];
        unroll<Y::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA {
          points[i] = V::load(m + (i * X::inputs + x) * stride);
        });
        Y::output(points, sums);
        unroll<Y::outputs>([&](auto i) SIMDNN_INLINE_LAMBDA { half[i][x] = sums[i]; });
      });
      unroll<Y::outputs>([&](auto i) SIMDNN_INLINE_LAMBDA {
        V sums[X::outputs];
        X::output(half[i], sums);
        unroll<X::outputs>([&](auto x) SIMDNN_INLINE_LAMBDA {
          sums[x].store(y + (i * X::outputs + x) * microkernel::columns<T, Isa>);
        });
      });
    }
  }

  static constexpr winograd_kind<T> kind{{Y::outputs, X::outputs},
                                         {Y::taps, X::taps},
                                         {Y::inputs, X::inputs},
                                         &weights,
                                         &input,
                                         &output};
  static_assert(Y::outputs * X::outputs <= winograd_kind<T>::most_outputs &&
                Y::inputs * X::inputs <= winograd_kind<T>::most_inputs);
};

template <class T, class Isa, class Y, class X = Y>
class winograd : public any_winograd<T, Isa> {
  static constexpr const winograd_kind<T>& kind = winograd_transforms<T, Isa, Y, X>::kind;
  static constexpr auto name_text = [] {
    std::array<char, 17> named{"winograd_0x0_0x0"};
    constexpr int digits[][2] = {{9, Y::outputs}, {11, X::outputs}, {13, Y::taps}, {15, X::taps}};
    for (const auto& d : digits) named.data()[d[0]] = static_cast<char>('0' + d[1]);
    return named;
  }();

 public:
  /// winograd_<outputs of a tile>_<kernel>
  static constexpr const char* name = name_text.data();

  static const char* refuses(const query& q) { return any_winograd<T, Isa>::refuses(q, kind); }
  static double cost(const query& q) { return winograd(q).any_winograd<T, Isa>::cost(); }

  explicit winograd(const query& q) : any_winograd<T, Isa>(q, kind) {}
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
