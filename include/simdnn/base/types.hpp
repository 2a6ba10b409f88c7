// The index type of every size, stride and offset, and arrays of as many elements.
#pragma once

#include <cstddef>
#include <simdnn/base/config.hpp>

namespace simdnn {

/// Counts elements, never bytes unless a name says so. Signed, so that differences need no cast.
using index_t = std::ptrdiff_t;

/// T[N] for a signed N: in templates gcc 12 warns of an N that is no std::size_t (-Wsign-conversion).
template <class T, index_t N>
using c_array = T[static_cast<std::size_t>(N)];

}  // namespace simdnn
