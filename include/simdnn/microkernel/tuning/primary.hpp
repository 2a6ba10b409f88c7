// The primary template, which each ISA's file specialises.
#pragma once

#include <simdnn/microkernel/tuning/defaults.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// See tuning.hpp.
template <class T, class Isa>
struct tuning;

}  // namespace simdnn::inline SIMDNN_ABI
