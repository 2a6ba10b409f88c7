// tensor_problem: the problem of operations whose operands have one shape.
#pragma once

#include <simdnn/base/math.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>

namespace simdnn {

struct tensor_problem {
  shape sizes = {};

  friend constexpr bool operator==(const tensor_problem&, const tensor_problem&) = default;

  /// Throws error in the name of `op` if there are too many elements.
  tensor_problem checked(const char* op = "tensor_problem") const {
    checked_size(sizes.elements(), op, "sizes");
    return *this;
  }
  constexpr shape tensor_shape() const { return sizes; }
  /// "8x64x56x56"
  std::string str() const { return sizes.str(); }
};

}  // namespace simdnn
