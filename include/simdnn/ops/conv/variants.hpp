// The lists of the convolutions' variants, one a direction.
#pragma once

#include <simdnn/ops/conv/direct.hpp>
#include <simdnn/ops/conv/direct_weights.hpp>
#include <simdnn/ops/conv/gemm.hpp>
#include <simdnn/ops/conv/onednn.hpp>
#include <simdnn/ops/conv/pointwise.hpp>
#include <simdnn/ops/conv/reference.hpp>
#include <simdnn/ops/conv/winograd.hpp>
#include <simdnn/ops/select.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

// The list, and oneDNN behind it where the program has it.
#if defined(SIMDNN_WITH_ONEDNN)
template <class T, class Isa, class... Own>
using with_onednn = variants<Own..., by_onednn<T, Isa>>;
#else
template <class T, class Isa, class... Own>
using with_onednn = variants<Own...>;
#endif

template <class T, class Isa>
using forward_variants =
    with_onednn<T, Isa, reference<T>, direct<T, Isa>, pointwise<T, Isa>, gemm<T, Isa>, winograd<T, Isa>>;
template <class T, class Isa>
using backward_data_variants =
    with_onednn<T, Isa, reference<T>, direct<T, Isa>, pointwise<T, Isa>, gemm<T, Isa>, winograd<T, Isa>>;
template <class T, class Isa>
using backward_weights_variants =
    with_onednn<T, Isa, reference<T>, direct_weights<T, Isa>, gemm<T, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::conv
