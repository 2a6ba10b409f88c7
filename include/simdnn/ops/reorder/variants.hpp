// The variants of reorder; the query is the shape.
#pragma once

#include <simdnn/ops/reorder/direct.hpp>
#include <simdnn/ops/reorder/reference.hpp>
#include <simdnn/ops/select.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class T, layout Src, layout Dst>
using reorder_variants = variants<reorder_reference<T, Src, Dst>, reorder_direct<T, Src, Dst>>;

}  // namespace simdnn::inline SIMDNN_ABI
