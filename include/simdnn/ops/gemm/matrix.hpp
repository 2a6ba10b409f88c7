// matrix: an operand as gemm's algorithms see it. Element (row, column) is at
// data + row * row_stride + column * column_stride. Also transposed() of a view.
#pragma once

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

/// A view that is stored by rows ("ab") or by columns ("ba") as a matrix.
template <class T, layout L>
SIMDNN_INLINE matrix<T> as_matrix(const view<T, L>& v) {
  static_assert(L == layout("ab") || L == layout("ba"),
                "a matrix has layout \"ab\" (rows) or \"ba\" (columns)");
  return {v.data(), v.stride(0), v.stride(1)};
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
