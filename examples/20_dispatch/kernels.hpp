// The functions that the program calls without knowing the ISA: a struct of function pointers.
// Tensors may be parameters, because they are the same type in every translation unit.
#pragma once

#include <simdnn/isa/dispatch.hpp>
#include <simdnn/tensor/tensor.hpp>

using matrix = simdnn::tensor<float, "ab">;

struct kernels {
  /// c = a * b
  void (*gemm)(const matrix& a, const matrix& b, matrix& c);
};
SIMDNN_ISA_VARIANTS(kernels)
