// Tuned numbers that depend on no ISA: the coefficients of algorithms' costs, the thresholds between
// two ways to compute the same, and the pieces into which work is cut. Where a line names a
// processor, a layer or a speed, that was measured; of the others no figure is kept.
#pragma once

#include <simdnn/base/types.hpp>

namespace simdnn::costs {

// Parallel loops.

/// Operations below which a call stays in the calling thread. Waking the team takes from 2 us
/// (threads that spin) to 50 us (threads that sleep), more on a busy machine; so many
/// multiplications and additions take 5 us (AVX-512) to 50 us (SSE4.2).
inline constexpr double grain = 1 << 19;
/// Operations that an element counts for which is read, changed a little and written.
inline constexpr double element_operations = 16;

/// Elements of a piece of a contiguous run: 16 KiB of float, long against a call, short against a
/// cache.
inline constexpr index_t run_piece = 4096;
/// Elements of a piece of a strided copy: 32 KiB of float.
inline constexpr index_t copy_piece = 8192;
/// Pixels into which long rows are cut, so that an image of one row has work for many threads.
inline constexpr index_t row_pixels = 64;

// gemm.

/// A product of few rows is skinny if its a fills at most so many halves of L2.
inline constexpr index_t skinny_halves = 3;
/// small costs `small_cost` times its operations, where blocked costs 1, up to this many operations
/// and bytes of b, which stay in L1; beyond, `small_cost_beyond` times.
inline constexpr double small_operations = 2.0 * 64 * 64 * 64, small_b_bytes = 32 * 1024;
inline constexpr double small_cost = 0.5, small_cost_beyond = 2;
/// Cycles of small's tiles of one vector: a row and value of k, for it loads that often; and a row
/// besides (AVX-512, gcc 12).
inline constexpr double tile_row_k = 0.75, tile_row = 1.8;
/// Cycles of dot products: a lane and vector of k; and to add up a lane (AVX-512, gcc 12).
inline constexpr double dot_vector = 0.5, dot_sum = 2.3;

// conv. The unit is the cycles of NV multiplications and additions.

/// Elements of src that are copied into a band in one unit.
inline constexpr double copied_elements = 4;
/// few_channels costs so many times direct's products: its tiles share a call, but each value of k
/// is a look-up. Up to `few_channels_k` values of k the first, then the second (16x16 with three
/// channels: direct takes 0.87 to 1.01 of few_channels's time on a Zen 4).
inline constexpr double few_channels_short = 0.9, few_channels_long = 1.1;
inline constexpr index_t few_channels_k = 400;
/// Parts of L2 that a unit's copy and results fill: few_channels; depthwise from src in place and
/// from a copy.
inline constexpr index_t few_channels_part = 8, depthwise_part = 2, depthwise_copy_part = 8;
/// dst, or src and dst, of more than so many L2 are prefetched.
inline constexpr double few_channels_far = 4, depthwise_far = 2;
/// Gradients of depthwise weights: pixels summed in registers before a total takes the sum, if
/// lines are short and if they are long.
inline constexpr index_t depthwise_pixels = 256, depthwise_long_pixels = 1024;
/// The same gradients: units into which all pixels are cut, and the fewest pixels of one.
inline constexpr index_t depthwise_units = 64, depthwise_unit_pixels = 2048;

/// Instructions of Winograd's transforms for each vector of an input and of an output.
inline constexpr double winograd_transform = 5;
/// Bytes a cycle of Winograd's weights from L3 and from memory, and the bytes of weights from which
/// on a core's share of L3 does not hold them.
inline constexpr double l3_bytes = 8, memory_bytes = 3, distant_weights = 16 << 20;
/// Tiles of a block of Winograd that take as long as their weights from L3 (fewer do not hide them:
/// resnet50's last stage at batch 1), and most tiles.
inline constexpr index_t winograd_hiding = 28, winograd_tiles = 56;

/// Parts of L2 that the results of conv_pool's band fill: a quarter, beside what the convolution
/// itself keeps there (VGG's first stages: 1.1 times as fast as half of it).
inline constexpr index_t pool_part = 4;
/// Bytes of weights from which on, four times as large when transformed, they come from L3 and
/// beyond. Then a band has this many blocks of winograd_tiles.
inline constexpr index_t pool_distant_weights = 4 << 20, pool_distant_blocks = 4;

}  // namespace simdnn::costs
