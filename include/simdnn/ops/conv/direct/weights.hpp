// Direct convolution backward to the weights:
//     diff_weights[o][i][k] = sum over images n and outputs y of
//                             diff_dst[n][o][y] * src[n][i][y * stride - pad + k * dilation]
//     diff_bias[o]          = sum over n and y of diff_dst[n][o][y]
//
// The rows of a tile are taps and input channels, its columns are output channels (the last chunk
// has only the vectors that it fills), and k runs over the pixels of a band:
//
//     for chunks of NR output channels and blocks of input channels, in parallel:
//       for bands of pixels, in order:
//         copy diff_dst as (pixels,NR) and src as a band (band.hpp)
//         for taps:  tiles
//
// A unit owns its part of diff_weights and sums over all pixels in one order, so that the result
// does not depend on the number of threads.
#pragma once

#include <simdnn/isa/long_sum.hpp>
#include <simdnn/ops/conv/band.hpp>
#include <simdnn/ops/conv/multiply.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/walk/strided_copy.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class direct_weights {
  using V = vec<T, Isa>;
  static constexpr index_t NR = microkernel::columns<T, Isa>;

 public:
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const query& q) {
    const conv_problem& p = q.problem;
    double elements = static_cast<double>(std::min(p.in / p.groups, channel_blocks::size));
    for (int d = 0; d < 3; ++d) {
      const axis a = forward_axis(p, d);
      elements *= static_cast<double>(a.reach(a.outputs));
    }
    return in_proportion(p, elements * sizeof(T))
               ? nullptr
               : "its copy of src and the padding is out of proportion to the operands";
  }
  static double cost(const query& q) {
    const index_t columns = q.problem.out / q.problem.groups;
    return q.problem.flops() / 2 / static_cast<double>(NR) * column_fill<T, Isa>(columns, false);
  }

  explicit direct_weights(const query& q)
      : p_(q.problem), axes_{forward_axis(p_, 0), forward_axis(p_, 1), forward_axis(p_, 2)} {
    in_ = p_.in / p_.groups;
    out_ = p_.out / p_.groups;
    for (int d = 0; d < 3; ++d) outputs_[d] = axes_[d].outputs;
    const auto fitting = [](index_t count, index_t most) {
      return ceil_div(count, ceil_div(count, std::max<index_t>(most, 1)));
    };
    constexpr index_t pixels = tuning<T, Isa>::pixels;
    images_ =
        p_.batch == 0 ? 1 : fitting(p_.batch, pixels / (outputs_[0] * outputs_[1] * outputs_[2]));
    rows_[0] = fitting(outputs_[0], pixels / (outputs_[1] * outputs_[2]));
    rows_[1] = fitting(outputs_[1], pixels / outputs_[2]);
    band_ = band::of(in_, axes_, rows_[0], rows_[1], outputs_[2]);
  }

  index_t workspace_bytes(int workers) const { return workers * worker_bytes(); }

  void backward_weights(const image<const T>& src, const image<const T>& diff_dst,
                        const filter<T>& diff_weights, T* diff_bias, executor_ref executor,
                        std::span<std::byte> workspace) const {
    const index_t chunks = p_.groups * ceil_div(out_, NR), blocks = band_.channels.count();
    const index_t workers = std::max(executor.concurrency(), 1);
    const index_t parts =
        std::min(blocks, chunks >= 4 * workers || workers == 1 ? 1 : ceil_div(4 * workers, chunks));
    const workspace_slices space(worker_bytes(), workers, workspace, "conv");
    parallel_for(executor, chunks * parts, [&](index_t begin, index_t end, index_t worker) {
      for (index_t i = begin; i < end; ++i)
        unit(src, diff_dst, diff_weights, diff_bias, i / parts, blocks * (i % parts) / parts,
             blocks * (i % parts + 1) / parts, space.template slice<std::byte>(worker));
    });
  }

 private:
  // A worker's slice holds diff_dst (pixels,NR); one channel block of the bands of src; the sums
  // (k,NR), where k = [channel block][kd][kh][kw][channel] has only taps that read src; the bias
  // and its rounding error (2,NR); and the segments.
  index_t pixels() const { return images_ * rows_[0] * rows_[1] * outputs_[2]; }
  index_t block_elements() const { return std::min(in_, channel_blocks::size) * band_.pixels(); }
  index_t taps(int d) const { return axes_[d].taps.size(); }
  index_t taps() const { return taps(0) * taps(1) * taps(2); }
  static index_t bytes(index_t elements) {
    return round_up(elements * static_cast<index_t>(sizeof(T)), 64);
  }
  index_t worker_bytes() const {
    return bytes(pixels() * NR) + bytes(images_ * block_elements()) + bytes(in_ * taps() * NR) +
           bytes(2 * NR) +
           round_up(images_ * rows_[0] * rows_[1] * static_cast<index_t>(sizeof(index_t)), 64);
  }

  void unit(const image<const T>& src, const image<const T>& diff_dst,
            const filter<T>& diff_weights, T* diff_bias, index_t chunk, index_t block_begin,
            index_t block_end, std::byte* space) const {
    const auto take = [&](index_t size) {
      std::byte* p = space;
      space += size;
      return p;
    };
    T* const columns = reinterpret_cast<T*>(take(bytes(pixels() * NR)));
    T* const rows = reinterpret_cast<T*>(take(bytes(images_ * block_elements())));
    T* const sums = reinterpret_cast<T*>(take(bytes(in_ * taps() * NR)));
    T* const bias = reinterpret_cast<T*>(take(bytes(2 * NR)));
    index_t* const segments = reinterpret_cast<index_t*>(take(0));

    const index_t panels = ceil_div(out_, NR), group = chunk / panels, o = chunk % panels * NR;
    const index_t valid = std::min(NR, out_ - o);
    const auto panel = microkernel::panel::of<T, Isa>(valid, false);
    const index_t k_begin = block_begin * channel_blocks::size * taps();
    const index_t k_end = std::min(block_end * channel_blocks::size, in_) * taps();
    std::fill(sums + k_begin * panel.row, sums + k_end * panel.row, T(0));
    std::fill_n(bias, 2 * NR, T(0));

    index_t at[4];
    for (at[0] = 0; at[0] < p_.batch; at[0] += images_)
      for (at[1] = 0; at[1] < outputs_[0]; at[1] += rows_[0])
        for (at[2] = 0; at[2] < outputs_[1]; at[2] += rows_[1]) {
          const index_t count[3] = {std::min(images_, p_.batch - at[0]),
                                    std::min(rows_[0], outputs_[0] - at[1]),
                                    std::min(rows_[1], outputs_[1] - at[2])};
          copy_columns(diff_dst, at, count, group * out_ + o, valid, panel.row, columns);
          if (diff_bias != nullptr && block_begin == 0)
            add_bias(columns, count[0] * count[1] * count[2] * outputs_[2], panel.row, bias);
          for (index_t b = block_begin; b < block_end; ++b)
            add_block(src, at, count, group, b, rows, panel, columns, segments, sums);
        }
    store(sums, panel.row, group * out_ + o, valid, block_begin, block_end, diff_weights);
    if (diff_bias != nullptr && block_begin == 0)
      std::copy(bias, bias + valid, diff_bias + group * out_ + o);
  }

  // Copies diff_dst's channels c .. c + valid to (pixels,width); further columns are zeros.
  void copy_columns(const image<const T>& diff_dst, const index_t (&at)[4],
                    const index_t (&count)[3], index_t c, index_t valid, index_t width,
                    T* to) const {
    const index_t step = diff_dst.stride[2], pixels = outputs_[2];
    if (valid < width) std::fill_n(to, count[0] * count[1] * count[2] * pixels * width, T(0));
    for (index_t n = 0; n < count[0]; ++n)
      for (index_t z = 0; z < count[1]; ++z)
        for (index_t y = 0; y < count[2]; ++y, to += pixels * width) {
          const T* row = diff_dst.data + diff_dst.pixel(at[0] + n, at[1] + z, at[2] + y, 0);
          for (index_t i = 0; i < valid;) {
            const index_t run = diff_dst.contiguous(c + i, valid - i);
            const T* from = row + diff_dst.channel(c + i);
            if (run % V::lanes == 0)
              for (index_t x = 0; x < pixels; ++x)
                for (index_t v = 0; v < run; v += V::lanes)
                  V::load(from + x * step + v).store(to + x * width + i + v);
            else
              for (index_t x = 0; x < pixels; ++x)
                for (index_t v = 0; v < run; ++v) to[x * width + i + v] = from[x * step + v];
            i += run;
          }
        }
  }

  // Adds columns (pixels,width) to bias (2,NR), which holds the sums and their rounding errors.
  static void add_bias(const T* columns, index_t pixels, index_t width, T* bias) {
    for (index_t v = 0; v < width; v += V::lanes) {
      long_sum<V> band;
      for (index_t i = 0; i < pixels; ++i)
        band.add([&](auto, V a)
                     SIMDNN_INLINE_LAMBDA { return a + V::load(columns + i * width + v); });
      V sum = V::load(bias + v), lost = V::load(bias + NR + v);
      add_compensated(sum, lost, band.total());
      sum.store(bias + v);
      lost.store(bias + NR + v);
    }
  }

  // Adds one band's contribution to the sums of one block of input channels.
  void add_block(const image<const T>& src, const index_t (&at)[4], const index_t (&count)[3],
                 index_t group, index_t b, T* rows, const microkernel::panel& panel,
                 const T* columns, index_t* segments, T* sums) const {
    const index_t extent[3] = {axes_[0].size, axes_[1].size, axes_[2].size};
    const index_t from[3] = {at[1] * axes_[0].advance + axes_[0].front(),
                             at[2] * axes_[1].advance + axes_[1].front(), axes_[2].front()};
    const index_t length = band_.channels.length(b);
    index_t segment = 0;
    for (index_t n = 0; n < count[0]; ++n) {
      // The buffer holds block b only, so a whole band would start before it.
      T* const image_rows = rows + n * block_elements();
      band_.fill(image_rows - band_.at(b, 0, 0, 0), src, extent, at[0] + n, group * in_, from, b,
                 1);
      for (index_t z = 0; z < count[1]; ++z)
        for (index_t y = 0; y < count[2]; ++y)
          segments[segment++] =
              n * block_elements() + offset(b, z * axes_[0].advance, y * axes_[1].advance, 0);
    }
    T* c = sums + b * channel_blocks::size * taps() * panel.row;
    const bool joined = axes_[2].dense();
    const index_t kw = taps(2), calls = joined ? 1 : kw, count_rows = joined ? kw * length : length;
    for (index_t d = 0; d < taps(0); ++d)
      for (index_t h = 0; h < taps(1); ++h)
        for (index_t x = 0; x < calls; ++x, c += count_rows * panel.row)
          microkernel::cover<T, Isa, microkernel::a_order::by_k>(
              count_rows, panel, [&](index_t m, int, auto run_tile) {
                const microkernel::operands<T> t{
                    .a = rows +
                         offset(b, axes_[0].band_place(d, rows_[0]),
                                axes_[1].band_place(h, rows_[1]),
                                axes_[2].taps[x].offset - axes_[2].front()) +
                         m,
                    .a_stride = axes_[2].advance * length,
                    .segments = segments,
                    .segment_count = segment,
                    .segment_length = outputs_[2],
                    .b = columns,
                    .c = c + m * panel.row,
                    .c_row = panel.row,
                    .c_column = V::lanes,
                    .accumulate = true};
                run_tile(t, epilogue::fused<T>{});
              });
  }

  // Offset of a pixel from the start of block b of a band.
  index_t offset(index_t b, index_t d, index_t h, index_t w) const {
    return band_.at(b, d, h, w) - band_.at(b, 0, 0, 0);
  }

  // Stores the sums of the taps that read src, and zeros for the other taps.
  void store(const T* sums, index_t width, index_t o, index_t valid, index_t block_begin,
             index_t block_end, const filter<T>& to) const {
    strided weights(5), block(5);
    weights.dims[0] = {to.out.stride, to.out.block, to.out.inner};
    weights.dims[1] = {to.in.stride, to.in.block, to.in.inner};
    for (int d = 0; d < 3; ++d) weights.dims[2 + d].stride = to.stride[d];
    const bool all = taps() == p_.kernel[0] * p_.kernel[1] * p_.kernel[2];
    const serial alone;
    for (index_t b = block_begin; b < block_end; ++b) {
      const index_t c = b * channel_blocks::size, length = band_.channels.length(b);
      const index_t strides[5] = {1, width, taps(1) * taps(2) * length * width,
                                  taps(2) * length * width, length * width};
      for (int d = 0; d < 5; ++d) block.dims[d].stride = strides[d];
      const T* const from = sums + c * taps() * width;
      const T zero = 0;
      // Copies `count` taps, from `src` on, to the taps from `dst` on.
      const auto copy = [&](const strided& source, const T* data, const spatial& src,
                            const spatial& dst, const spatial& count) {
        const copy_range ranges[max_rank] = {{0, o, valid},
                                             {0, c, length},
                                             {src[0], dst[0], count[0]},
                                             {src[1], dst[1], count[1]},
                                             {src[2], dst[2], count[2]}};
        copy_elements(source, data, weights, to.data, ranges, alone);
      };
      const spatial first = spatial::all(3, 0);
      if (all) {
        copy(block, from, first, first, p_.kernel);
        continue;
      }
      copy(strided(5), &zero, first, first, p_.kernel);
      for_each(taps(0), taps(1), taps(2), [&](index_t d, index_t h, index_t x) {
        copy(block, from, {d, h, x},
             {axes_[0].taps[d].kernel, axes_[1].taps[h].kernel, axes_[2].taps[x].kernel},
             spatial::all(3, 1));
      });
    }
  }

  conv_problem p_;
  dynamic_array<axis> axes_;
  index_t in_, out_, outputs_[3];
  index_t images_, rows_[2];
  band band_{};
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
