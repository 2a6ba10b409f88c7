// The lists of convolution's algorithms, one for each direction.
#pragma once

#include <simdnn/ops/conv/depthwise/data.hpp>
#include <simdnn/ops/conv/depthwise/forward.hpp>
#include <simdnn/ops/conv/depthwise/weights.hpp>
#include <simdnn/ops/conv/direct/direct.hpp>
#include <simdnn/ops/conv/direct/weights.hpp>
#include <simdnn/ops/conv/few_channels.hpp>
#include <simdnn/ops/conv/im2col.hpp>
#include <simdnn/ops/conv/onednn.hpp>
#include <simdnn/ops/conv/pointwise.hpp>
#include <simdnn/ops/conv/reference.hpp>
#include <simdnn/ops/conv/winograd/winograd.hpp>
#include <simdnn/plan/select.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

// An algorithm list that ends with oneDNN, if the program is built with it.
#if defined(SIMDNN_WITH_ONEDNN)
template <class T, class Isa, class... Own>
using with_onednn = algorithms<Own..., by_onednn<T, Isa>>;
#else
template <class T, class Isa, class... Own>
using with_onednn = algorithms<Own...>;
#endif

template <int Outputs, int Taps>
using minimal = winograd_transform<Outputs, Taps>;
template <class T, class Isa>
using forward_algorithms = with_onednn<
    T, Isa, reference<T>, direct<T, Isa>, pointwise<T, Isa>, im2col<T, Isa>, depthwise<T, Isa>,
    few_channels<T, Isa>, winograd<T, Isa, minimal<4, 3>>, winograd<T, Isa, minimal<2, 3>>,
    winograd<T, Isa, minimal<2, 5>>, winograd<T, Isa, minimal<1, 1>, minimal<4, 3>>,
    winograd<T, Isa, minimal<4, 3>, minimal<1, 1>>, winograd<T, Isa, minimal<1, 1>, minimal<2, 7>>,
    winograd<T, Isa, minimal<2, 7>, minimal<1, 1>>>;
template <class T, class Isa>
using backward_data_algorithms =
    with_onednn<T, Isa, reference<T>, direct<T, Isa>, pointwise<T, Isa>, im2col<T, Isa>,
                depthwise_data<T, Isa>, winograd<T, Isa, minimal<4, 3>>,
                winograd<T, Isa, minimal<2, 3>>>;
template <class T, class Isa>
using backward_weights_algorithms = with_onednn<T, Isa, reference<T>, direct_weights<T, Isa>,
                                                im2col<T, Isa>, depthwise_weights<T, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::conv
