// bands: the units of work of conv_pool. A band is some rows of dst or some whole images. The
// results of its convolution stay in L2 until they are pooled. All bands of a problem have one
// size, so that one convolution serves them all; the last band may overlap the one before.
#pragma once

#include <algorithm>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/microkernel/tuning/tuning.hpp>
#include <simdnn/ops/conv/query.hpp>

namespace simdnn::inline SIMDNN_ABI::conv_pool {

/// {batch, out, oh / 2, ow / 2} of a problem in two dimensions.
inline shape dst_shape(const conv_problem& p) {
  return {p.batch, p.out, p.output(0) / 2, p.output(1) / 2};
}

/// `count` items cut into parts of one size. If `size` does not divide `count`, the last part
/// starts earlier and overlaps the one before.
struct cut {
  index_t count, size;

  /// One part if it has at most `most` items. Else parts of at most `most` and at least half as
  /// many, multiples of `grain`, with the smallest overlap.
  static cut into(index_t count, index_t most, index_t grain) {
    if (count <= most) return {count, std::max<index_t>(count, 1)};
    most = std::max(most / grain, index_t{1}) * grain;
    index_t best = most;
    for (index_t size = most; 2 * size >= most; size -= grain)
      if (round_up(count, size) < round_up(count, best)) best = size;
    return {count, best};
  }
  index_t parts() const { return ceil_div(count, size); }
  index_t begin(index_t part) const { return std::min(part * size, count - size); }
  /// Number of items at the start of a part that belong to the part before.
  index_t done(index_t part) const { return part * size - begin(part); }
};

struct bands {
  conv::query convolution;  ///< of one band
  cut images, rows;         ///< of dst
  index_t above = 0;        ///< rows of padding that are not part of the band's convolution

  index_t count() const { return images.parts() * rows.parts(); }
};

/// q is the query of the whole convolution.
template <class T, class Isa>
bands cut_into_bands(const conv::query& q) {
  const conv_problem& whole = q.problem;
  const index_t height = whole.output(1) / 2, width = whole.output(2) / 2;
  const auto bytes = [](index_t elements) { return elements * static_cast<index_t>(sizeof(T)); };
  // Results may take a part of L2; the convolution itself uses the rest. But each band reads all
  // weights, so it has at least as many tiles of 4x4 results as hide this in Winograd's algorithms.
  // If the weights are far from the core, it has several times the most tiles of a unit of
  // Winograd's; its results are in L3 then.
  constexpr index_t room = tuning<T, Isa>::L2 / costs::pool_part, tile = 16;
  const bool distant = bytes(whole.weights_shape().elements()) > costs::pool_distant_weights;
  const index_t least =
      (distant ? costs::pool_distant_blocks * costs::winograd_tiles : costs::winograd_hiding) *
      tile;
  const index_t row_bytes = bytes(4 * width * round_up(whole.out, q.dst_block));
  const index_t most = std::max(room / row_bytes, ceil_div(least, 4 * width));

  bands b{.convolution = q,
          .images = cut::into(whole.batch, most / height, 1),
          .rows = cut::into(height, most, 2)};
  b.convolution.band = true;
  conv_problem& p = b.convolution.problem;
  p.batch = b.images.size;
  p.pad_end[2] -= whole.output(2) % 2 * p.stride[2];
  if (b.rows.parts() == 1) {
    p.pad_end[1] -= whole.output(1) % 2 * p.stride[1];
  } else {
    b.above = p.pad[1];
    p.size[1] = (2 * b.rows.size - 1) * p.stride[1] + (p.kernel[1] - 1) * p.dilation[1] + 1;
    p.pad[1] = p.pad_end[1] = 0;
  }
  return b;
}

}  // namespace simdnn::inline SIMDNN_ABI::conv_pool
