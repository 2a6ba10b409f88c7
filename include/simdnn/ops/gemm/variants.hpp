// The list of gemm's variants.
#pragma once

#include <simdnn/ops/gemm/blocked.hpp>
#include <simdnn/ops/gemm/reference.hpp>
#include <simdnn/ops/select.hpp>

namespace simdnn::inline SIMDNN_ABI::gemm {

template <class T, class Isa>
using all = variants<reference<T>, blocked<T, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::gemm
