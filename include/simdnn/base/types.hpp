// index_t, the type of all sizes, strides and offsets, and arrays whose size is an index_t.
#pragma once

#include <cstddef>
#include <simdnn/base/config.hpp>

namespace simdnn {

/// Counts elements, never bytes unless a name says so. Signed, so that differences need no cast.
using index_t = std::ptrdiff_t;

/// T[N] for a signed N. In templates gcc 12 warns if N is not a std::size_t (-Wsign-conversion).
template <class T, index_t N>
using c_array = T[static_cast<std::size_t>(N)];

}  // namespace simdnn
