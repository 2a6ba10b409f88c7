// Post-ops as tiles take them: pointers and numbers, no tensors. Each has
//     V operator()(V v, where<...> w) const;
// which takes a vector of results (the reference passes one double) and where they will be stored;
// at(channel, offset), which returns it with its origin moved; and reads(dst), which tells whether
// dst itself is an operand, so that only final results may be stored there. chain and standard also
// have tile(), which takes all accumulators of a tile.
#pragma once

#include <simdnn/epilogue/functions.hpp>
#include <tuple>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::epilogue {

/// What the lanes of a vector of results are: consecutive channels, or consecutive pixels of one
/// channel.
enum class lanes_are { channels, pixels };

/// The position of a vector of results: its (first) channel, its offset in dst in elements, and the
/// number of its lanes that are used. Operands are read for these lanes only.
template <lanes_are Lanes = lanes_are::channels>
struct where {
  index_t channel;
  index_t offset;
  index_t lanes;
};

namespace detail {

template <class V, class T>
SIMDNN_INLINE V load(const T* p, index_t lanes) {
  if constexpr (is_vec<V>)
    return lanes == V::lanes ? V::load(p) : V::load(p, lanes);
  else
    return static_cast<V>(*p);
}
template <class V, class T, lanes_are Lanes>
SIMDNN_INLINE V per_channel(const T* p, where<Lanes> w) {
  if constexpr (is_vec<V> && Lanes == lanes_are::pixels)
    return V(p[w.channel]);
  else
    return load<V>(p + w.channel, w.lanes);
}

}  // namespace detail

/// v * scale[channel]
template <class T>
struct scale {
  const T* data;
  template <class V, class W>
  SIMDNN_INLINE V operator()(V v, W w) const {
    return v * detail::per_channel<V>(data, w);
  }
  scale at(index_t channel, index_t) const { return {data + channel}; }
  bool reads(const T*) const { return false; }
};

/// v + shift[channel]
template <class T>
struct shift {
  const T* data;
  template <class V, class W>
  SIMDNN_INLINE V operator()(V v, W w) const {
    return v + detail::per_channel<V>(data, w);
  }
  shift at(index_t channel, index_t) const { return {data + channel}; }
  bool reads(const T*) const { return false; }
};

/// v + residual, which has the strides of dst
template <class T>
struct sum {
  const T* data;
  template <class V, class W>
  SIMDNN_INLINE V operator()(V v, W w) const {
    return v + detail::load<V>(data + w.offset, w.lanes);
  }
  sum at(index_t, index_t offset) const { return {data + offset}; }
  bool reads(const T* dst) const { return data == dst; }
};

/// f(v), for the functions of functions.hpp and for lambdas
template <class F>
struct map {
  F f;
  template <class V, class W>
  SIMDNN_INLINE V operator()(V v, W) const {
    return f(v);
  }
  const map& at(index_t, index_t) const { return *this; }
  bool reads(const void*) const { return false; }
};

/// Several post-ops, applied from left to right.
template <class... Ops>
struct chain {
  std::tuple<Ops...> ops;

  template <class V, class W>
  SIMDNN_INLINE V operator()(V v, W w) const {
    std::apply([&](const auto&... op) SIMDNN_INLINE_LAMBDA { ((v = op(v, w)), ...); }, ops);
    return v;
  }
  chain at(index_t channel, index_t offset) const {
    return std::apply(
        [&](const auto&... op) { return chain{std::tuple(op.at(channel, offset)...)}; }, ops);
  }
  template <class T>
  bool reads(const T* dst) const {
    return std::apply([&](const auto&... op) { return (op.reads(dst) || ...); }, ops);
  }
  /// Applied to all accumulators of a tile with NV vectors per row: acc[m * NV + n] will be stored
  /// at offset m * row + n * column.
  template <int NV, class V, int... I>
  SIMDNN_INLINE void tile(V* acc, index_t row, index_t column,
                          std::integer_sequence<int, I...>) const {
    ((acc[I] =
          (*this)(acc[I], where<>{I % NV * V::lanes, I / NV * row + I % NV * column, V::lanes})),
     ...);
  }
};

/// scale, shift, sum and clamp in this order, each only if it is set. This is decided at run time,
/// so that one instantiation of a tile serves bias, folded batch norm, residuals, relu and relu6.
template <class T>
struct standard {
  const T* scale = nullptr;
  const T* shift = nullptr;
  const T* sum = nullptr;
  bool clamped = false;
  T low = 0, high = 0;

  bool reads(const T* dst) const { return sum != nullptr && sum == dst; }
  bool nothing() const {
    return scale == nullptr && shift == nullptr && sum == nullptr && !clamped;
  }

  template <class V, class W>
  SIMDNN_INLINE V operator()(V v, W w) const {
    if (scale != nullptr) v = epilogue::scale<T>{scale}(v, w);
    if (shift != nullptr) v = epilogue::shift<T>{shift}(v, w);
    if (sum != nullptr) v = epilogue::sum<T>{sum}(v, w);
    if (clamped) v = simdnn::clamp(v, V(low), V(high));
    return v;
  }
  standard at(index_t channel, index_t offset) const {
    standard moved = *this;
    if (scale != nullptr) moved.scale += channel;
    if (shift != nullptr) moved.shift += channel;
    if (sum != nullptr) moved.sum += offset;
    return moved;
  }
  // One branch per step, not per vector. Folds instead of lambdas: with a lambda for each
  // accumulator of each tile, gcc takes four times as long to compile.
  template <int NV, class V, int... I>
  SIMDNN_INLINE void tile(V* acc, index_t row, index_t column,
                          std::integer_sequence<int, I...>) const {
    if (scale != nullptr) ((acc[I] *= V::load(scale + I % NV * V::lanes)), ...);
    if (shift != nullptr) ((acc[I] += V::load(shift + I % NV * V::lanes)), ...);
    if (sum != nullptr) ((acc[I] += V::load(sum + I / NV * row + I % NV * column)), ...);
    if (clamped) {
      const V lo(low), hi(high);
      ((acc[I] = V::clamp(acc[I], lo, hi)), ...);
    }
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::epilogue
