// Numbers tuned on one ISA and used on all. Each ISA's tuning<T, Isa> derives from this and
// declares a member again if another value is faster there. If a comment names a processor, a size
// or a speed, that was measured; for the other numbers no measurement is recorded.
#pragma once

#include <simdnn/base/types.hpp>
#include <simdnn/isa/abi.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class T>
struct tuning_defaults {
  /// Number of values of k in a block: its rows of packed b, KC * NV vectors, stay in L1 together
  /// with what a tile reads of a.
  static constexpr index_t KC = 1024 / sizeof(T);
  /// The same for pointwise convolutions: the pixels of a tile and of the next one are in L1 too
  /// (1.04 times as fast as with KC).
  static constexpr index_t pointwise_KC = KC / 2;
  /// Number of values of k in a round of the loop, in tiles that unroll it (unrolled_sums).
  static constexpr int unrolled_k = 4;

  /// Number of multiplications that fixed_gemm's tile unrolls in one round of its loop over k.
  static constexpr int fixed_products = 128;

  /// Prefetch distance of skinny tiles in bytes, in each of the four streams of b. With four
  /// streams and this prefetch b is read at 15.4 GB/s for 1 row and 13.4 for 8, with one stream and
  /// no prefetch at 11.7 and 9.0 (AVX-512, one thread, 25088 values of k; gcc 12, Sapphire Rapids).
  static constexpr int skinny_prefetch = 1024;
  /// Number of values of k of each stream for which a skinny tile computes one vector of columns
  /// before the next. Cache lines are fetched in pairs; the second one stays in L1 that long.
  static constexpr index_t skinny_block = 32;

  /// Number of pixels of a band in a backward pass to the weights: pixels * NV vectors of diff_dst
  /// are about as large as L1.
  static constexpr index_t pixels = 512;
  /// Bytes of a block of Winograd's transformed inputs and products, which stay in L2.
  static constexpr index_t winograd = 2048 * 1024;

  /// few_channels holds the results of this many pixels in scratch at once; src and weights stay in
  /// L1 too. Measured on a 3x3 layer of 224x224: the time with a custom post-op relative to that
  /// with a post-op in registers (gcc 12).
  ///     AVX-512    14 pixels 1.21, 28 1.17, 56 1.23, a row of 224 1.45
  ///     AVX2       12 pixels 1.40, 24 1.22, 48 1.42, a row of 224 1.58
  static constexpr index_t few_channels_scratch = 28;
  /// few_channels prefetches the lines of dst of the tile that is this many tiles ahead. From
  /// 112x112 on this is 1.05 times as fast as no prefetch.
  static constexpr int few_channels_prefetch = 4;

  /// Prefetch distance of depthwise in bytes. The processor's own prefetching stops at the end of a
  /// page; with this, large maps are read at the speed of a copy (AVX-512, 112x112 and 56x56: 1.1
  /// times as fast).
  static constexpr index_t depthwise_prefetch = 4096;
  /// Bytes of a pixel's channels that depthwise processes together: pieces then share lines in L1.
  static constexpr index_t depthwise_chunk = 1024;
};

}  // namespace simdnn::inline SIMDNN_ABI
