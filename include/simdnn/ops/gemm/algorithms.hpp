// The list of gemm's algorithms.
#pragma once

#include <simdnn/ops/gemm/blocked.hpp>
#include <simdnn/ops/gemm/onednn.hpp>
#include <simdnn/ops/gemm/reference.hpp>
#include <simdnn/ops/gemm/small.hpp>
#include <simdnn/plan/select.hpp>

namespace simdnn::inline SIMDNN_ABI::gemm {

#if defined(SIMDNN_WITH_ONEDNN)
template <class T, class Isa>
using all = algorithms<reference<T>, blocked<T, Isa>, small<T, Isa>, by_onednn<T, Isa>>;
#else
template <class T, class Isa>
using all = algorithms<reference<T>, blocked<T, Isa>, small<T, Isa>>;
#endif

}  // namespace simdnn::inline SIMDNN_ABI::gemm
