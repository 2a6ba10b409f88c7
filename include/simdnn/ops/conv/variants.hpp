// The lists of the convolutions' variants, one a direction.
#pragma once

#include <simdnn/ops/conv/direct.hpp>
#include <simdnn/ops/conv/direct_weights.hpp>
#include <simdnn/ops/conv/gemm.hpp>
#include <simdnn/ops/conv/pointwise.hpp>
#include <simdnn/ops/conv/reference.hpp>
#include <simdnn/ops/select.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
using forward_variants = variants<reference<T>, direct<T, Isa>, pointwise<T, Isa>, gemm<T, Isa>>;
template <class T, class Isa>
using backward_data_variants = variants<reference<T>, direct<T, Isa>, pointwise<T, Isa>, gemm<T, Isa>>;
template <class T, class Isa>
using backward_weights_variants = variants<reference<T>, direct_weights<T, Isa>, gemm<T, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::conv
