// maxout in vectors of outputs: pixels of a channel (nchw) or channels of a pixel (nhwc, nChw16c).
//
//     for each row of outputs, in parallel        nchw: a channel;  nhwc, nChw16c: a pixel
//       for each vector of the row                the last one may be partial
//         for each piece j                        piece j of all lanes is one vector of src
//
// Piece j of consecutive pixels is contiguous. Piece j of consecutive channels is not: its elements
// are `pieces` channels apart and are gathered, or scattered, one by one.
#pragma once

#include <algorithm>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/walk/contiguity.hpp>
#include <simdnn/walk/lanes.hpp>
#include <simdnn/walk/strided_copy.hpp>

#include "problem.hpp"

namespace simdnn::inline SIMDNN_ABI::maxout {

template <class T, layout L, class Isa>
class direct {
  using V = vec<T, Isa>;
  static constexpr bool along_pixels = contiguity_of(L) == contiguity::pixels;

 public:
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;  // may be chosen by cost
  /// Null, or the reason to refuse the problem, which becomes part of an error.
  static const char* refuses(const maxout_problem&) { return nullptr; }
  /// In the same unit for all algorithms of the list. It does not depend on the number of threads,
  /// so that a problem has the same bits on any number.
  static double cost(const maxout_problem& p) { return p.flops() / V::lanes; }
  explicit direct(const maxout_problem& p) : p_(p), pixels_(p.pixels()) {}

  /// argmax is null if it is not wanted.
  void forward(const view<const T, L>& src, const view<T, L>& dst, const view<T, L>* argmax,
               executor_ref executor) const {
    for_each_vector_of_outputs(executor, [&](const first& o, auto lanes) SIMDNN_INLINE_LAMBDA {
      const T* const s = image(src, o.n);
      V best = load_piece(s, o, 0, lanes), winner(0);
      for (index_t j = 1; j < p_.pieces; ++j) {
        const V x = load_piece(s, o, j, lanes);
        const auto wins = (best == best) & !(x <= best);  // larger, or the first NaN
        best = select(wins, x, best);
        winner = select(wins, V(static_cast<T>(j)), winner);
      }
      best.store(image(dst, o.n) + output(o), lanes);
      if (argmax != nullptr) winner.store(image(*argmax, o.n) + output(o), lanes);
    });
    zero_padding(dst, executor);
    if (argmax != nullptr) zero_padding(*argmax, executor);
  }

  void backward(const view<const T, L>& diff_dst, const view<const T, L>& argmax,
                const view<T, L>& diff_src, executor_ref executor) const {
    for_each_vector_of_outputs(executor, [&](const first& o, auto lanes) SIMDNN_INLINE_LAMBDA {
      const V gradient = V::load(image(diff_dst, o.n) + output(o), lanes);
      const V winner = V::load(image(argmax, o.n) + output(o), lanes);
      T* const r = image(diff_src, o.n);
      for (index_t j = 0; j < p_.pieces; ++j)
        store_piece(select(winner == V(static_cast<T>(j)), gradient, V(0)), r, o, j, lanes);
    });
    zero_padding(diff_src, executor);
  }

 private:
  // The output in the first lane of a vector.
  struct first {
    index_t n, channel, pixel;
  };

  // Calls f(first, lanes) for all outputs.
  template <class F>
  void for_each_vector_of_outputs(executor_ref executor, F f) const {
    const index_t rows = along_pixels ? p_.channels : pixels_;  // of an image
    parallel_for(executor, p_.batch * rows, [&](index_t begin, index_t end, index_t) {
      for (index_t i = begin; i < end; ++i) {
        const index_t n = i / rows, row = i % rows;
        if constexpr (along_pixels) {
          for_each_vector<V>(pixels_, [&](index_t at, auto lanes)
                                          SIMDNN_INLINE_LAMBDA { f(first{n, row, at}, lanes); });
        } else {
          const index_t run = L.plain() ? p_.channels : L.block(L.dim('c'));
          for (index_t c = 0; c < p_.channels; c += run)
            for_each_vector<V>(std::min(run, p_.channels - c),
                               [&](index_t at, auto lanes)
                                   SIMDNN_INLINE_LAMBDA { f(first{n, c + at, row}, lanes); });
        }
      }
    });
  }

  template <class U>
  static U* image(const view<U, L>& v, index_t n) {
    return v.data() + n * v.stride('n');
  }
  // The offset of an element in an image without gaps that has this many channels.
  index_t offset(index_t channel, index_t pixel, index_t channels) const {
    if constexpr (along_pixels) {
      return channel * pixels_ + pixel;
    } else if constexpr (L.plain()) {
      return pixel * channels + channel;
    } else {
      constexpr index_t block = L.block(L.dim('c'));
      return (channel / block * pixels_ + pixel) * block + channel % block;
    }
  }
  index_t output(const first& o) const { return offset(o.channel, o.pixel, p_.channels); }
  index_t piece(index_t channel, index_t j, index_t pixel) const {
    return offset(channel * p_.pieces + j, pixel, p_.channels * p_.pieces);
  }

  template <class Lanes>
  SIMDNN_INLINE V load_piece(const T* src, const first& o, index_t j, Lanes lanes) const {
    if constexpr (along_pixels) {
      return V::load(src + piece(o.channel, j, o.pixel), lanes);
    } else {
      T x[V::lanes];
      for (index_t i = 0; i < lanes; ++i) x[i] = src[piece(o.channel + i, j, o.pixel)];
      return V::load(x, lanes);
    }
  }
  template <class Lanes>
  SIMDNN_INLINE void store_piece(V v, T* diff_src, const first& o, index_t j, Lanes lanes) const {
    if constexpr (along_pixels) {
      v.store(diff_src + piece(o.channel, j, o.pixel), lanes);
    } else {
      T x[V::lanes];
      v.store(x);
      for (index_t i = 0; i < lanes; ++i) diff_src[piece(o.channel + i, j, o.pixel)] = x[i];
    }
  }

  maxout_problem p_;
  index_t pixels_;
};

}  // namespace simdnn::inline SIMDNN_ABI::maxout
