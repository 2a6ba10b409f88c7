// Tuned numbers that do not depend on the ISA: coefficients of the algorithms' costs, thresholds
// between two ways to compute the same result, and sizes of the pieces into which work is cut. If a
// comment names a processor, a layer or a speed, that was measured; for the other numbers no
// measurement is recorded.
#pragma once

#include <simdnn/base/types.hpp>

namespace simdnn::costs {

// Parallel loops.

/// Calls of fewer operations run in the calling thread. Waking the team takes from 2 us (threads
/// that spin) to 50 us (threads that sleep), more on a busy machine; this many multiplications and
/// additions take 5 us (AVX-512) to 50 us (SSE4.2).
inline constexpr double grain = 1 << 19;
/// The same for a pool. It is smaller, because a pool's call does not wait for sleeping threads.
inline constexpr double pool_grain = 1 << 18;
/// Number of operations for which an element counts that is read, changed a little and written.
inline constexpr double element_operations = 16;

/// Elements of a piece of a contiguous run: 16 KiB of float, which take much longer than a call and
/// are much smaller than a cache.
inline constexpr index_t run_piece = 4096;
/// Elements of a piece of a strided copy: 32 KiB of float.
inline constexpr index_t copy_piece = 8192;
/// Pixels into which long rows are cut, so that an image of one row has work for many threads.
inline constexpr index_t row_pixels = 64;

// gemm.

/// A product of few rows is skinny if its a fills at most this many halves of L2.
inline constexpr index_t skinny_halves = 3;
/// The cost per operation of small, relative to blocked: small_cost up to this many operations and
/// bytes of b, for which b stays in L1, and small_cost_beyond above.
inline constexpr double small_operations = 2.0 * 64 * 64 * 64, small_b_bytes = 32 * 1024;
inline constexpr double small_cost = 0.5, small_cost_beyond = 2;
/// Cycles of small's tiles of one vector: per row and value of k, because each takes a load, and in
/// addition per row (AVX-512, gcc 12).
inline constexpr double tile_row_k = 0.75, tile_row = 1.8;
/// Cycles of dot products: per lane and vector of k, and per lane to add it up (AVX-512, gcc 12).
inline constexpr double dot_vector = 0.5, dot_sum = 2.3;

// conv. The unit is the cycles of NV multiplications and additions.

/// Elements of src that are copied into a band in one unit.
inline constexpr double copied_elements = 4;
/// The cost of few_channels relative to the products of direct: its tiles share a call, but each
/// value of k is a look-up. few_channels_short up to few_channels_k values of k, few_channels_long
/// above (16x16 with three channels: direct takes 0.87 to 1.01 of few_channels's time on a Zen 4).
inline constexpr double few_channels_short = 0.9, few_channels_long = 1.1;
inline constexpr index_t few_channels_k = 400;
/// The input of a unit (src or its copy) and its results fill at most 1 / part of L2: for
/// few_channels, for depthwise that reads src in place, and for depthwise that reads a copy.
inline constexpr index_t few_channels_part = 8, depthwise_part = 2, depthwise_copy_part = 8;
/// Prefetching starts if the size is more than this many L2: of dst in few_channels, of src and dst
/// together in depthwise.
inline constexpr double few_channels_far = 4, depthwise_far = 2;
/// Weight gradients of depthwise: number of pixels summed in registers before the sum is added to a
/// total, for short and for long lines.
inline constexpr index_t depthwise_pixels = 256, depthwise_long_pixels = 1024;
/// Weight gradients of depthwise: number of units into which all pixels are cut, and the fewest
/// pixels of a unit.
inline constexpr index_t depthwise_units = 64, depthwise_unit_pixels = 2048;

/// Instructions of Winograd's transforms for each vector of an input and of an output.
inline constexpr double winograd_transform = 5;
/// Bytes per cycle at which Winograd's weights are read from L3 and from memory; weights of more
/// than distant_weights bytes do not fit into a core's share of L3.
inline constexpr double l3_bytes = 8, memory_bytes = 3, distant_weights = 16 << 20;
/// Number of tiles of a Winograd block needed to hide the loading of their weights from L3 (fewer
/// do not: resnet50's last stage at batch 1), and the greatest number of tiles of a block.
inline constexpr index_t winograd_hiding = 28, winograd_tiles = 56;

/// The results of a band of conv_pool fill 1 / pool_part of L2, which also holds what the
/// convolution itself keeps there (VGG's first stages: a quarter is 1.1 times as fast as half).
inline constexpr index_t pool_part = 4;
/// Weights of more than this many bytes, which are four times as large when transformed, are read
/// from L3 or memory. Then a band has pool_distant_blocks blocks of winograd_tiles tiles.
inline constexpr index_t pool_distant_weights = 4 << 20, pool_distant_blocks = 4;

}  // namespace simdnn::costs
