// matrix: what gemm's variants see of an operand; element (row, column) is at row * row_stride +
// column * column_stride. And transposed() of a view.
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

template <class T, layout L>
matrix<T> as_matrix(const view<T, L>& v) {
  static_assert(L == layout("ab") || L == layout("ba"),
                "a matrix has layout \"ab\" (rows) or \"ba\" (columns)");
  return {v.data(), v.stride('a'), v.stride('b')};
}

/// Throws error in the name of `op` where neighbours along the dimension with this letter are not
/// neighbours in memory, which the matrix that an operation writes must have.
template <class T, layout L>
void check_neighbours(const view<T, L>& v, char letter, const char* op, const char* argument) {
  if (v.size(letter) > 1 && v.stride(letter) != 1)
    throw error(op, argument, "neighbours must stand side by side",
                "has elements " + std::to_string(v.stride(letter)) + " apart");
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
