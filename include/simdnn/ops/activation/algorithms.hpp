// The algorithms of activation; the query is the shape.
#pragma once

#include <simdnn/ops/activation/direct.hpp>
#include <simdnn/ops/activation/reference.hpp>
#include <simdnn/plan/select.hpp>

namespace simdnn::inline SIMDNN_ABI::activation {

template <class F, class T, layout L, class Isa = isa::native>
using all = algorithms<reference<F, T, L, Isa>, direct<F, T, L, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::activation
