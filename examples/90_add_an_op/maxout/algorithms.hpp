// The algorithms of maxout: the choice, the tests and the benchmark walk this list.
#pragma once

#include <simdnn/plan/select.hpp>

#include "direct.hpp"
#include "reference.hpp"

namespace simdnn::inline SIMDNN_ABI::maxout {

template <class T, layout L, class Isa>
using all = algorithms<reference<T, L, Isa>, direct<T, L, Isa>>;

}  // namespace simdnn::inline SIMDNN_ABI::maxout
