// The one list of prelu's variants: choice, tests and benchmarks walk it. The query is the problem.
#pragma once

#include <simdnn/ops/select.hpp>

#include "direct.hpp"
#include "reference.hpp"

namespace simdnn::inline SIMDNN_ABI::prelu {

template <class T, class Isa>
using all = variants<reference<T>, direct<T, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::prelu
