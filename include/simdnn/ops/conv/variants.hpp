// The lists of the convolutions' variants, one a direction.
#pragma once

#include <simdnn/ops/conv/depthwise.hpp>
#include <simdnn/ops/conv/depthwise_data.hpp>
#include <simdnn/ops/conv/depthwise_weights.hpp>
#include <simdnn/ops/conv/direct.hpp>
#include <simdnn/ops/conv/direct_weights.hpp>
#include <simdnn/ops/conv/first_layer.hpp>
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

template <int Outputs, int Taps>
using minimal = winograd_transform<Outputs, Taps>;
template <class T, class Isa>
using forward_variants = with_onednn<
    T, Isa, reference<T>, direct<T, Isa>, pointwise<T, Isa>, gemm<T, Isa>, depthwise<T, Isa>,
    first_layer<T, Isa>, winograd<T, Isa, minimal<4, 3>>, winograd<T, Isa, minimal<2, 3>>,
    winograd<T, Isa, minimal<2, 5>>, winograd<T, Isa, minimal<1, 1>, minimal<4, 3>>,
    winograd<T, Isa, minimal<4, 3>, minimal<1, 1>>, winograd<T, Isa, minimal<1, 1>, minimal<2, 7>>,
    winograd<T, Isa, minimal<2, 7>, minimal<1, 1>>>;
template <class T, class Isa>
using backward_data_variants =
    with_onednn<T, Isa, reference<T>, direct<T, Isa>, pointwise<T, Isa>, gemm<T, Isa>,
                depthwise_data<T, Isa>, winograd<T, Isa, minimal<4, 3>>,
                winograd<T, Isa, minimal<2, 3>>>;
template <class T, class Isa>
using backward_weights_variants = with_onednn<T, Isa, reference<T>, direct_weights<T, Isa>,
                                              gemm<T, Isa>, depthwise_weights<T, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::conv
