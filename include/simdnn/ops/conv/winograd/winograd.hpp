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
  static constexpr index_t W = V::lanes;

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

  // A tile of two dimensions is transformed column by column and then row by row, in loops that are
  // not unrolled: there are too few registers for a whole tile, so that its values are stored
  // between the two dimensions in any case.
  static SIMDNN_NOINLINE void input(const T* src, index_t row, index_t column, index_t vectors,
                                    T* dst, index_t stride) {
    for (; vectors > 0; --vectors, src += W, dst += W) {
      if constexpr (Y::inputs == 1) {
        transform_inputs<X>(src, column, dst, stride);
      } else if constexpr (X::inputs == 1) {
        transform_inputs<Y>(src, row, dst, stride);
      } else {
        alignas(64) T half[Y::inputs * X::inputs * W];
        for (index_t x = 0; x < X::inputs; ++x)
          transform_inputs<Y>(src + x * column, row, half + x * W, X::inputs * W);
        for (index_t y = 0; y < Y::inputs; ++y)
          transform_inputs<X>(half + y * X::inputs * W, W, dst + y * X::inputs * stride, stride);
      }
    }
  }
  static SIMDNN_NOINLINE void output(const T* m, index_t stride, index_t vectors, T* y) {
    constexpr index_t NR = microkernel::columns<T, Isa>;
    for (; vectors > 0; --vectors, m += W, y += W) {
      if constexpr (Y::inputs == 1) {
        transform_outputs<X>(m, stride, y, NR);
      } else if constexpr (X::inputs == 1) {
        transform_outputs<Y>(m, stride, y, NR);
      } else {
        alignas(64) T half[Y::outputs * X::inputs * W];
        for (index_t x = 0; x < X::inputs; ++x)
          transform_outputs<Y>(m + x * stride, X::inputs * stride, half + x * W, X::inputs * W);
        for (index_t r = 0; r < Y::outputs; ++r)
          transform_outputs<X>(half + r * X::inputs * W, W, y + r * X::outputs * NR, NR);
      }
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

 private:
  // One dimension of one vector of channels. Values are from_step and to_step apart.
  template <class Z>
  static SIMDNN_INLINE void transform_inputs(const T* from, index_t from_step, T* to,
                                             index_t to_step) {
    V d[Z::inputs], y[Z::inputs];
    unroll<Z::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA { d[i] = V::load(from + i * from_step); });
    Z::input(d, y);
    unroll<Z::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA { y[i].store(to + i * to_step); });
  }
  template <class Z>
  static SIMDNN_INLINE void transform_outputs(const T* from, index_t from_step, T* to,
                                              index_t to_step) {
    V m[Z::inputs], y[Z::outputs];
    unroll<Z::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA { m[i] = V::load(from + i * from_step); });
    Z::output(m, y);
    unroll<Z::outputs>([&](auto i) SIMDNN_INLINE_LAMBDA { y[i].store(to + i * to_step); });
  }
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
