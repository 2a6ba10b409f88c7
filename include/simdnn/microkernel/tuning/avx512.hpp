// AVX-512: 32 registers. Two FMA ports of latency 4 need at least 8 chains of sums.
#pragma once

#include <simdnn/microkernel/tuning/primary.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class T>
struct tuning<T, isa::avx512> : tuning_defaults<T> {
  static constexpr int NV =
      2;  // 28 accumulators, 2 vectors of b, 1 of a: 31 registers, 0.57 loads an FMA
  static constexpr int MR =
      14;  // 14 divides 224, 112, 56, 28 and 14, the widths of most networks' maps
  static constexpr index_t MC = 16 * MR;
  static constexpr index_t NC = 1024;
  static constexpr int unrolled_sums = 16;
  static constexpr int unrolled_vectors = 1;
  static constexpr int small_accumulators = 24;
  static constexpr int small_vectors = 4;
  static constexpr int dot_columns = 8;
  static constexpr double product_cycles = 1;
  // 1.2 times as fast as 7 from L2: seven sums are too few to hide the latency of a product.
  static constexpr int depthwise = 14;
  static constexpr index_t L2 = 1024 * 1024;
};

}  // namespace simdnn::inline SIMDNN_ABI
