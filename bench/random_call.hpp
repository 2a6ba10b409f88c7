// A call with operands in memory of any layout and strides: what the random check asks of the
// functions that are compiled once per instruction set.
#pragma once

#include <bench/kernels.hpp>
#include <bench/task.hpp>
#include <simdnn/ops/conv/problem.hpp>
#include <simdnn/ops/gemm/problem.hpp>
#include <simdnn/ops/inner_product/problem.hpp>
#include <simdnn/tensor/view.hpp>
#include <string>

namespace simdnn::bench {

/// An operand: `data` is element 0.
struct placed {
  layout format = "x";
  shape size;
  simdnn::strides strides{};
  float* data = nullptr;
};

/// What is fused behind a sum, from left to right; nothing where all is unset.
struct fused_call {
  const float* bias = nullptr;
  const float* residual = nullptr;  // in memory as dst, perhaps dst itself
  bool relu = false;
  bool mapped = false;  // x / 2 + 1, by a function of the user's; with bias alone
};

/// Of all ops: a, b and c are src, weights and dst of gemm. A gradient has the place of what it is
/// the gradient of.
template <class Problem>
struct random_call {
  Problem problem;
  direction dir = direction::fwd_i;
  placed src = {}, weights = {}, dst = {};
  float* diff_bias = nullptr;  // of backward to the weights, or none
  fused_call fused = {};
  bool given_workspace = false;  // of as many bytes as asked for, and a protected page behind
  bool unpacked = false;         // gemm: b as it lies
};

/// For fused_call::mapped; of vectors, float and double.
struct halve_plus_one {
  template <class V>
  V operator()(V v) const {
    return v * 0.5F + 1.0F;
  }
};

}  // namespace simdnn::bench
