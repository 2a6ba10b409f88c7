// The one list of prelu's algorithms: choice, tests and benchmarks walk it. The query is the problem.
#pragma once

#include <simdnn/plan/select.hpp>

#include "direct.hpp"
#include "reference.hpp"

namespace simdnn::inline SIMDNN_ABI::prelu {

template <class T, class Isa>
using all = algorithms<reference<T>, direct<T, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::prelu
