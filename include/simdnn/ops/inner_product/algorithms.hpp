// The list of inner_product's algorithms, for all passes.
#pragma once

#include <simdnn/ops/inner_product/gemm.hpp>
#include <simdnn/ops/inner_product/reference.hpp>
#include <simdnn/plan/select.hpp>

namespace simdnn::inline SIMDNN_ABI::inner_product {

template <class T, layout Src, class Isa>
using all = algorithms<reference<T, Src>, as_gemm<T, Src, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::inner_product
