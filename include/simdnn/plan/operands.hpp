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
  const auto sized = [](char letter, index_t size) {
    const std::string number = std::to_string(size);
    const auto count = [&](const char* word) {
      return number + ' ' + word + (size == 1 ? "" : "s");
    };
    switch (letter) {
      case 'n':
        return "a batch of " + number;
      case 'c':
        return count("channel");
      case 'o':
        return count("output channel");
      case 'i':
        return count("input channel");
      case 'd':
        return "depth " + number;
      case 'h':
        return "height " + number;
      case 'w':
        return "width " + number;
      case 'a':
        return count("row");
      case 'b':
        return count("column");
      case 'x':
        return count("element");
      default:
        return "size " + number + " along " + letter;
    }
  };
  if (expected.rank() != operand.shape().rank())
    throw_error(op, argument, "shape " + expected.str(),
                operand.shape().rank() == 0 ? "an uninitialised tensor" : operand.shape().str());
  for (int d = 0; d < expected.rank(); ++d)
    if (operand.size(d) != expected[d])
      throw_error(op, argument, sized(L.letter(d), expected[d]), std::to_string(operand.size(d)));
}

/// Throws error where the elements along a plain layout's fastest dimension do not follow each
/// other.
template <class T, layout L>
void check_fastest(const view<T, L>& operand, const char* op, const char* argument) {
  constexpr int fastest = L.outer_dim(L.rank() - 1);
  if (L.plain() && operand.stride(fastest) != 1 && operand.size(fastest) > 1)
    throw_error(op, argument,
                std::string("stride 1 along its fastest dimension ") + L.letter(fastest),
                std::to_string(operand.stride(fastest)));
}

}  // namespace simdnn
