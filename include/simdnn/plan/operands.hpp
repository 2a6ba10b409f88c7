// Checks of operands, once per call at the facade.
#pragma once

#include <algorithm>
#include <simdnn/tensor/overlap.hpp>
#include <string>

namespace simdnn {

/// Throws error in the name of `op` where the operand's shape is not the one that the problem asks
/// for. The message names the first dimension that differs: "conv_forward: src has 3 channels,
/// ...".
template <class T, layout L>
void check_shape(const view<T, L>& operand, const shape& expected, const char* op,
                 const char* argument) {
  if (operand.shape() == expected) return;
  const auto word = [](char letter) -> std::string {
    switch (letter) {
      case 'n':
        return "batch";
      case 'c':
        return "channels";
      case 'o':
        return "output channels";
      case 'i':
        return "input channels";
      case 'd':
        return "depth";
      case 'h':
        return "height";
      case 'w':
        return "width";
      case 'a':
        return "rows";
      case 'b':
        return "columns";
      case 'x':
        return "elements";
      default:
        return std::string("size of ") + letter;
    }
  };
  if (expected.rank() != operand.shape().rank())
    throw_error(op, argument, "the problem says " + expected.str(), "is " + operand.shape().str());
  for (int d = 0; d < expected.rank(); ++d)
    if (operand.size(d) != expected[d])
      throw_error(op, argument, "the problem says " + std::to_string(expected[d]),
                  "has " + std::to_string(operand.size(d)) + " " + word(L.letter(d)));
}

/// Throws error where the elements along a plain layout's fastest dimension do not follow each
/// other.
template <class T, layout L>
void check_fastest(const view<T, L>& operand, const char* op, const char* argument) {
  constexpr int fastest = L.outer_dim(L.rank() - 1);
  if (L.plain() && operand.stride(fastest) != 1 && operand.size(fastest) > 1)
    throw_error(
        op, argument, "its fastest dimension must have stride 1",
        "has stride " + std::to_string(operand.stride(fastest)) + " along " + L.letter(fastest));
}

}  // namespace simdnn
