// The inner loops that direct and pointwise convolution share: runs of pixels times packed weights.
//
//     for chunks of NR output channels:  for blocks of k, whose weights stay in L1:  for runs:  for tiles
//
// Results go straight to dst where whole vectors of channels are neighbours there; else they pass through
// a scratch block (pixels,NR) in L2 (nchw, the last channels, blocks narrower than a vector).
#pragma once

#include <simdnn/base/math.hpp>
#include <simdnn/ops/conv/operands.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/tile/gemm_tile.hpp>
#include <simdnn/tile/pack.hpp>
#include <span>
#include <vector>

namespace simdnn::inline SIMDNN_ABI::conv {

/// `count` outputs side by side. Output i reads the segments from a + (pixel + i * advance) * a pixel's
/// elements on, and its channel 0 is at c + i * c_row of dst; `place` numbers it in the scratch block.
template <class T>
struct run {
  const T* a;
  index_t pixel;
  index_t c;
  index_t count;
  index_t place;
};

/// Consecutive segments of one length, whose weights (from row `row` of a panel on) fit into L1.
struct k_block {
  index_t segment, segments, length, row;
  index_t pixel;  ///< elements from one pixel to the next where these segments lie
};

/// Cuts `segments` segments of `length` values of k into blocks of about KC values.
template <class T, class Isa>
void cut(std::vector<k_block>& blocks, index_t first, index_t segments, index_t length, index_t row, index_t pixel) {
  if (segments == 0) return;
  const index_t count = std::max<index_t>(1, (segments * length + blocking<T, Isa>::KC / 2) / blocking<T, Isa>::KC);
  const index_t each = ceil_div(segments, count);
  for (index_t s = 0; s < segments; s += each)
    blocks.push_back({first + s, std::min(each, segments - s), length, row + s * length, pixel});
}

/// Everything that stays the same for all runs of a work unit.
template <class T>
struct product {
  const index_t* segments;
  std::span<const k_block> blocks;
  index_t k;        ///< rows of a panel
  index_t advance;  ///< pixels of src from one output of a run to the next
  index_t c_row;    ///< elements of dst from one output of a run to the next
  T* scratch;
};

/// `count` pixels of `valid` channels from scratch (pixels,NR) through the post-op to dst.
template <class T, class Isa, class PostOp>
void flush(const T* scratch, index_t count, const image<T>& dst, index_t c, index_t c_row, index_t channel,
           index_t valid, const PostOp& post) {
  using V = vec<T, Isa>;
  using kernel::lanes_are;
  constexpr index_t NR = tile::columns<T, Isa>, W = V::lanes;
  if (dst.block == 1 && dst.channel_stride != 1 && c_row == 1) {  // nchw: vectors of pixels
    alignas(64) T turned[NR * W];
    for (index_t i = 0; i < count; i += W) {
      const index_t pixels = std::min(W, count - i);
      for (index_t j = 0; j < pixels; ++j)
        for (index_t n = 0; n < valid; ++n) turned[n * W + j] = scratch[(i + j) * NR + n];
      for (index_t n = 0; n < valid; ++n) {
        const index_t at = c + i + dst.channel(channel + n);
        post(V::load(turned + n * W, pixels), kernel::where<lanes_are::pixels>{channel + n, at, pixels})
            .store(dst.data + at, pixels);
      }
    }
    return;
  }
  for (index_t i = 0; i < count; ++i)
    for (index_t n = 0; n < valid;) {
      const index_t lanes = std::min(W, dst.contiguous(channel + n, valid - n)),
                    at = c + i * c_row + dst.channel(channel + n);
      post(V::load(scratch + i * NR + n, lanes), kernel::where<>{channel + n, at, lanes}).store(dst.data + at, lanes);
      n += lanes;
    }
}

/// Output channels first .. first + count of dst for all runs; `weights` are the panels of these channels,
/// [panel][k][NR]. The last channels of dst's last block are cleared where `first + count` ends dst.
template <class T, class Isa, class PostOp>
void multiply(const product<T>& p, const run<T>* runs, index_t run_count, const T* weights, const image<T>& dst,
              index_t first, index_t count, index_t dst_channels, bool in_place_sum, const PostOp& post) {
  using V = vec<T, Isa>;
  constexpr index_t NR = tile::columns<T, Isa>, MR = blocking<T, Isa>::MR, W = V::lanes;
  for (index_t channel = first; channel < first + count; channel += NR, weights += p.k * NR) {
    const index_t valid = std::min(NR, first + count - channel), base = dst.channel(channel);
    // A sum whose residual is dst itself must be read before partial sums overwrite it.
    bool direct = valid == NR && !(in_place_sum && p.blocks.size() > 1);
    for (index_t n = 0; direct && n < NR; n += W) direct = dst.contiguous(channel + n, W) == W;
    const index_t column = dst.channel(channel + W) - base;
    for (index_t n = 2 * W; direct && n < NR; n += W) direct = dst.channel(channel + n) - base == n / W * column;

    for (const k_block& block : p.blocks) {
      const bool last = &block == &p.blocks.back();
      for (index_t r = 0; r < run_count; ++r)
        tile::for_each_tile(runs[r].count, MR, [&](index_t i, int rows) {
          const index_t at = runs[r].c + i * p.c_row + base;
          const tile::operands<T> t{.a = runs[r].a + (runs[r].pixel + i * p.advance) * block.pixel,
                                    .a_stride = p.advance * block.pixel,
                                    .segments = p.segments + block.segment,
                                    .segment_count = block.segments,
                                    .segment_length = block.length,
                                    .b = weights + block.row * NR,
                                    .c = direct ? dst.data + at : p.scratch + (runs[r].place + i) * NR,
                                    .c_row = direct ? p.c_row : NR,
                                    .c_column = direct ? column : W,
                                    .accumulate = &block != &p.blocks.front()};
          if (direct && last)
            tile::dispatch<T, Isa, tile::a_order::by_row>(rows, t, post.at(channel, at));
          else
            tile::dispatch<T, Isa, tile::a_order::by_row>(rows, t, kernel::standard<T>{});
        });
    }
    for (index_t r = 0; !direct && r < run_count; ++r)
      flush<T, Isa>(p.scratch + runs[r].place * NR, runs[r].count, dst, runs[r].c, p.c_row, channel, valid, post);
    if (channel + valid == dst_channels && dst_channels % dst.block != 0)
      for (index_t r = 0; r < run_count; ++r)
        for (index_t i = 0; i < runs[r].count; ++i)
          for (index_t pad = dst_channels; pad % dst.block != 0; ++pad)
            dst.data[runs[r].c + i * p.c_row + dst.channel(pad)] = 0;
  }
}

/// Packs weights as multiply reads them: [group][panel][k][NR], k in the order in which f gives it:
/// f(emit) calls emit(c, d, h, w) for each value of k, c the summed channel in its group. `forward` tells
/// whether input (forward) or output channels (backward to the data) are summed.
template <class T, class Isa, class F>
void pack_weights(const filter<const T>& w, index_t groups, index_t columns, index_t summed, bool forward, T* packed,
                  executor_ref executor, index_t k, F&& f) {
  constexpr index_t NR = tile::columns<T, Isa>;
  const index_t panels = ceil_div(columns, NR);
  parallel_for(executor, groups * panels, [&](index_t begin, index_t end, index_t) {
    for (index_t unit = begin; unit < end; ++unit) {
      const index_t group = unit / panels, n0 = unit % panels * NR, valid = std::min(NR, columns - n0);
      index_t column[NR];
      for (index_t n = 0; n < valid; ++n)
        column[n] = forward ? w.out.at(group * columns + n0 + n) : w.in.at(n0 + n);
      T* row = packed + unit * k * NR;
      f([&](index_t c, index_t kd, index_t kh, index_t kw) {
        const T* from = w.data + (forward ? w.in.at(c) : w.out.at(group * summed + c)) + w.tap(kd, kh, kw);
        for (index_t n = 0; n < valid; ++n) row[n] = from[column[n]];
        std::fill(row + valid, row + NR, T(0));
        row += NR;
      });
    }
  });
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
