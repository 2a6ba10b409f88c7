// The instruction sets that kernels take as template argument, and the best one that this
// translation unit's flags allow.
#pragma once

#include <simdnn/base/config.hpp>

namespace simdnn::isa {

/// In ascending order: each includes those before it.
enum class id { sse2, sse42, avx2, avx512 };

/// The x86-64 baseline.
struct sse2 {
  static constexpr id value = id::sse2;
  static constexpr const char* name = "sse2";
};
/// SSE3, SSSE3, SSE4.1, SSE4.2.
struct sse42 {
  static constexpr id value = id::sse42;
  static constexpr const char* name = "sse42";
};
/// AVX2 with FMA3.
struct avx2 {
  static constexpr id value = id::avx2;
  static constexpr const char* name = "avx2";
};
/// AVX-512 F, CD, DQ, BW and VL.
struct avx512 {
  static constexpr id value = id::avx512;
  static constexpr const char* name = "avx512";
};

#if defined(__AVX512F__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && \
    defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__FMA__)
#define SIMDNN_NATIVE_ISA avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define SIMDNN_NATIVE_ISA avx2
#elif defined(__SSE4_2__)
#define SIMDNN_NATIVE_ISA sse42
#else
#define SIMDNN_NATIVE_ISA sse2
#if !defined(SIMDNN_BASELINE)
#pragma message( \
    "simdnn: compiling for the x86-64 baseline (SSE2). Add -march=native, or link the CMake target simdnn::native, for this machine's full speed; define SIMDNN_BASELINE to silence this note.")
#endif
#endif

/// The best ISA of this translation unit's flags.
using native = SIMDNN_NATIVE_ISA;

}  // namespace simdnn::isa
