// The inline test of a call's operands: a few comparisons. If it fails, operands.hpp checks the
// operands exactly. Loops over dimensions are unrolled, so that views need not be in memory.
#pragma once

#include <algorithm>
#include <simdnn/base/unroll.hpp>
#include <simdnn/isa/abi.hpp>
#include <simdnn/plan/operand.hpp>
#include <simdnn/tensor/overlap.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// Whether the view has these sizes and the strides that its line of the table requires. If the
/// operand is written, also whether each stride is at least the extent of the dimensions that are
/// inside it in the layout's order; then no elements share memory.
template <class Operand, bool Written, class V>
SIMDNN_INLINE bool fits_quickly(const V& v, const index_t* sizes) {
  using table = layout_table<V::format>;
  constexpr int rank = table::rank, fastest = table::outer_dim[rank - 1];
  bool ok = v.shape().rank() == rank;
  unroll<rank>([&](auto d) SIMDNN_INLINE_LAMBDA { ok &= v.size(int(d)) == sizes[d]; });
  if constexpr (Operand::needs == needs::images) {
    index_t dense = table::block_size;
    unroll<rank - 1>([&](auto place) SIMDNN_INLINE_LAMBDA {
      constexpr int d = table::outer_dim[rank - 1 - place];
      ok &= v.stride(d) == dense;
      dense *= ceil_div(sizes[d], table::block[d]);
    });
  } else if constexpr (Operand::needs != needs::any && V::format.plain() &&
                       (Operand::needs == needs::fastest || V::format.letter(fastest) == 'c')) {
    ok &= v.stride(fastest) == 1 || sizes[fastest] <= 1;
  }
  if constexpr (Written) {
    index_t reach = table::block_size;
    unroll<rank>([&](auto place) SIMDNN_INLINE_LAMBDA {
      constexpr int d = table::outer_dim[rank - 1 - place];
      constexpr index_t block = table::block[d];
      const index_t blocks = block == 1 ? sizes[d] : ceil_div(sizes[d], block);
      ok &= int(v.stride(d) >= reach) | int(blocks <= 1);
      if constexpr (place + 1 < rank) reach = std::max(reach, v.stride(d) * blocks);
    });
  }
  return ok;
}

/// Whether two views of one layout have the same strides.
template <class V, class W>
SIMDNN_INLINE bool same_strides_quickly(const V& v, const W& w) {
  bool ok = true;
  unroll<layout_table<V::format>::rank>(
      [&](auto d) SIMDNN_INLINE_LAMBDA { ok &= v.stride(int(d)) == w.stride(int(d)); });
  return ok;
}

/// The memory range of a view. It is empty if the view has no shape, and for all other types.
template <class V>
SIMDNN_INLINE memory_range range_of_operand(const V& v) {
  if constexpr (requires { v.format; })
    return v.shape().rank() == 0 ? memory_range() : range_of(v);
  else
    return {};
}

/// Whether operand I, if it is written, shares no memory with any other operand, except the whole
/// range of one that it may replace.
template <class Table, std::size_t I, bool Written, std::size_t... J>
SIMDNN_INLINE bool apart_quickly(const memory_range* ranges, std::index_sequence<J...>) {
  if constexpr (!Written)
    return true;
  else
    return (... && (I == J || ranges[I].apart(ranges[J]) ||
                    (Table::template may_replace<I, J> && Table::template like_line<I> >= 0 &&
                     ranges[I].begin == ranges[J].begin && ranges[I].end == ranges[J].end)));
}

}  // namespace simdnn::inline SIMDNN_ABI
