// The algorithms of pooling, forward and backward; the query is the problem, checked.
#pragma once

#include <simdnn/ops/pooling/direct.hpp>
#include <simdnn/ops/pooling/reference.hpp>
#include <simdnn/plan/select.hpp>

namespace simdnn::inline SIMDNN_ABI::pooling {

template <class T, layout L, class Isa = isa::native>
using all = algorithms<reference<T, L, Isa>, direct<T, L, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::pooling
