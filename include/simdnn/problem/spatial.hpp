// spatial: one number per spatial dimension, in the order [d,] [h,] w.
#pragma once

#include <initializer_list>
#include <simdnn/base/error.hpp>
#include <simdnn/base/math.hpp>
#include <simdnn/base/types.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>

namespace simdnn {

/// One to three numbers, or none, which means a default. It is a structural type, so that problems
/// can be template arguments.
struct spatial {
  int rank = 0;
  index_t v[3] = {};

  constexpr spatial() = default;
  constexpr spatial(std::initializer_list<index_t> sizes) {
    if (sizes.size() > 3)
      throw_error("spatial", "rank", "at most 3 dimensions", std::to_string(sizes.size()));
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
  /// The number of dimension d, or the given one if *this is empty.
  constexpr index_t at(int d, index_t otherwise) const { return empty() ? otherwise : v[d]; }
  /// *this, or the given number in each of r dimensions if *this is empty.
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

/// Throws error in the name of op unless `size` has a number for each spatial dimension of the
/// layout, that is for each dimension but n and c.
inline void check_rank(const spatial& size, const layout& l, const char* op) {
  if (size.rank != l.rank() - 2)
    throw_error(
        op, "size",
        std::to_string(l.rank() - 2) + " spatial dimensions for layout " + std::string(l.text()),
        size.empty() ? "none" : size.str());
}

/// {s..., sizes...}
constexpr shape joined(shape s, const spatial& sizes) {
  for (int d = 0; d < sizes.rank; ++d) s.push_back(sizes[d]);
  return s;
}

/// Throws error in the name of op if an operand of this shape has too many elements (checked_size).
constexpr void check_elements(const shape& s, const char* op, const char* argument) {
  index_t n = 1;
  for (const index_t size : s)
    if (size == 0) return;
  for (const index_t size : s) n = checked_mul(n, size, op, argument);
  checked_size(n, op, argument);
}

}  // namespace simdnn
