// The variants of activation; the query is the shape.
#pragma once

#include <simdnn/ops/activation/direct.hpp>
#include <simdnn/ops/activation/reference.hpp>
#include <simdnn/ops/select.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class F, class T, layout L, class Isa = isa::native>
using activation_variants =
    variants<activation_reference<F, T, L, Isa>, activation_direct<F, T, L, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI
