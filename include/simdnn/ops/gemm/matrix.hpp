// matrix: what gemm's variants see of an operand; element (row, column) is at row * row_stride + column *
// column_stride, and one of the two is 1.
#pragma once

#include <simdnn/tensor/view.hpp>

namespace simdnn {

template <class T>
struct matrix {
  T* data;
  index_t row_stride;
  index_t column_stride;

  T* at(index_t row, index_t column) const { return data + row * row_stride + column * column_stride; }
  matrix transposed() const { return {data, column_stride, row_stride}; }
};

template <class T, layout L>
matrix<T> as_matrix(const view<T, L>& v) {
  static_assert(L == layout("ab") || L == layout("ba"), "a matrix has layout \"ab\" (rows) or \"ba\" (columns)");
  return {v.data(), v.stride('a'), v.stride('b')};
}

}  // namespace simdnn
