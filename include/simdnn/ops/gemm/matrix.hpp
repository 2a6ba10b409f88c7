// matrix: what gemm's algorithms see of an operand; element (row, column) is at row * row_stride +
// column * column_stride. And transposed() of a view.
#pragma once

#include <algorithm>
#include <cstdint>
#include <simdnn/tensor/view.hpp>

namespace simdnn {

template <class T>
struct matrix {
  T* data;
  index_t row_stride;
  index_t column_stride;

  T* at(index_t row, index_t column) const {
    return data + row * row_stride + column * column_stride;
  }
  matrix transposed() const { return {data, column_stride, row_stride}; }
};

/// By rows or by columns.
template <class T, layout L>
matrix<T> as_matrix(const view<T, L>& v) {
  static_assert(L == layout("ab") || L == layout("ba"),
                "a matrix has layout \"ab\" (rows) or \"ba\" (columns)");
  return {v.data(), v.stride(0), v.stride(1)};
}

/// Of anything tensor_like, like as_matrix; tensors and views are not copied for it.
template <class T, class X>
SIMDNN_INLINE matrix<T> matrix_of(X& x) {
  if constexpr (requires { x.data(), x.strides(); })
    return {x.data(), x.strides()[0], x.strides()[1]};
  else
    return {x.as_view().data(), x.as_view().stride(0), x.as_view().stride(1)};
}
template <class X>
SIMDNN_INLINE bool has_shape(const X& x, index_t rows, index_t columns) {
  const auto fits = [&](const shape& s) {
    return s.rank() == 2 && s[0] == rows && s[1] == columns;
  };
  if constexpr (requires { x.shape(); })
    return fits(x.shape());
  else
    return fits(x.as_view().shape());
}

/// Whether both are known to share no memory, from their lowest and highest elements: a quick answer
/// before check_no_overlap's exact one. Empty ones share none.
template <class T, class U>
bool ranges_apart(matrix<T> a, index_t a_rows, index_t a_columns, matrix<U> b, index_t b_rows,
                  index_t b_columns) {
  struct range {
    std::intptr_t lowest, highest;
  };
  // Addresses as numbers: an empty matrix may have a null pointer, on which arithmetic is undefined.
  const auto range_of = [](auto m, index_t rows, index_t columns) {
    constexpr auto bytes = static_cast<index_t>(sizeof(*m.data));
    const auto at = reinterpret_cast<std::intptr_t>(m.data);
    const index_t down = (rows - 1) * m.row_stride * bytes,
                  right = (columns - 1) * m.column_stride * bytes;
    return range{at + std::min<index_t>(down, 0) + std::min<index_t>(right, 0),
                 at + std::max<index_t>(down, 0) + std::max<index_t>(right, 0)};
  };
  if (a_rows == 0 || a_columns == 0 || b_rows == 0 || b_columns == 0) return true;
  const range x = range_of(a, a_rows, a_columns), y = range_of(b, b_rows, b_columns);
  return x.lowest > y.highest || y.lowest > x.highest;
}

/// Throws error in the name of `op` where neighbours along the dimension with this letter are not
/// neighbours in memory, which the matrix that an operation writes must have.
template <char Letter, class T, layout L>
void check_neighbours(const view<T, L>& v, const char* op, const char* argument) {
  constexpr int d = L.dim(Letter);
  if (v.size(d) > 1 && v.stride(d) != 1)
    throw_error(op, argument, "stride 1 along its fastest dimension", std::to_string(v.stride(d)));
}

/// The same memory with rows and columns exchanged: "ab" becomes "ba" and the reverse.
template <class T, layout L>
auto transposed(const view<T, L>& v) {
  static_assert(L == layout("ab") || L == layout("ba"),
                "a matrix has layout \"ab\" (rows) or \"ba\" (columns)");
  constexpr layout other = L == layout("ab") ? layout("ba") : layout("ab");
  return view<T, other>(v.data(), {v.size(1), v.size(0)}, {v.stride(1), v.stride(0)});
}

}  // namespace simdnn
