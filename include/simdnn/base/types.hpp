// The index type of every size, stride and offset.
#pragma once

#include <cstddef>
#include <simdnn/base/config.hpp>

namespace simdnn {

/// Counts elements, never bytes unless a name says so. Signed, so that differences need no cast.
using index_t = std::ptrdiff_t;

}  // namespace simdnn
