// The inner loops that direct, pointwise and im2col share: lines of pixels times packed weights.
//
//     for chunks of NR output channels:
//       for blocks of k, whose weights stay in L1:  for lines:  for tiles
//
// Results are stored to dst directly if whole vectors of channels are contiguous there. Otherwise
// (nchw, the last channels, blocks narrower than a vector) they pass through a scratch buffer
// (pixels,NR) in L2. With a custom post-op, results that would be stored directly pass through a
// buffer of one tile in L1.
#pragma once

#include <simdnn/base/dynamic_array.hpp>
#include <simdnn/base/math.hpp>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/microkernel/gemm/pack.hpp>
#include <simdnn/microkernel/gemm/tiled.hpp>
#include <simdnn/ops/conv/image.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::conv {

/// `count` consecutive outputs of a row of dst, or of several rows that continue each other. Output
/// i reads the segments from a + (pixel + i * advance) * k_block::pixel on. Its channel 0 is at
/// c + i * c_row of dst, and its row of the scratch buffer is place + i.
template <class T>
struct output_line {
  const T* a;
  index_t pixel;
  index_t c;
  index_t count;
  index_t place;
  // The tap rows that read src, at least one. The others read padding only and are skipped.
  index_t tap_begin = 0, tap_end = 1;
};

/// Consecutive segments of equal length whose weights, from row `row` of a panel on, fit into L1.
struct k_block {
  index_t segment, segments, length, row;
  index_t pixel;  ///< elements from one pixel of src to the next in these segments
  /// Tap row t has segments origin + t * tap_row .. origin + (t + 1) * tap_row.
  index_t origin, tap_row;

  /// The block's segments begin .. end that are in the line's tap rows, counted from the block's
  /// first segment. There are none if begin >= end.
  template <class T>
  std::pair<index_t, index_t> of(const output_line<T>& line) const {
    return {std::max<index_t>(origin + line.tap_begin * tap_row - segment, 0),
            std::min(origin + line.tap_end * tap_row - segment, segments)};
  }
};

/// Columns of full tiles that cost as much as the panels of `columns` output channels, divided by
/// `columns`. For the algorithms' costs. A single panel that is narrower than a tile saves only
/// half of the columns that it leaves out, because its tiles load as often.
template <class T, class Isa>
double column_fill(index_t columns, bool even_segments) {
  constexpr index_t NR = microkernel::columns<T, Isa>;
  if (columns >= NR)
    return static_cast<double>(round_up(columns, NR)) / static_cast<double>(columns);
  const index_t row = microkernel::panel::of<T, Isa>(columns, even_segments).row;
  return static_cast<double>(row + NR) / 2 / static_cast<double>(columns);
}

/// Cuts `segments` segments of `length` values of k into blocks of about `kc` values, or more if
/// there are few columns. `first` is the first segment and `row` the row of its weights in a panel.
/// All tap rows have the same number of segments.
template <class T, class Isa>
void cut(dynamic_array<k_block>& blocks, index_t columns, index_t first, index_t segments,
         index_t length, index_t row, index_t pixel, index_t tap_rows = 1,
         index_t kc = tuning<T, Isa>::KC) {
  if (segments == 0) return;
  constexpr index_t NR = microkernel::columns<T, Isa>, least = vec<T, Isa>::lanes / 2;
  const index_t values = kc * NR / std::min(round_up(columns, least), NR);
  const index_t count = std::max<index_t>(1, (segments * length + values / 2) / values);
  const index_t each = ceil_div(segments, count);
  for (index_t s = 0; s < segments; s += each)
    blocks.push_back({first + s, std::min(each, segments - s), length, row + s * length, pixel,
                      first, segments / tap_rows});
}

/// The product of some lines and the packed weights of some output channels.
template <class T>
struct product {
  std::span<const output_line<T>> lines;
  const index_t* segments;
  std::span<const k_block> blocks;
  index_t k;                   ///< rows of a panel
  index_t advance;             ///< pixels of src from one output of a line to the next
  const T* weights;            ///< [panel][k * NR], the panels of channels first .. first + count
  index_t c_row;               ///< elements of dst from one output of a line to the next
  index_t first, count;        ///< output channels
  index_t dst_channels;        ///< in dst; after the last one its padding is cleared
  T* scratch;                  ///< (pixels,NR), for all lines
  bool even_segments = false;  ///< as given to pack_weights
  bool prefetch_a = false;     ///< src is far away: each tile prefetches what the next one reads
  bool in_place_sum = false;   ///< the post-op reads dst
};

/// Applies the post-op to `valid` channels of `count` pixels in scratch (pixels,NR) and stores them
/// to dst.
template <class T, class Isa>
void flush(const T* scratch, index_t count, const image<T>& dst, index_t c, index_t c_row,
           index_t channel, index_t valid, const epilogue::fused<T>& post) {
  using V = vec<T, Isa>;
  constexpr index_t NR = microkernel::columns<T, Isa>, W = V::lanes;
  if (dst.block == 1 && dst.channel_stride != 1 && c_row == 1) {  // nchw: vectors of pixels
    alignas(64) c_array<T, NR * W> turned;
    for (index_t i = 0; i < count; i += W) {
      const index_t pixels = std::min(W, count - i), at = c + i + dst.channel(channel);
      for (index_t j = 0; j < pixels; ++j)
        for (index_t n = 0; n < valid; ++n) turned[n * W + j] = scratch[(i + j) * NR + n];
      post.template store_pixels<V>(
          {turned, W, dst.data + at, dst.channel_stride, valid, pixels, W}, channel, at);
    }
    return;
  }
  for (index_t n = 0; n < valid;) {
    const index_t lanes = dst.contiguous(channel + n, valid - n), at = c + dst.channel(channel + n);
    post.template store<V>({scratch + n, NR, dst.data + at, c_row, count, lanes, W}, channel + n,
                           at);
    n += lanes;
  }
}

/// Computes the product, applies the post-op and stores to dst.
template <class T, class Isa>
void multiply(const product<T>& p, const image<T>& dst, const epilogue::fused<T>& post) {
  using V = vec<T, Isa>;
  constexpr index_t NR = microkernel::columns<T, Isa>, W = V::lanes;
  const T* weights = p.weights;
  const index_t end_channel = p.first + p.count;
  for (index_t channel = p.first; channel < end_channel; channel += NR, weights += p.k * NR) {
    const index_t valid = std::min(NR, end_channel - channel), base = dst.channel(channel);
    const auto panel = microkernel::panel::of<T, Isa>(valid, p.even_segments);
    // If the post-op reads dst, partial sums must not be stored there.
    bool direct = valid % W == 0 && !(p.in_place_sum && p.blocks.size() > 1);
    for (index_t n = 0; direct && n < valid; n += W) direct = dst.contiguous(channel + n, W) == W;
    const index_t column = valid > W ? dst.channel(channel + W) - base : 0;
    for (index_t n = 2 * W; direct && n < valid; n += W)
      direct = dst.channel(channel + n) - base == n / W * column;

    index_t tiles = 0;
    for (const output_line<T>& line : p.lines)
      tiles += microkernel::tile_count<T, Isa>(line.count, panel);
    for (const k_block& block : p.blocks) {
      index_t done = 0;
      for (const output_line<T>& line : p.lines) {
        const auto [begin, end] = block.of(line);
        if (begin >= end) continue;
        const k_block &front = p.blocks.front(), &back = p.blocks.back();
        const bool begins = block.origin == front.origin &&
                            block.segment + begin == block.origin + line.tap_begin * block.tap_row;
        const bool ends = block.origin == back.origin &&
                          block.segment + end == block.origin + line.tap_end * block.tap_row;
        microkernel::cover<T, Isa, microkernel::a_order::by_row>(
            line.count, panel, [&](index_t i, int rows, auto run_tile) {
              const index_t at = line.c + i * p.c_row + base;
              microkernel::operands<T> t{
                  .a = line.a + (line.pixel + i * p.advance) * block.pixel,
                  .a_stride = p.advance * block.pixel,
                  .segments = p.segments + block.segment + begin,
                  .segment_count = end - begin,
                  .segment_length = block.length,
                  .b = weights + (block.row + begin * block.length) * panel.row,
                  .c = direct ? dst.data + at : p.scratch + (line.place + i) * NR,
                  .c_row = direct ? p.c_row : NR,
                  .c_column = direct ? column : W,
                  .accumulate = !begins,
                  .a_next = p.prefetch_a ? rows * p.advance * block.pixel : 0};
              microkernel::prefetch_b(t, block.segments * block.length, panel.row, done++, tiles);
              if (direct && ends)
                run_tile(t, post.at(channel, at));
              else
                run_tile(t, epilogue::fused<T>{});
            });
      }
    }
    if (!direct)
      for (const output_line<T>& line : p.lines)
        flush<T, Isa>(p.scratch + line.place * NR, line.count, dst, line.c, p.c_row, channel, valid,
                      post);
    if (channel + valid == p.dst_channels)
      for (const output_line<T>& line : p.lines)
        clear_padding(dst, p.dst_channels, line.c, line.count, p.c_row);
  }
}

/// Packs weights in the order in which multiply reads them:
///     [group][panel of NR columns][k][column]
/// f(emit) determines the order of k: it calls emit(c, d, h, w) for each value, where c is the
/// summed channel, counted in its group. If `forward`, input channels are summed, else output
/// channels (backward to the data). `even_segments` says that all segments have an even length.
template <class T, class Isa, class F>
void pack_weights(const filter<const T>& w, index_t groups, index_t columns, index_t summed,
                  bool forward, T* packed, executor_ref executor, index_t k, bool even_segments,
                  F&& f) {
  constexpr index_t NR = microkernel::columns<T, Isa>;
  const index_t panels = ceil_div(columns, NR);
  parallel_for(executor, groups * panels, [&](index_t begin, index_t end, index_t) {
    for (index_t unit = begin; unit < end; ++unit) {
      const index_t group = unit / panels, n0 = unit % panels * NR,
                    valid = std::min(NR, columns - n0);
      c_array<index_t, NR> column;
      for (index_t n = 0; n < valid; ++n)
        column[n] = forward ? w.out.at(group * columns + n0 + n) : w.in.at(n0 + n);
      const auto panel = microkernel::panel::of<T, Isa>(valid, even_segments);
      T* const to = packed + unit * k * NR;
      std::fill_n(to, k * panel.row, T(0));
      index_t row = 0;
      f([&](index_t c, index_t kd, index_t kh, index_t kw) {
        const T* from =
            w.data + (forward ? w.in.at(c) : w.out.at(group * summed + c)) + w.tap(kd, kh, kw);
        for (index_t n = 0; n < valid; ++n) to[panel.at(row, n)] = from[column[n]];
        ++row;
      });
    }
  });
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
