// fixed_array: std::array indexed by index_t.
#pragma once

#include <simdnn/base/types.hpp>

namespace simdnn {

template <class T, int N>
struct fixed_array {
  c_array<T, N> values;

  constexpr T& operator[](index_t i) { return values[i]; }
  constexpr const T& operator[](index_t i) const { return values[i]; }
  constexpr const T* data() const { return values; }
  friend constexpr bool operator==(const fixed_array&, const fixed_array&) = default;
};

}  // namespace simdnn
