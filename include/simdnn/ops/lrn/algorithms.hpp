// The algorithms of lrn, forward and backward; the query is the problem, checked.
#pragma once

#include <simdnn/ops/lrn/direct.hpp>
#include <simdnn/ops/lrn/reference.hpp>
#include <simdnn/plan/select.hpp>

namespace simdnn::inline SIMDNN_ABI::lrn {

template <class T, layout L, class Isa>
using all = algorithms<reference<T, L, Isa>, direct<T, L, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::lrn
