// prelu_problem: the geometry of prelu. What is asked, not how.
//
// dst[n][c] = src[n][c] > 0 ? src[n][c] : slope[c] * src[n][c].
#pragma once

#include <simdnn/base/math.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>

namespace simdnn {

/// Filled with designated initialisers: prelu_problem{.batch = 8, .channels = 64}
struct prelu_problem {
  index_t batch = 1;
  index_t channels = 1;

  friend constexpr bool operator==(const prelu_problem&, const prelu_problem&) = default;

  /// Throws error naming the field that breaks a rule. An empty batch is legal.
  prelu_problem checked(const char* op = "prelu_problem") const {
    const auto rule = [&](index_t value, index_t least, const char* field) {
      if (value < least)
        throw_error(op, field, "at least " + std::to_string(least), std::to_string(value));
    };
    rule(batch, 0, "batch");
    rule(channels, 1, "channels");
    checked_mul(checked_mul(batch, channels, op, "src"), 16, op, "src");
    return *this;
  }
  /// {batch, channels}, of src and of dst.
  constexpr shape src_shape() const { return {batch, channels}; }
  /// {channels}
  constexpr shape slope_shape() const { return {channels}; }
  /// Multiplications of one pass.
  constexpr double flops() const {
    return static_cast<double>(batch) * static_cast<double>(channels);
  }
  /// benchdnn's notation: mb8ic64.
  std::string str() const { return "mb" + std::to_string(batch) + "ic" + std::to_string(channels); }
};

}  // namespace simdnn
