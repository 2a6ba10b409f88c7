// The algorithms of softmax; the query is the shape.
#pragma once

#include <simdnn/ops/softmax/direct.hpp>
#include <simdnn/ops/softmax/reference.hpp>
#include <simdnn/plan/select.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, layout L, class Isa>
using all = algorithms<reference<T, L, Isa>, direct<T, L, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::softmax
