#pragma once

#include <simdnn/base/types.hpp>
#include <simdnn/isa/dispatch.hpp>

namespace user {

struct kernels {
  float (*dot)(const float* x, const float* y, simdnn::index_t n);
};
SIMDNN_ISA_VARIANTS(kernels)

}  // namespace user
