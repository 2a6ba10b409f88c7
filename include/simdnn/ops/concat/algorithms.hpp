// The algorithms of concat; the query is dst's shape.
#pragma once

#include <simdnn/ops/concat/direct.hpp>
#include <simdnn/ops/concat/reference.hpp>
#include <simdnn/plan/select.hpp>

namespace simdnn::inline SIMDNN_ABI::concat {

template <class T, layout L>
using all = algorithms<reference<T, L>, direct<T, L>>;

}  // namespace simdnn::inline SIMDNN_ABI::concat
