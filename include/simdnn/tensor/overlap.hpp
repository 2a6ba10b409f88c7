// Whether views share memory. The checks are not templates: they take views as strided_box.
#pragma once

#include <algorithm>
#include <cstdint>
#include <simdnn/base/unroll.hpp>
#include <simdnn/tensor/view.hpp>
#include <string>

namespace simdnn {

/// The addresses from a view's lowest to its highest element, including the padding of blocks.
struct memory_range {
  std::uintptr_t begin = 0, end = 0;
  bool apart(const memory_range& other) const { return begin >= other.end || other.begin >= end; }
};
template <class T, layout L>
SIMDNN_INLINE memory_range range_of(const view<T, L>& v) {
  using table = layout_table<L>;
  index_t lowest = 0, highest = table::block_size - 1;
  bool empty = false;
  unroll<table::rank>([&](auto d) SIMDNN_INLINE_LAMBDA {
    constexpr index_t block = table::block[d];
    const index_t size = v.size(int(d));
    const index_t last = (block == 1 ? size - 1 : (size - 1) / block) * v.stride(int(d));
    lowest += std::min<index_t>(last, 0);
    highest += std::max<index_t>(last, 0);
    empty |= size == 0;
  });
  if (empty) return {};
  constexpr auto bytes = static_cast<index_t>(sizeof(T));
  const auto data = reinterpret_cast<std::uintptr_t>(v.data());
  return {data + static_cast<std::uintptr_t>(lowest * bytes),
          data + static_cast<std::uintptr_t>((highest + 1) * bytes)};
}

/// A view whose layout and element type are known at run time only.
struct strided_box {
  std::intptr_t address = 0;
  index_t element_bytes = 1, block_size = 1;
  int rank = 0;
  /// By logical dimension. `blocks` is the number of blocks, or of elements if not blocked.
  fixed_array<index_t, max_rank> blocks{}, stride{};
  fixed_array<int, max_rank> outer_dim{};  ///< the logical dimensions in memory order
  memory_range range;
};
template <class T, layout L>
strided_box box_of(const view<T, L>& v) {
  using table = layout_table<L>;
  strided_box box{.address = reinterpret_cast<std::intptr_t>(v.data()),
                  .element_bytes = sizeof(T),
                  .block_size = table::block_size,
                  .rank = table::rank,
                  .stride = v.strides(),
                  .outer_dim = table::outer_dim,
                  .range = range_of(v)};
  for (int d = 0; d < table::rank; ++d) box.blocks[d] = ceil_div(v.size(d), table::block[d]);
  return box;
}

/// Whether it is certain that no two elements share memory: with the dimensions sorted by stride,
/// each stride is at least the extent of the dimensions before it. False for a stride of 0.
inline bool elements_apart(const strided_box& v) {
  int order[max_rank], count = 0;
  const auto step = [&](int d) { return v.stride[d] < 0 ? -v.stride[d] : v.stride[d]; };
  for (int at = v.rank - 1; at >= 0; --at) {
    const int d = v.outer_dim[at];
    if (v.blocks[d] == 0) return true;
    if (v.blocks[d] == 1) continue;
    int i = count++;
    for (; i > 0 && step(order[i - 1]) > step(d); --i) order[i] = order[i - 1];
    order[i] = d;
  }
  index_t reach = v.block_size;
  for (int i = 0; i < count; ++i) {
    if (step(order[i]) < reach) return false;
    reach += (v.blocks[order[i]] - 1) * step(order[i]);
  }
  return true;
}
template <class T, layout L>
bool elements_apart(const view<T, L>& v) {
  return elements_apart(box_of(v));
}

/// Whether every element has the same offset in both views, which have the same shape.
template <class T, class U, layout L>
bool same_strides(const view<T, L>& a, const view<U, L>& b) {
  using table = layout_table<L>;
  for (int d = 0; d < table::rank; ++d)
    if (a.stride(d) != b.stride(d) && a.size(d) > table::block[d]) return false;
  return true;
}

/// Whether it is certain that two views of the same layout have no element in common although their
/// ranges overlap, as for two parts of the channels of one nhwc tensor. Compares both boxes in the
/// coordinates of the tensor that their strides describe.
inline bool boxes_apart(const strided_box& a, const strided_box& b) {
  if (a.stride != b.stride || a.element_bytes != b.element_bytes) return false;
  if (b.address < a.address) return boxes_apart(b, a);
  const std::intptr_t block = a.element_bytes * a.block_size;
  int order[max_rank];  // the largest stride first
  for (int d = 0; d < a.rank; ++d) {
    int i = d;
    for (; i > 0 && a.stride[order[i - 1]] < a.stride[d]; --i) order[i] = order[i - 1];
    order[i] = d;
  }
  std::intptr_t distance = b.address - a.address;
  index_t outer = 0;
  bool apart = false;
  for (int i = 0; i < a.rank; ++i) {
    const int d = order[i];
    const std::intptr_t stride = a.stride[d] * a.element_bytes;
    if (stride < block) return false;
    const index_t from = distance / stride;
    distance %= stride;
    // A box that extends past the end of this dimension has no such coordinates.
    if (i > 0 && std::max(a.blocks[d], from + b.blocks[d]) > outer / stride) return false;
    apart = apart || from >= a.blocks[d];
    outer = stride;
  }
  return apart && distance == 0;
}

/// Whether it is certain that two views share no memory. same_layout: their layouts are the same.
inline bool boxes_apart(const strided_box& a, const strided_box& b, bool same_layout) {
  return a.range.apart(b.range) || (same_layout && boxes_apart(a, b));
}

/// Throws error if dst shares memory with an operand that is read while dst is written.
template <class T, layout L, class U, layout M>
void check_no_overlap(const view<T, L>& dst, const view<U, M>& src, const char* op,
                      const char* dst_name, const char* src_name) {
  if (range_of(dst).apart(range_of(src))) return;
  if (!boxes_apart(box_of(dst), box_of(src), L == M))
    throw_error(op, dst_name, std::string("memory apart from ") + src_name, "an overlap");
}

}  // namespace simdnn
