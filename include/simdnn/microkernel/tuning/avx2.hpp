// AVX2 with FMA3: 16 registers.
#pragma once

#include <simdnn/microkernel/tuning/primary.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class T>
struct tuning<T, isa::avx2> : tuning_defaults<T> {
  static constexpr int NV = 2;  // 12 accumulators, 2 vectors of b, 1 of a: 15 registers
  static constexpr int MR = 6;
  static constexpr index_t MC = 16 * MR;
  static constexpr index_t NC = 512;
  static constexpr int unrolled_sums = 10;
  static constexpr int unrolled_vectors = NV;
  static constexpr int small_accumulators = 12;
  static constexpr int small_vectors = 3;
  static constexpr int dot_columns = 4;
  static constexpr double product_cycles = 1;
  static constexpr int depthwise = 7;
  static constexpr index_t L2 = 512 * 1024;
};

}  // namespace simdnn::inline SIMDNN_ABI
