// Integer arithmetic on sizes.
#pragma once

#include <simdnn/base/error.hpp>
#include <simdnn/base/types.hpp>

namespace simdnn {

/// a / b rounded up; a >= 0, b > 0.
constexpr index_t ceil_div(index_t a, index_t b) { return (a + b - 1) / b; }

/// The smallest multiple of b that is at least a; a >= 0, b > 0.
constexpr index_t round_up(index_t a, index_t b) { return ceil_div(a, b) * b; }

/// a / b rounded towards minus infinity; b > 0.
constexpr index_t floor_div(index_t a, index_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

/// a * b. Throws error, naming `op` and `argument`, if the product overflows index_t.
constexpr index_t checked_mul(index_t a, index_t b, const char* op, const char* argument) {
  index_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    throw_error(op, argument, "a size below 2^63", std::to_string(a) + " * " + std::to_string(b));
  return product;
}

/// Returns `elements`, the size of an operand. Throws error, naming `op` and `argument`, if it is
/// 2^47 or more, which no memory holds. Below, the product of a size and a small factor (bytes,
/// lanes, a tile's columns) cannot overflow.
constexpr index_t checked_size(index_t elements, const char* op, const char* argument) {
  if (elements >= index_t{1} << 47)
    throw_error(op, argument, "fewer than 2^47 elements", std::to_string(elements));
  return elements;
}

}  // namespace simdnn
