// The algorithms of reorder; the query is the shape.
#pragma once

#include <simdnn/ops/reorder/direct.hpp>
#include <simdnn/ops/reorder/reference.hpp>
#include <simdnn/plan/select.hpp>

namespace simdnn::inline SIMDNN_ABI::reordering {

template <class T, layout Src, layout Dst>
using all = algorithms<reference<T, Src, Dst>, direct<T, Src, Dst>>;

}  // namespace simdnn::inline SIMDNN_ABI::reordering
