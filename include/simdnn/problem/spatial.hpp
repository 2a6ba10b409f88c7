// spatial: one number per spatial dimension, in the order [d,] [h,] w.
#pragma once

#include <initializer_list>
#include <simdnn/base/error.hpp>
#include <simdnn/base/types.hpp>
#include <string>

namespace simdnn {

/// One to three numbers, or none, which stands for a default. Structural, so that problems can be
/// template arguments.
struct spatial {
  int rank = 0;
  index_t v[3] = {};

  constexpr spatial() = default;
  constexpr spatial(std::initializer_list<index_t> sizes) {
    if (sizes.size() > 3)
      throw_error("spatial", "rank", "at most 3 dimensions", "is " + std::to_string(sizes.size()));
    for (index_t s : sizes) v[rank++] = s;
  }
  /// The same number in each of `rank` dimensions.
  static constexpr spatial all(int rank, index_t x) {
    spatial s;
    for (s.rank = 0; s.rank < rank; ++s.rank) s.v[s.rank] = x;
    return s;
  }
  constexpr index_t operator[](int d) const { return v[d]; }
  constexpr index_t& operator[](int d) { return v[d]; }
  constexpr bool empty() const { return rank == 0; }
  /// *this, or the given number everywhere where *this is empty.
  constexpr spatial or_all(int r, index_t x) const { return empty() ? all(r, x) : *this; }

  /// "3x3"
  std::string str() const {
    std::string text;
    for (int d = 0; d < rank; ++d) {
      if (d > 0) text += 'x';
      text += std::to_string(v[d]);
    }
    return text;
  }
  friend constexpr bool operator==(const spatial&, const spatial&) = default;
};

/// Outputs of a window that slides over `size` elements with padding on both sides, by the floor
/// rule: floor((size + pad + pad_end - (dilation * (kernel - 1) + 1)) / stride) + 1; may be 0 or
/// negative.
constexpr index_t window_outputs(index_t size, index_t kernel, index_t stride, index_t pad,
                                 index_t pad_end, index_t dilation) {
  const index_t room = size + pad + pad_end - (dilation * (kernel - 1) + 1);
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace simdnn
