// Whether views share memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <simdnn/tensor/view.hpp>

namespace simdnn {

/// The bytes between a view's lowest and highest element, the padding of blocks included.
struct memory_range {
  std::uintptr_t begin = 0, end = 0;
};
template <class T, layout L>
memory_range range_of(const view<T, L>& v) {
  using table = layout_table<L>;
  index_t lowest = 0, highest = table::block_size - 1;
  for (int d = 0; d < table::rank; ++d) {
    if (v.size(d) == 0) return {};
    const index_t block = table::block[d];
    const index_t last = (block == 1 ? v.size(d) - 1 : (v.size(d) - 1) / block) * v.stride(d);
    (last < 0 ? lowest : highest) += last;
  }
  constexpr auto bytes = static_cast<index_t>(sizeof(T));
  const auto data = reinterpret_cast<std::uintptr_t>(v.data());
  return {data + static_cast<std::uintptr_t>(lowest * bytes),
          data + static_cast<std::uintptr_t>((highest + 1) * bytes)};
}

/// Whether no two elements are known to share memory: some order of the dimensions has strides each
/// of which steps over all that the dimensions before it reach. False for a stride of 0.
template <class T, layout L>
bool elements_apart(const view<T, L>& v) {
  using table = layout_table<L>;
  int order[max_rank], count = 0;
  const auto step = [&](int d) { return v.stride(d) < 0 ? -v.stride(d) : v.stride(d); };
  for (int at = table::rank - 1; at >= 0; --at) {
    const int d = table::outer_dim[at];
    if (v.size(d) == 0) return true;
    if (v.size(d) <= table::block[d]) continue;
    int i = count++;
    for (; i > 0 && step(order[i - 1]) > step(d); --i) order[i] = order[i - 1];
    order[i] = d;
  }
  index_t reach = table::block_size;
  for (int i = 0; i < count; ++i) {
    if (step(order[i]) < reach) return false;
    reach += (v.size(order[i]) - 1) / table::block[order[i]] * step(order[i]);
  }
  return true;
}

/// Throws error if elements of an operand that is written share memory, or may do so.
template <class T, layout L>
void check_apart(const view<T, L>& dst, const char* op, const char* argument) {
  if (!elements_apart(dst)) [[unlikely]]
    throw_error(op, argument, "elements that share no memory", "strides by which they overlap");
}

/// Whether two views of one shape have each element at the same distance from the first one.
template <class T, class U, layout L>
bool same_strides(const view<T, L>& a, const view<U, L>& b) {
  using table = layout_table<L>;
  for (int d = 0; d < table::rank; ++d)
    if (a.stride(d) != b.stride(d) && a.size(d) > table::block[d]) return false;
  return true;
}

/// Whether two views into one tensor are known to have no element in common though their ranges
/// cross, as parts of the channels in nhwc do: both boxes in the coordinates that their strides
/// span.
template <class T, class U, layout L>
bool boxes_apart(const view<T, L>& a, const view<U, L>& b) {
  if (a.strides() != b.strides() || sizeof(T) != sizeof(U)) return false;
  const auto at = reinterpret_cast<std::intptr_t>(a.data()),
             bt = reinterpret_cast<std::intptr_t>(b.data());
  if (bt < at) return boxes_apart(b, a);
  const std::intptr_t block = sizeof(T) * L.block_size();
  int order[max_rank];
  for (int d = 0; d < L.rank(); ++d) order[d] = d;
  std::sort(order, order + L.rank(), [&](int x, int y) { return a.stride(x) > a.stride(y); });
  std::intptr_t distance = bt - at;
  index_t outer = 0;
  bool apart = false;
  for (int i = 0; i < L.rank(); ++i) {
    const int d = order[i];
    const std::intptr_t stride = a.stride(d) * static_cast<std::intptr_t>(sizeof(T));
    if (stride < block) return false;
    const index_t from = distance / stride;
    distance %= stride;
    const index_t a_blocks = ceil_div(a.size(d), L.block(d)),
                  b_blocks = ceil_div(b.size(d), L.block(d));
    // A box that runs over the end of this dimension has no such coordinates.
    if (i > 0 && std::max(a_blocks, from + b_blocks) > outer / stride) return false;
    apart = apart || from >= a_blocks;
    outer = stride;
  }
  return apart && distance == 0;
}

/// Throws error where dst shares memory with an operand that is read while dst is written.
template <class T, layout L, class U, layout M>
void check_no_overlap(const view<T, L>& dst, const view<U, M>& src, const char* op,
                      const char* dst_name, const char* src_name) {
  const memory_range a = range_of(dst), b = range_of(src);
  if (a.begin >= b.end || b.begin >= a.end) return;
  if constexpr (L == M)
    if (boxes_apart(dst, src)) return;
  throw_error(op, dst_name, std::string("memory apart from ") + src_name, "an overlap");
}

}  // namespace simdnn
