// The primary template, which each ISA's file specialises.
#pragma once

#include <simdnn/base/types.hpp>
#include <simdnn/isa/abi.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// See blocking.hpp.
template <class T, class Isa>
struct blocking;

}  // namespace simdnn::inline SIMDNN_ABI
