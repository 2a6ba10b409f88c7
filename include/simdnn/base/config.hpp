// Compiler requirements, the library's version and the macros that all other headers use.
#pragma once

#if !defined(__x86_64__)
#error "simdnn runs on x86-64 only"
#endif
#if defined(__clang__)
#if __clang_major__ < 16
#error "simdnn needs clang 16 or newer"
#endif
#elif defined(__GNUC__)
#if __GNUC__ < 12
#error "simdnn needs gcc 12 or newer"
#endif
#else
#error "simdnn needs gcc or clang"
#endif
#if __cplusplus < 202002L
#error "simdnn needs -std=c++20"
#endif
#if defined(__FAST_MATH__)
#error "simdnn must not be built with -ffast-math: NaN rules and exp/tanh depend on it"
#elif defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "simdnn must not be built with -ffinite-math-only: NaN and infinity would not propagate"
#elif defined(__ASSOCIATIVE_MATH__)  // gcc only, as is the next macro; clang defines neither
#error "simdnn must not be built with -fassociative-math: exp and tanh depend on the order of sums"
#elif defined(__RECIPROCAL_MATH__)
#error "simdnn must not be built with -freciprocal-math: divisions must round as they are written"
#endif

#define SIMDNN_VERSION_MAJOR 0
#define SIMDNN_VERSION_MINOR 2
#define SIMDNN_VERSION_PATCH 0

/// For the inner parts of kernels: a call that is not inlined would spill every accumulator.
#define SIMDNN_INLINE inline __attribute__((always_inline))
#define SIMDNN_NOINLINE __attribute__((noinline))
#define SIMDNN_RESTRICT __restrict
/// SIMDNN_INLINE for lambdas: `[&](auto i) SIMDNN_INLINE_LAMBDA { ... }`.
#define SIMDNN_INLINE_LAMBDA __attribute__((always_inline))
