// What the disassembly is searched for: one function named tile<T, MR, NV, Order> that jumps to the
// register tile of this size. codegen_test.py follows the jump.
#pragma once

#include <simdnn/microkernel/gemm/tiled.hpp>
#include <tuple>
#include <utility>

namespace codegen {

using simdnn::microkernel::a_order;

/// Of the tile that kernels take from their table.
template <class T, int MR, int NV, a_order Order>
void tile(const simdnn::microkernel::operands<T>& operands,
          const simdnn::epilogue::standard<T>& post) {
  simdnn::microkernel::standard_tiles<T, simdnn::isa::native, Order>::table[NV - 1][MR - 1](
      operands, post);
}

/// Keeps the tiles of all numbers of rows in the object.
template <class T, int NV, a_order Order>
constexpr auto tiles = []<int... M>(std::integer_sequence<int, M...>) {
  return std::array{&tile<T, M + 1, NV, Order>...};
}(std::make_integer_sequence<int, simdnn::microkernel::most_rows<T, simdnn::isa::native>(NV)>{});

/// Of all widths.
template <class T, a_order Order>
constexpr auto widths = []<int... N>(std::integer_sequence<int, N...>) {
  return std::tuple{tiles<T, N + 1, Order>...};
}(std::make_integer_sequence<int, simdnn::tuning<T, simdnn::isa::native>::NV>{});

/// Where the ISA has them.
template <class T>
constexpr auto pairs = [] {
  if constexpr (simdnn::vec<T, simdnn::isa::native>::has_pairs)
    return tiles<T, 1, a_order::pairs_by_row>;
  else
    return 0;
}();

}  // namespace codegen
