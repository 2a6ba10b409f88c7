// Compiled once per ISA by simdnn_add_isa_variants (see CMakeLists.txt beside this file).
#include "kernels.hpp"

#include <simdnn/ops/gemm.hpp>

namespace {

void gemm(const matrix& a, const matrix& b, matrix& c) {
  simdnn::gemm_forward({.m = a.shape()[0], .n = b.shape()[1], .k = a.shape()[1]}, a, b, c);
}

}  // namespace

SIMDNN_ISA_TABLE(kernels) = {.gemm = gemm};
