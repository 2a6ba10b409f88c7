// SSE4.2: as SSE2, but xsimd has shorter sequences for rounding and selection.
#pragma once

#include <simdnn/isa/x86/sse2.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <>
struct isa_features<isa::sse42> : isa_features<isa::sse2> {};

#if defined(__SSE4_2__)
namespace detail {

template <class T>
struct register_operations<T, isa::sse42> : sse_operations<T, xsimd::sse4_2> {};

}  // namespace detail
#endif

}  // namespace simdnn::inline SIMDNN_ABI
