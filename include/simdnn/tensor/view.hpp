// view: a pointer, a logical shape and the strides of the outer dimensions, in a layout known at
// compile time. Copying a view copies no data.
#pragma once

#include <array>
#include <concepts>
#include <simdnn/base/fixed_array.hpp>
#include <simdnn/tensor/shape.hpp>
#include <type_traits>

namespace simdnn {

/// One number per logical dimension: the distance in elements from one index to the next, or from
/// one block to the next if the dimension is blocked.
using strides = fixed_array<index_t, max_rank>;

/// The properties of a layout, parsed once at compile time. Arrays are indexed by logical dimension
/// unless they say otherwise.
template <layout L>
struct layout_table {
  template <class Property>
  static consteval auto per_dimension(Property property) {
    fixed_array<decltype(property(0)), max_rank> all{};
    for (int d = 0; d < L.rank(); ++d) all[d] = property(d);
    return all;
  }
  static constexpr int rank = L.rank();
  static constexpr auto block = per_dimension([](int d) { return L.block(d); });
  static constexpr auto block_stride = per_dimension([](int d) { return L.block_stride(d); });
  /// By position in memory order, 0 the outermost.
  static constexpr auto outer_dim = per_dimension([](int at) { return L.outer_dim(at); });
  static constexpr index_t block_size = L.block_size();
  /// By letter, from 'a' on; -1 if the layout does not have it.
  static constexpr auto dim = [] {
    fixed_array<signed char, 26> all{};
    for (int i = 0; i < 26; ++i)
      all[i] = static_cast<signed char>(L.dim(static_cast<char>('a' + i)));
    return all;
  }();
};

namespace view_detail {

// Not templates, so that they are compiled once for all layouts.
[[noreturn]] SIMDNN_NOINLINE inline void refuse_rank(const layout& l, const shape& s,
                                                     const char* op) {
  throw_error(op, "shape",
              std::to_string(l.rank()) + " dimensions for layout " + std::string(l.text()),
              s.str());
}
[[noreturn]] SIMDNN_NOINLINE inline void refuse_null(const shape& s) {
  throw_error("view", "data", "a pointer to " + s.str() + " elements", "null");
}
SIMDNN_NOINLINE constexpr strides dense_strides(const fixed_array<index_t, max_rank>& block,
                                                const fixed_array<int, max_rank>& outer_dim,
                                                index_t block_size, const shape& s,
                                                const char* op) {
  strides result{};
  index_t run = block_size;
  for (int at = s.rank() - 1; at >= 0; --at) {
    const int d = outer_dim[at];
    result[d] = run;
    const index_t blocks = s[d] / block[d] + (s[d] % block[d] != 0);
    run = checked_mul(run, blocks == 0 ? 1 : blocks, op, "shape");
  }
  checked_mul(run, 16, op, "shape");  // in bytes too, for the widest element type
  return result;
}

}  // namespace view_detail

/// The strides of a tensor without gaps; blocked dimensions are padded to whole blocks. Throws
/// error in the name of `op` if the shape's rank is not the layout's or the memory size overflows.
template <layout L>
constexpr strides dense_strides(const shape& s, const char* op = "tensor") {
  using table = layout_table<L>;
  if (s.rank() != table::rank) view_detail::refuse_rank(L, s, op);
  return view_detail::dense_strides(table::block, table::outer_dim, table::block_size, s, op);
}

/// Elements in memory, including the padding of blocks; 0 if a size is 0.
template <layout L>
constexpr index_t dense_elements(const shape& s, const char* op = "tensor") {
  const strides st = dense_strides<L>(s, op);
  for (index_t size : s)
    if (size == 0) return 0;
  constexpr int outermost = L.outer_dim(0);
  return st[outermost] * ceil_div(s[outermost], L.block(outermost));
}

template <class T, layout L>
class view {
 public:
  using value_type = T;
  static constexpr layout format = L;

  view() = default;
  /// A dense view. Throws error if the shape's rank is not the layout's, or if data is null and
  /// there are elements.
  view(T* data, const simdnn::shape& s) : view(data, s, dense_strides<L>(s, "view")) {}
  /// A view with the caller's strides. Nothing checks that they stay inside the memory.
  view(T* data, const simdnn::shape& s, const simdnn::strides& st)
      : data_(data), shape_(s), strides_(st) {
    if (data == nullptr && s.elements() != 0) view_detail::refuse_null(s);
  }
  /// A view of T converts to a view of const T.
  template <class U>
    requires(std::is_const_v<T> && std::same_as<const U, T>)
  view(const view<U, L>& other)  // NOLINT: implicit, as from T* to const T*
      : data_(other.data()), shape_(other.shape()), strides_(other.strides()) {}

  T* data() const { return data_; }
  const simdnn::shape& shape() const { return shape_; }
  const simdnn::strides& strides() const { return strides_; }
  /// d is a logical dimension, `letter` its letter. A letter that the layout lacks has size 1 and
  /// stride 0.
  index_t size(int d) const { return shape_[d]; }
  index_t size(char letter) const { return dim(letter) < 0 ? 1 : shape_[dim(letter)]; }
  index_t stride(int d) const { return strides_[d]; }
  index_t stride(char letter) const { return dim(letter) < 0 ? 0 : strides_[dim(letter)]; }
  bool empty() const { return shape_.elements() == 0; }
  const view& as_view() const { return *this; }

  /// True if there are no gaps between the elements.
  bool dense() const { return strides_ == dense_strides<L>(shape_); }

  /// The offset in elements from data() of the element with this logical index. Unchecked.
  template <class... Index>
    requires(std::convertible_to<Index, index_t> && ...)
  index_t offset(Index... i) const {
    return offset(std::array<index_t, sizeof...(Index)>{static_cast<index_t>(i)...});
  }
  template <std::size_t N>
  index_t offset(const std::array<index_t, N>& i) const {
    index_t at = 0;
    for (int d = 0; d < table::rank; ++d) {
      const index_t block = table::block[d];
      at += block == 1
                ? i.data()[d] * strides_[d]
                : i.data()[d] / block * strides_[d] + i.data()[d] % block * table::block_stride[d];
    }
    return at;
  }
  template <class... Index>
  T& operator()(Index... i) const {
    return data_[offset(i...)];
  }

  /// A view of indices begin .. begin + count of dimension d; concat writes its parts through such
  /// views. Throws error if they are not inside the dimension, if begin is not a multiple of the
  /// block size, or if begin + count is neither a multiple nor the dimension's end.
  view part(int d, index_t begin, index_t count) const {
    const index_t end = shape_[d], block = table::block[d];
    if (begin < 0 || count < 0 || begin > end - count)
      throw_error("view::part", "range",
                  "one inside dimension " + std::to_string(d) + " of size " + std::to_string(end),
                  std::to_string(begin) + " + " + std::to_string(count));
    if (begin % block != 0 || (count % block != 0 && begin + count != end))
      throw_error("view::part", "range", "ends at multiples of the block " + std::to_string(block),
                  std::to_string(begin) + " + " + std::to_string(count));
    simdnn::shape s;
    for (int i = 0; i < table::rank; ++i) s.push_back(i == d ? count : shape_[i]);
    return view(data_ + begin / block * strides_[d], s, strides_);
  }

 private:
  using table = layout_table<L>;
  static constexpr int dim(char letter) { return table::dim[letter - 'a']; }

  T* data_ = nullptr;
  simdnn::shape shape_;
  simdnn::strides strides_{};
};

/// The operands of public functions: tensors and views.
template <class X>
concept tensor_like = requires(const std::remove_cvref_t<X>& x) {
  typename std::remove_cvref_t<X>::value_type;
  { std::remove_cvref_t<X>::format } -> std::convertible_to<layout>;
  x.as_view();
};

/// A tensor_like of this element type in this layout.
template <class X, class T, layout L>
concept tensor_of =
    tensor_like<X> &&
    std::same_as<std::remove_const_t<typename std::remove_cvref_t<X>::value_type>, T> &&
    std::remove_cvref_t<X>::format == L;

}  // namespace simdnn
