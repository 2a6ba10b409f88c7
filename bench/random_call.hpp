// random_call: a call on operands of any layout and strides. The random check passes it to
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

/// An operand; `data` points to element 0.
struct placed {
  layout format = "x";
  shape size;
  simdnn::strides strides{};
  float* data = nullptr;
};

/// The steps that are fused after a sum, applied in this order; none if all are unset.
struct fused_call {
  const float* bias = nullptr;
  const float* residual = nullptr;  // has dst's strides, may be dst itself
  bool relu = false;
  bool mapped = false;  // x / 2 + 1 by a user's function; only with bias
};

/// For all ops: gemm's a, b and c are src, weights and dst. A gradient takes the member of the
/// operand that it belongs to: diff_src is src.
template <class Problem>
struct random_call {
  Problem problem;
  direction dir = direction::fwd_i;
  placed src = {}, weights = {}, dst = {};
  float* diff_bias = nullptr;  // of the pass backward to the weights, or null
  fused_call fused = {};
  bool given_workspace = false;  // of the required size, before a protected page
  bool unpacked = false;         // gemm: b is not packed
};

/// The function of fused_call::mapped, for vectors, float and double.
struct halve_plus_one {
  template <class V>
  V operator()(V v) const {
    return v * 0.5F + 1.0F;
  }
};

}  // namespace simdnn::bench
