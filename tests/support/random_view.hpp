// random_view: a random place in memory for an operand of any layout and shape: gaps and steps
// between elements, a part of a larger buffer, flipped and repeated dimensions, dimensions in
// another order, odd strides if a size is 1. Functions fill and read such an operand and find
// writes outside of it.
//
// Nothing here depends on an ISA. Random is any class with integer(low, high), both included.
#pragma once

#include <array>
#include <cstring>
#include <simdnn/tensor/view.hpp>
#include <string>
#include <utility>
#include <vector>

#include "guarded_tensor.hpp"

namespace test {

/// What a view may have besides gaps before, after and along its outermost dimension.
struct view_freedom {
  bool repeats = false;  ///< strides of 0: for operands that are read only
  bool inner = true;     ///< any dimension may have gaps, flips and another place in the order
  bool fastest = true;   ///< so may the fastest dimension of a plain layout
};

/// Blocks are always whole and contiguous. Elements share memory only along dimensions of stride 0.
struct random_view {
  simdnn::layout format;
  simdnn::shape shape;
  simdnn::strides strides{};   ///< as view's: between blocks if a dimension is blocked
  index_t first = 0;           ///< place of element 0 in the buffer
  index_t elements = 0;        ///< of the buffer; 0 if the shape has none
  guard side = guard::behind;  ///< the end of the buffer that the view touches
  std::array<index_t, simdnn::max_rank> block{}, block_stride{};

  /// The place in the buffer of the element with this logical index.
  index_t offset(const std::array<index_t, simdnn::max_rank>& i) const {
    index_t at = first;
    for (int d = 0; d < shape.rank(); ++d)
      at += i[d] / block[d] * strides[d] + i[d] % block[d] * block_stride[d];
    return at;
  }
  /// "nchw 1x3x5x5 strides 75,25,5,1 from 0 of 75"
  std::string str() const {
    std::string text(format.text());
    text.append(" ").append(shape.str()).append(" strides ");
    for (int d = 0; d < shape.rank(); ++d)
      text.append(d == 0 ? "" : ",").append(std::to_string(strides[d]));
    text.append(" from ").append(std::to_string(first)).append(" of ");
    return text.append(std::to_string(elements));
  }
};

/// The buffer has at most about 4 million elements more than a dense operand's.
template <class Random>
random_view make_random_view(const simdnn::layout& format, const simdnn::shape& s, Random& random,
                             const view_freedom& freedom = {}) {
  constexpr index_t room = index_t{1} << 22;
  const auto one_in = [&](index_t n) { return random.integer(1, n) == 1; };
  const int rank = s.rank();
  random_view v{.format = format, .shape = s};
  std::array<int, simdnn::max_rank> order{};
  std::array<index_t, simdnn::max_rank> blocks{};
  index_t outer = 1;
  for (int d = 0; d < rank; ++d) {
    order[d] = format.outer_dim(d);
    v.block[d] = format.block(d), v.block_stride[d] = format.block_stride(d);
    blocks[d] = s[d] / v.block[d] + (s[d] % v.block[d] != 0);
    outer *= blocks[d] > 0 ? blocks[d] : 1;
  }
  // Dense, with gaps along one dimension, or along any.
  const bool wild = !one_in(4);
  const int only = one_in(3) ? order[random.integer(0, rank - 1)] : -1;
  if (wild && freedom.inner && rank > 1 && one_in(8)) {
    // The fastest dimension stays in its place unless freedom.fastest is set.
    const index_t last = rank - 1 - (freedom.fastest ? 0 : 1);
    const index_t one = random.integer(0, last), other = random.integer(0, last);
    std::swap(order[one], order[other]);
  }
  index_t extent = format.block_size();
  for (int at = rank - 1; at >= 0; --at) {
    const int d = order[at];
    v.strides[d] = extent;
    outer /= blocks[d] > 0 ? blocks[d] : 1;
    if (blocks[d] <= 1) {
      constexpr index_t unused[] = {0, 1, -1, 7, -77, 1000003};
      if (wild && one_in(2)) v.strides[d] = unused[random.integer(0, 5)];
      continue;
    }
    const bool fastest = at == rank - 1 && format.plain();
    const bool free = wild && (only < 0 || only == d) && (at == 0 || freedom.inner) &&
                      (!fastest || (freedom.fastest && (only == d || one_in(3))));
    if (free && freedom.repeats && s[d] % v.block[d] == 0 && one_in(10)) {
      v.strides[d] = 0;
      continue;
    }
    index_t stride = extent;
    if (free && extent * blocks[d] * outer < room / 4) {
      switch (random.integer(0, 4)) {
        case 0:
          stride += random.integer(1, 7);
          break;
        case 1:
          stride *= random.integer(2, 3);
          break;
        case 2:
          stride += format.block_size() * random.integer(1, 4);
          break;
        default:
          break;
      }
    }
    extent += (blocks[d] - 1) * stride;
    v.strides[d] = stride;
    if (free && one_in(6)) {
      v.first += (blocks[d] - 1) * stride;
      v.strides[d] = -stride;
    }
  }
  if (s.elements() == 0) {
    v.first = 0;
    return v;
  }
  // The view reaches one end of the buffer.
  const index_t crop = wild && one_in(2) ? random.integer(1, 40) : 0;
  v.elements = extent + crop;
  v.side = one_in(2) ? guard::before : guard::behind;
  if (v.side == guard::behind) v.first += crop;
  return v;
}

/// Calls f(place in the buffer) for each element, the last logical dimension fastest.
template <class F>
void for_each_place(const random_view& v, F f) {
  if (v.shape.elements() == 0) return;
  std::array<index_t, simdnn::max_rank> i{};
  for (;;) {
    f(v.offset(i));
    int d = v.shape.rank() - 1;
    while (d >= 0 && ++i[d] == v.shape[d]) i[d--] = 0;
    if (d < 0) return;
  }
}

/// The meaning of an element of a buffer for the view in it.
enum class place : unsigned char { outside, padding, element };

inline std::vector<place> places(const random_view& v) {
  std::vector<place> all(static_cast<std::size_t>(v.elements), place::outside);
  if (v.elements == 0) return all;
  random_view whole = v;
  whole.shape = {};
  for (int d = 0; d < v.shape.rank(); ++d)
    whole.shape.push_back((v.shape[d] + v.block[d] - 1) / v.block[d] * v.block[d]);
  for_each_place(whole, [&](index_t at) { all[static_cast<std::size_t>(at)] = place::padding; });
  for_each_place(v, [&](index_t at) { all[static_cast<std::size_t>(at)] = place::element; });
  return all;
}

/// The elements in logical order.
template <class T>
std::vector<T> gather(const random_view& v, const T* buffer) {
  std::vector<T> dense;
  dense.reserve(static_cast<std::size_t>(v.shape.elements()));
  for_each_place(v, [&](index_t at) { dense.push_back(buffer[at]); });
  return dense;
}
/// Writes the elements; of those that share memory the last one stays.
template <class T>
void scatter(const random_view& v, const T* dense, T* buffer) {
  for_each_place(v, [&](index_t at) { buffer[at] = *dense++; });
}

/// The first place outside of the view where the buffers differ in a bit, or -1.
template <class T>
index_t foreign_write(const std::vector<place>& all, const T* before, const T* after) {
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] == place::outside && std::memcmp(before + i, after + i, sizeof(T)) != 0)
      return static_cast<index_t>(i);
  return -1;
}
/// The first place of the blocks' padding that is not zero, or -1.
template <class T>
index_t nonzero_padding(const std::vector<place>& all, const T* buffer) {
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i] == place::padding && !(buffer[i] == 0)) return static_cast<index_t>(i);
  return -1;
}

}  // namespace test
