// The inline namespace of everything whose machine code depends on this translation unit's flags:
//     namespace simdnn::inline SIMDNN_ABI { ... }
// Two units compiled for different ISAs, or one with OpenMP and one without, get different symbols
// for the same template, so the linker cannot keep one unit's code for both.
#pragma once

#include <simdnn/isa/tag.hpp>

#if defined(_OPENMP)
#define SIMDNN_ABI_OPENMP omp
#else
#define SIMDNN_ABI_OPENMP seq
#endif

#if defined(SIMDNN_WITH_ONEDNN)
#define SIMDNN_ABI_ONEDNN dnnl
#else
#define SIMDNN_ABI_ONEDNN own
#endif

#if defined(SIMDNN_NO_CALL_RECORDS)
#define SIMDNN_ABI_CALLS mute
#else
#define SIMDNN_ABI_CALLS rec
#endif

// One digit for each feature macro, because the ISA's name is not enough: -mavx alone is named
// sse42 but emits AVX, and gcc uses VNNI, BF16, F16C or BMI2 wherever the flags allow them.
#if defined(__SSE3__)
#define SIMDNN_ABI_SSE3 1
#else
#define SIMDNN_ABI_SSE3 0
#endif
#if defined(__SSE4_1__)
#define SIMDNN_ABI_SSE41 1
#else
#define SIMDNN_ABI_SSE41 0
#endif
#if defined(__AVX__)
#define SIMDNN_ABI_AVX 1
#else
#define SIMDNN_ABI_AVX 0
#endif
#if defined(__AVX2__)
#define SIMDNN_ABI_AVX2 1
#else
#define SIMDNN_ABI_AVX2 0
#endif
#if defined(__FMA__)
#define SIMDNN_ABI_FMA 1
#else
#define SIMDNN_ABI_FMA 0
#endif
#if defined(__F16C__)
#define SIMDNN_ABI_F16C 1
#else
#define SIMDNN_ABI_F16C 0
#endif
#if defined(__BMI2__)
#define SIMDNN_ABI_BMI2 1
#else
#define SIMDNN_ABI_BMI2 0
#endif
#if defined(__AVXVNNI__)
#define SIMDNN_ABI_AVXVNNI 1
#else
#define SIMDNN_ABI_AVXVNNI 0
#endif
#if defined(__AVX512F__)
#define SIMDNN_ABI_AVX512F 1
#else
#define SIMDNN_ABI_AVX512F 0
#endif
#if defined(__AVX512VL__)
#define SIMDNN_ABI_AVX512VL 1
#else
#define SIMDNN_ABI_AVX512VL 0
#endif
#if defined(__AVX512VNNI__)
#define SIMDNN_ABI_AVX512VNNI 1
#else
#define SIMDNN_ABI_AVX512VNNI 0
#endif
#if defined(__AVX512FP16__)
#define SIMDNN_ABI_AVX512FP16 1
#else
#define SIMDNN_ABI_AVX512FP16 0
#endif

#define SIMDNN_ABI_PASTE(isa, a, b, c, d, e, f, g, h, i, j, k, l, omp, dnn, calls) \
  isa##_##a##b##c##d##e##f##g##h##i##j##k##l##_##omp##_##dnn##_##calls
#define SIMDNN_ABI_EXPAND(...) SIMDNN_ABI_PASTE(__VA_ARGS__)
#define SIMDNN_ABI                                                                        \
  SIMDNN_ABI_EXPAND(SIMDNN_NATIVE_ISA, SIMDNN_ABI_SSE3, SIMDNN_ABI_SSE41, SIMDNN_ABI_AVX, \
                    SIMDNN_ABI_AVX2, SIMDNN_ABI_FMA, SIMDNN_ABI_F16C, SIMDNN_ABI_BMI2,    \
                    SIMDNN_ABI_AVXVNNI, SIMDNN_ABI_AVX512F, SIMDNN_ABI_AVX512VL,          \
                    SIMDNN_ABI_AVX512VNNI, SIMDNN_ABI_AVX512FP16, SIMDNN_ABI_OPENMP,      \
                    SIMDNN_ABI_ONEDNN, SIMDNN_ABI_CALLS)
