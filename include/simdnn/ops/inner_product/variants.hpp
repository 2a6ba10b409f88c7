// The list of inner_product's variants, for all passes.
#pragma once

#include <simdnn/ops/inner_product/gemm.hpp>
#include <simdnn/ops/inner_product/reference.hpp>
#include <simdnn/ops/select.hpp>

namespace simdnn::inline SIMDNN_ABI::inner_product {

template <class T, layout Src, class Isa>
using all = variants<reference<T, Src>, as_gemm<T, Src, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::inner_product
