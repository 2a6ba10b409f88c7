// isa_features and register_operations: the differences between ISAs that xsimd does not cover.
// Each ISA's file in this folder specialises both. vec (isa/vec.hpp) calls the operations; all
// other code uses vec.
//
// xsimd lacks these operations, or they differ between its versions 8.1 and 14: real FMA on
// AVX-512, loads and stores of the first n lanes, min and max with a known rule for NaN.
#pragma once

// gcc 12 reports the undefined operands of AVX-512 intrinsics as uninitialised variables
// (PR105593).
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop

#include <simdnn/base/types.hpp>
#include <simdnn/isa/abi.hpp>
#include <type_traits>
#include <xsimd/xsimd.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// What algorithms can query about an ISA; defined for all ISAs, whatever the flags.
///
///     registers     number of vector registers
///     vector_bytes  size of one
///     has_fma       a * b + c is one instruction, rounded once
///     has_masks     loads and stores of the first n lanes are one instruction
///     has_scale     x * 2^n is one instruction: register_operations has scale, else shift_left
///     has_pairs     floats can be multiplied two values of k at a time: register_operations has
///                   load_pair and pair_sums
///     narrower      the next lower ISA with shorter vectors; void if there is none
template <class Isa>
struct isa_features;

namespace detail {

/// The operations of an ISA on registers of T, float or double. The specialisation exists only if
/// the flags allow the ISA. All are static members:
///
///     batch, reg               xsimd's type of a register, and the compiler's, which the functions
///                              take and return
///     load(p, n)               the first n lanes, 0 <= n <= lanes, the others 0; reads only these
///     store(x, p, n)           stores the first n lanes; writes only these
///     fma(a, b, c)             a * b + c, rounded once with has_fma
///     max(a, b), min(a, b)     b if either is NaN
///     sum_rows(rows)           lane i is the sum of all lanes of the batch rows[i].raw(), in a
///                              fixed order; there are as many rows as lanes
///     load_pair(p)             p[0], p[1], p[0], p[1], ...
///     pair_sums(x)             the sums of lanes 0 and 1, 2 and 3, ... in the lower half of the
///                              lanes, repeated in the upper half
///     scale(x, n)              x * 2^n, rounded once; n is an integer in every lane
///     shift_left<Bits>(x)      each lane's bits shifted
template <class T, class Isa>
struct register_operations;

/// sum_rows by xsimd's haddp.
template <class Batch, class Row>
SIMDNN_INLINE Batch haddp_rows(const Row* rows) {
  constexpr int lanes = static_cast<int>(Batch::size);
  c_array<Batch, lanes> raw;
  for (int i = 0; i < lanes; ++i) raw[i] = rows[i].raw();
  return xsimd::haddp(raw);
}

}  // namespace detail

}  // namespace simdnn::inline SIMDNN_ABI
