// Rows of depthwise convolutions with channels along the lanes: for one vector of channels, sums
// over the taps. A column of src is loaded once and used for all taps that read it. Called by
// conv's `depthwise`.
#pragma once

#include <algorithm>
#include <simdnn/base/unroll.hpp>
#include <simdnn/epilogue/standard.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/microkernel/steps.hpp>
#include <simdnn/microkernel/tuning/tuning.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::microkernel {

namespace detail {

// The steps of a tile of Outputs outputs, as folds (steps.hpp), for kernels of KW taps and stride S.
template <class V, int Outputs, int KW, int S>
struct depthwise_steps : common_steps<V> {
  using T = typename V::value_type;
  // The first and the last output that read column X.
  template <int X>
  static constexpr int first = X < KW ? 0 : (X - KW) / S + 1;
  template <int X>
  static constexpr int last = std::min(X / S, Outputs - 1);
  static constexpr auto outputs = std::make_integer_sequence<int, Outputs>{};

  template <int... I>
  static SIMDNN_INLINE void store(const V* acc, T* dst, index_t step,
                                  std::integer_sequence<int, I...>) {
    (acc[I].store(dst + I * step), ...);
  }
  // Multiplies one tap with the columns of all outputs, which are `step` apart.
  template <int... I>
  static SIMDNN_INLINE void add_tap(V* acc, V w, const T* src, index_t step,
                                    std::integer_sequence<int, I...>) {
    ((acc[I] = V::fma(V::load(src + I * step), w, acc[I])), ...);
  }
  // Multiplies columns Left + I with all taps that read them.
  template <int Left, int... I>
  static SIMDNN_INLINE void add_columns(V* acc, const V* w, const T* row, index_t step,
                                        std::integer_sequence<int, I...>) {
    (add_column<Left + I>(acc, w, V::load(row + (Left + I) * step).in_register(),
                          std::make_integer_sequence<int, last<Left + I> - first<Left + I> + 1>{}),
     ...);
  }

 private:
  template <int X, int... I>
  static SIMDNN_INLINE void add_column(V* acc, const V* w, V v, std::integer_sequence<int, I...>) {
    ((acc[last<X> - I] = V::fma(v, w[X - (last<X> - I) * S], acc[last<X> - I])), ...);
  }
};

}  // namespace detail

template <class T, class Isa>
struct depthwise_rows {
  using V = vec<T, Isa>;
  static constexpr index_t W = V::lanes;
  /// Number of outputs of a tile. 7 divides the widths of most networks' feature maps, and 7 sums,
  /// the weights of a row of taps and a column of src fit into 16 registers.
  static constexpr int narrow = 7, wide = tuning<T, Isa>::depthwise;

  /// What a row of outputs of one vector of channels reads. The taps of depth and height have
  /// constant strides; columns outside 0 .. width are zeros.
  struct window {
    const T* src;                ///< the first tap's row, column 0
    index_t taps[2], stride[2];  ///< of depth and height
    const T* weights;
    index_t weights_stride[2];
    index_t step;        ///< from a column to the next
    index_t width, pad;  ///< columns; output 0 starts at column -pad
    index_t kernel, advance, dilation;
    index_t lanes;
    bool prefetch;  ///< prefetch what later rows read
  };

  static SIMDNN_INLINE V load(const T* p, index_t lanes) {
    return lanes == W ? V::load(p) : V::load(p, lanes);
  }
  static SIMDNN_INLINE void store(V v, T* p, index_t lanes) {
    lanes == W ? v.store(p) : v.store(p, lanes);
  }

  /// Computes outputs begin .. end of a row that starts at to + offset; pixels are `step` apart.
  /// The post-op's origin is moved here and not by the caller: the caller's copy would be written
  /// to memory and at once read as vectors, which waits until the stores are done.
  template <int KW, int S, int Step>
  static SIMDNN_NOINLINE void run(const window& w, T* to, index_t step, index_t channel,
                                  index_t offset, index_t begin, index_t end,
                                  const epilogue::standard<T>& post) {
    for (index_t x = begin; x < end;) {
      const index_t column = x * w.advance - w.pad, at = offset + x * step,
                    left = w.lanes == W ? end - x : 0;
      if (w.prefetch) prefetch_column(w, column);
      if constexpr (wide > narrow && KW > 0 && KW <= 3 && Step > 0)
        if (left >= wide &&
            run_tile<form<wide, KW, S, Step>>(w, column, to + at, step, channel, at, post)) {
          x += wide;
          continue;
        }
      if (left >= narrow &&
          run_tile<form<narrow, KW, S, Step>>(w, column, to + at, step, channel, at, post)) {
        x += narrow;
        continue;
      }
      alignas(64) c_array<T, narrow * W> results;
      const index_t count = std::min<index_t>(narrow, end - x);
      sum_taps_masked(w, column, count, results);
      for (index_t t = 0; t < count; ++t)
        store(post(V::load(results + t * W), epilogue::where<>{channel, at + t * step, w.lanes}),
              to + at + t * step, w.lanes);
      x += count;
    }
  }

  using row_function = void (*)(const window&, T* to, index_t step, index_t channel, index_t offset,
                                index_t begin, index_t end, const epilogue::standard<T>& post);
  /// The instance of run for a row of a kernel; `step` as in window.
  static row_function function(index_t kernel, index_t stride, index_t dilation, index_t step) {
    if (dilation == 1 && stride == 1) return odd_kernel<1>(kernel, step);
    if (dilation == 1 && stride == 2) return odd_kernel<2>(kernel, step);
    return &run<0, 0, 0>;
  }
  /// The same with stride 1 for a phase of backward to the data, where a stride of two splits three
  /// taps into one and two. Forward, such kernels are so rare that they do not pay for compiling
  /// them.
  static row_function phase_function(index_t kernel, index_t dilation, index_t step) {
    if (kernel == 1) return step == 16 ? &run<1, 1, 16> : &run<1, 1, 0>;
    if (kernel == 2 && dilation == 1) return step == 16 ? &run<2, 1, 16> : &run<2, 1, 0>;
    return function(kernel, 1, dilation, step);
  }

 private:
  template <int S>
  static row_function odd_kernel(index_t kernel, index_t step) {
    if (kernel == 3) return step == 16 ? &run<3, S, 16> : &run<3, S, 0>;
    if (kernel == 5) return &run<5, S, 0>;
    return &run<0, 0, 0>;
  }
  // Prefetches what is depthwise_prefetch bytes after the data that a tile reads.
  static SIMDNN_INLINE void prefetch_column(const window& w, index_t column) {
    const T* const last = w.src + column * w.step + (w.taps[1] - 1) * w.stride[1];
    for (index_t x = 0; x < wide * w.advance; ++x)
      for (index_t y = 0; y < w.advance; ++y)
        __builtin_prefetch(reinterpret_cast<const char*>(last + x * w.step + y * w.stride[1]) +
                           tuning<T, Isa>::depthwise_prefetch);
  }
  /// A tile of Outputs outputs of a kernel of KW taps with stride S; columns are Step elements
  /// apart. KW and S are both 0 for any kernel, Step is 0 for any distance.
  template <int Outputs, int KW, int S, int Step>
  struct form {
    using steps = detail::depthwise_steps<V, Outputs, KW, S>;
    static constexpr int outputs = Outputs, taps = KW, columns = (Outputs - 1) * S + KW;
    static SIMDNN_INLINE index_t step(const window& w) { return Step == 0 ? w.step : Step; }
    /// Number of columns that the tile reads.
    static SIMDNN_INLINE index_t reach(const window& w) {
      return KW == 0 ? (Outputs - 1) * w.advance + (w.kernel - 1) * w.dilation + 1 : columns;
    }
  };

  /// Calls add(row, weights) for each tap of depth and height.
  template <class Add>
  static SIMDNN_INLINE void for_each_row_of_taps(const window& w, const T* plane, Add add) {
    const T* plane_weights = w.weights;
    index_t d = w.taps[0];
    do {
      const T *row = plane, *weights = plane_weights;
      index_t h = w.taps[1];
      do {
        add(row, weights);
        row += w.stride[1];
        weights += w.weights_stride[1];
      } while (--h != 0);
      plane += w.stride[0];
      plane_weights += w.weights_stride[0];
    } while (--d != 0);
  }
  /// Computes the sums of a tile whose first column is `column`. The first Left and the last Right
  /// columns are outside the image.
  template <class Form, int Left = 0, int Right = 0>
  static SIMDNN_INLINE void sum_taps(const window& w, index_t column, V* acc) {
    using steps = typename Form::steps;
    const index_t step = Form::step(w);
    steps::zero(acc, steps::outputs);
    for_each_row_of_taps(
        w, w.src + column * step, [&](const T* row, const T* weights) SIMDNN_INLINE_LAMBDA {
          if constexpr (Form::taps == 0) {
            for (index_t k = 0; k < w.kernel; ++k)
              steps::add_tap(acc, V::load(weights + k * W), row + k * w.dilation * step,
                             w.advance * step, steps::outputs);
          } else {
            V wv[Form::taps];
            steps::load_b(wv, weights, std::make_integer_sequence<int, Form::taps>{});
            steps::template add_columns<Left>(
                acc, wv, row, step,
                std::make_integer_sequence<int, Form::columns - Left - Right>{});
          }
        });
  }
  /// Computes `count` sums from `column` on, only of the first w.lanes lanes. Any column may be
  /// outside the image.
  static SIMDNN_NOINLINE void sum_taps_masked(const window& w, index_t column, index_t count,
                                              T* results) {
    using steps = detail::depthwise_steps<V, narrow, 0, 0>;
    V acc[narrow];
    steps::zero(acc, steps::outputs);
    for_each_row_of_taps(w, w.src + column * w.step,
                         [&](const T* row, const T* weights) SIMDNN_INLINE_LAMBDA {
                           for (index_t k = 0; k < w.kernel; ++k) {
                             const V wv = V::load(weights + k * W);
                             unroll<narrow>([&](auto t) SIMDNN_INLINE_LAMBDA {
                               const index_t x = t * w.advance + k * w.dilation;
                               if (t < count && column + x >= 0 && column + x < w.width)
                                 acc[t] = V::fma(load(row + x * w.step, w.lanes), wv, acc[t]);
                             });
                           }
                         });
    steps::store(acc, results, W, steps::outputs);
  }
  /// Computes the sums of a tile. Returns false and does nothing if there is no form for the
  /// columns outside the image: kernels of two and three taps may have one on either side, others
  /// none. Each form costs compile time.
  template <class Form>
  static SIMDNN_INLINE bool sum_tile(const window& w, index_t column, V* acc) {
    constexpr int half = Form::taps == 2 || Form::taps == 3 ? 1 : 0;
    const index_t left = std::max<index_t>(-column, 0),
                  right = std::max<index_t>(column + Form::reach(w) - w.width, 0);
    const auto with_right = [&]<int Left>(int_constant<Left>) SIMDNN_INLINE_LAMBDA {
      if (right == 0) return sum_taps<Form, Left, 0>(w, column, acc), true;
      if constexpr (half > 0)
        if (right == half) return sum_taps<Form, Left, half>(w, column, acc), true;
      return false;
    };
    if (left == 0) return with_right(int_constant<0>{});
    if constexpr (half > 0)
      if (left == half) return with_right(int_constant<half>{});
    return false;
  }

  /// Computes a whole tile and stores it from dst on, which is at `offset` in the tensor. Returns
  /// false and does nothing if there is no form for it.
  template <class Form>
  static SIMDNN_INLINE bool run_tile(const window& w, index_t column, T* dst, index_t step,
                                     index_t channel, index_t offset,
                                     const epilogue::standard<T>& post) {
    V acc[Form::outputs];
    if (!sum_tile<Form>(w, column, acc)) return false;
    using steps = typename Form::steps;
    post.at(channel, offset).template tile<1>(acc, step, W, steps::outputs);
    steps::store(acc, dst, step, steps::outputs);
    return true;
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::microkernel
