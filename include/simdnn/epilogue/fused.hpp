// fused: the only type of post-op that algorithms take. epilogue::standard is data and is applied
// by tiles in registers. Any other post-op is a chain, compiled into the functions of
// `custom_functions` and called through pointers: tiles write their results to a buffer in L1, and
// a function applies the chain to them and writes them to dst. Thus algorithms are not templates on
// post-ops, and a new post-op compiles only its functions.
#pragma once

#include <algorithm>
#include <memory>
#include <simdnn/epilogue/standard.hpp>

namespace simdnn::inline SIMDNN_ABI::epilogue {

/// Results to be moved to dst: lines of rows of columns; columns are contiguous in `from`. `from`
/// and `to` do not overlap, unless they are the same memory in the same order.
template <class T>
struct results {
  const T* from;  // [line][row][column]
  index_t from_row;
  T* to;  // [line][row][column]
  index_t to_row;
  index_t rows, columns;
  index_t to_column;  ///< from one vector of a row to the next
  index_t lines = 1, from_line = 0, to_line = 0;
};

template <class T>
struct custom_functions {
  /// Does what fused::store does, with the chain's origin at this channel and offset.
  using store_function = void (*)(const void* chain, const results<T>&, index_t channel,
                                  index_t offset);
  store_function store, store_pixels;
  double (*one)(const void* chain, double, where<>);
  bool (*reads)(const void* chain, const T* dst, index_t offset);
};

namespace detail {

// Lanes are consecutive columns: channels, or pixels of one channel, a different one for each row.
// Whole vectors are stored without masks. r is passed by value, so that its strides stay in
// registers: a store of a vector may alias anything in memory.
template <class V, lanes_are Lanes, class Op, class T>
SIMDNN_INLINE void store(const Op& op, results<T> r, index_t channel, index_t offset) {
  constexpr bool channels = Lanes == lanes_are::channels;
  const auto column = [&](const T* from, index_t at, index_t n, auto lanes) SIMDNN_INLINE_LAMBDA {
    for (index_t row = 0; row < r.rows; ++row, from += r.from_row, at += r.to_row) {
      const where<Lanes> here{channel + (channels ? n : row), offset + at, lanes};
      op(V::load(from, lanes), here).store(r.to + at, lanes);
    }
  };
  for (index_t line = 0; line < r.lines; ++line) {
    const T* from = r.from + line * r.from_line;
    index_t at = line * r.to_line, n = 0;
    for (; n + V::lanes <= r.columns; n += V::lanes, at += r.to_column)
      column(from + n, at, n, typename V::all_lanes{});
    if (n < r.columns) column(from + n, at, n, r.columns - n);
  }
}

template <class T, class V, class Chain>
struct functions_of {
  static const Chain& chain(const void* c) { return *static_cast<const Chain*>(c); }

  template <lanes_are Lanes>
  static void store(const void* c, const results<T>& r, index_t channel, index_t offset) {
    const Chain moved = chain(c).at(channel, offset);
    detail::store<V, Lanes>(moved, r, 0, 0);
  }
  static double one(const void* c, double x, where<> w) { return chain(c)(x, w); }
  static bool reads(const void* c, const T* dst, index_t offset) {
    return chain(c).at(0, offset).reads(dst);
  }
  static constexpr custom_functions<T> table{&store<lanes_are::channels>, &store<lanes_are::pixels>,
                                             &one, &reads};
};

}  // namespace detail

/// If it has a chain, it refers to that of a fused_chain, which must outlive it.
template <class T>
class fused {
 public:
  /// Does nothing if there is a chain.
  epilogue::standard<T> standard;

  fused(const epilogue::standard<T>& s = {}) : standard(s) {}

  /// Whether there is a chain. Then tiles apply no post-op, and store() or store_pixels() writes
  /// their results to dst.
  bool is_custom() const { return functions_ != nullptr; }
  bool nothing() const { return !is_custom() && standard.nothing(); }
  /// Whether dst itself is an operand. Then only final results may be stored there.
  bool reads(const T* dst) const {
    return is_custom() ? functions_->reads(chain_, dst, offset_) : standard.reads(dst);
  }
  /// The same post-op with its origin moved.
  fused at(index_t channel, index_t offset) const {
    fused moved(standard.at(channel, offset));
    moved.functions_ = functions_, moved.chain_ = chain_;
    moved.channel_ = channel_ + channel, moved.offset_ = offset_ + offset;
    return moved;
  }

  /// Applies it to one result in double, for references.
  double operator()(double x, where<> w) const {
    if (!is_custom()) return standard(x, w);
    return functions_->one(chain_, x, {channel_ + w.channel, offset_ + w.offset, 1});
  }
  /// Stores results whose columns are channels. The first result belongs to this channel and to
  /// this offset in dst. V is a vector of the ISA.
  template <class V>
  void store(const results<T>& r, index_t channel, index_t offset) const {
    if (is_custom()) return functions_->store(chain_, r, channel_ + channel, offset_ + offset);
    detail::store<V, lanes_are::channels>(standard, r, channel, offset);
  }
  /// Stores results whose columns are pixels; row i belongs to channel `channel` + i.
  template <class V>
  void store_pixels(const results<T>& r, index_t channel, index_t offset) const {
    if (is_custom())
      return functions_->store_pixels(chain_, r, channel_ + channel, offset_ + offset);
    detail::store<V, lanes_are::pixels>(standard, r, channel, offset);
  }

 protected:
  const custom_functions<T>* functions_ = nullptr;
  const void* chain_ = nullptr;
  index_t channel_ = 0, offset_ = 0;
};

/// Owns a chain, to which its base fused<T> refers.
template <class T, class Isa, class Chain>
class fused_chain : public fused<T> {
 public:
  explicit fused_chain(Chain ops) : ops_(std::move(ops)) {
    this->functions_ = &detail::functions_of<T, vec<T, Isa>, Chain>::table;
    this->chain_ = std::addressof(ops_);
  }
  fused_chain(const fused_chain&) = delete;
  fused_chain& operator=(const fused_chain&) = delete;

 private:
  Chain ops_;
};

}  // namespace simdnn::inline SIMDNN_ABI::epilogue
