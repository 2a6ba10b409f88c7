// SSE4.2 and the SSE2 baseline: 16 registers, no FMA, so a product needs a register of its own.
#pragma once

#include <simdnn/microkernel/tuning/primary.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class T>
struct tuning<T, isa::sse42> : tuning_defaults<T> {
  static constexpr int NV = 4;  // 8 accumulators, 4 vectors of b, 1 of a, 1 product: 14 registers
  static constexpr int MR = 2;  // few, because each broadcast takes a shuffle besides the load
  static constexpr index_t MC = 64;
  static constexpr index_t NC = 512;
  static constexpr int unrolled_sums = 10;
  static constexpr int unrolled_vectors = NV;
  static constexpr int small_accumulators = 9;
  static constexpr int small_vectors = 3;
  static constexpr int dot_columns = 2;
  static constexpr double product_cycles = 3;  // without FMA 2 (Zen 4) to 4 (Cascade Lake)
  static constexpr int depthwise = 7;
  static constexpr index_t L2 = 512 * 1024;
};

template <class T>
struct tuning<T, isa::sse2> : tuning<T, isa::sse42> {};

}  // namespace simdnn::inline SIMDNN_ABI
