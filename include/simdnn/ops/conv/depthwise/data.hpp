// Depthwise convolution backward to the data, one output channel to each input channel:
//     diff_src[n][c][x] = sum over k of diff_dst[n][c][(x + pad - k * dilation) / stride] *
//                         weights[c][0][k], over the k for which the division is exact and the
//                         index is inside of diff_dst
//
//     for units (an image, a chunk of channels, rows of diff_src), in parallel:
//       for rows:  for tiles of a row:  for vectors of channels:  for phases of the stride:
//         the forward pass's rows (microkernel/depthwise/rows.hpp), stride 1, to every stride-th pixel
//
// Elements of diff_src at one phase of the stride have the same taps, which form a smaller kernel.
// With a stride of 1 it is the flipped kernel. Each row is finished before the next, so that its
// cache lines are written once.
#pragma once

#include <simdnn/microkernel/depthwise/rows.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/conv/depthwise/channel_pieces.hpp>
#include <simdnn/ops/conv/depthwise/tap_ranges.hpp>
#include <simdnn/ops/conv/image.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class depthwise_data {
  using V = vec<T, Isa>;
  using rows = microkernel::depthwise_rows<T, Isa>;
  using pieces = channel_pieces<T, Isa>;
  static constexpr index_t W = V::lanes;

 public:
  static constexpr const char* name = "depthwise";
  static constexpr bool automatic = true;

  static const char* refuses(const query& q) {
    const conv_problem& p = q.problem;
    if (p.groups == 1) return "there is one group";
    if (p.groups != p.in) return "a group has more than one input channel";
    if (p.groups != p.out) return "a group has more than one output channel";
    if (q.src_plain_channels || q.dst_plain_channels)
      return "a pixel's channels are not contiguous";
    return nullptr;
  }
  /// The same as for the forward pass.
  static double cost(const query& q) {
    const conv_problem& p = q.problem;
    return p.flops() / 2 / static_cast<double>(W) +
           static_cast<double>(p.src_shape().elements()) / static_cast<double>(W) +
           static_cast<double>(p.dst_shape().elements()) / static_cast<double>(W);
  }

  explicit depthwise_data(const query& q) : p_(q.problem) {
    const index_t together = pieces::together(q.src_block);
    pieces_ = pieces(pieces::with_padding(p_.in, q.src_block, q.dst_block), W,
                     {q.src_block, q.dst_block}, together);
    taps_ = p_.kernel[0] * p_.kernel[1] * p_.kernel[2];
    for (int d = 0; d < 3; ++d)
      tap_step_[d] = tap_step(p_, d), source_step_[d] = source_step(p_, d);
    for (int d = 0; d < 2; ++d) targets_[d] = target_taps_of(p_, d);
    phases_ = phases_of(p_, 2);
    outputs_ = p_.output(2);
    index_t at = 0;
    for (const phase_taps& f : phases_) {
      row_taps_.push_back(at);
      at += f.count;
    }
    choose_rows(std::max(together, W));
    const double bytes = (static_cast<double>(p_.src_shape().elements()) +
                          static_cast<double>(p_.dst_shape().elements())) *
                         sizeof(T);
    prefetch_ = outputs_ >= 2 * rows::narrow &&
                bytes > costs::depthwise_far * static_cast<double>(tuning<T, Isa>::L2);
  }

  static constexpr contiguity reads() { return contiguity::channels; }
  static constexpr contiguity writes() { return contiguity::channels; }

  index_t packed_elements() const { return pieces_.size() * taps_ * W; }
  /// [piece][kd][kh][phase][tap of the phase, in the order of diff_dst][lane]
  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    parallel_for(executor, pieces_.size(), [&](index_t begin, index_t end, index_t) {
      for (index_t i = begin; i < end; ++i) {
        T* const to = packed + i * taps_ * W;
        const index_t lanes = std::min(pieces_[i].lanes, p_.in - pieces_[i].channel);
        std::fill_n(to, taps_ * W, T(0));
        for_each(p_.kernel[0], p_.kernel[1], phases_.size(),
                 [&](index_t d, index_t h, index_t phase) {
                   const phase_taps& f = phases_[phase];
                   T* tap = to + ((d * p_.kernel[1] + h) * p_.kernel[2] + row_taps_[phase]) * W;
                   for (index_t t = 0; t < f.count; ++t, tap += W)
                     for (index_t l = 0; l < lanes; ++l)
                       tap[l] = w.data[w.out.at(pieces_[i].channel + l) + w.in.at(0) +
                                       w.tap(d, h, f.tap - t * tap_step_[2])];
                 });
      }
    });
  }
  index_t workspace_bytes(int) const { return 0; }

  void backward_data(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                     executor_ref executor, std::span<std::byte>) const {
    const index_t bands = ceil_div(p_.size[1], rows_), chunks = pieces_.chunks();
    parallel_for(
        executor, p_.batch * chunks * p_.size[0] * bands, [&](index_t begin, index_t end, index_t) {
          for (index_t unit = begin; unit < end; ++unit) {
            const index_t z = unit / bands % p_.size[0], y = unit % bands * rows_;
            const index_t chunk = unit / (bands * p_.size[0]) % chunks,
                          n = unit / (bands * p_.size[0]) / chunks;
            run_rows(diff_dst, packed, diff_src, n, chunk, z, y, std::min(y + rows_, p_.size[1]));
          }
        });
  }

 private:
  // Chooses the rows of a unit, so few that a part of L2 holds them and that there are units for
  // several workers.
  void choose_rows(index_t together) {
    const auto bytes = [&](index_t count) {
      const index_t planes = std::min(p_.kernel[0], p_.output(0)),
                    lines = std::min(ceil_div(count, p_.stride[1]) + p_.kernel[1], p_.output(1));
      return (planes * lines * outputs_ + count * p_.size[2]) * together *
             static_cast<index_t>(sizeof(T));
    };
    rows_ = p_.size[1];
    while (rows_ > 1 && bytes(rows_) > tuning<T, Isa>::L2 / costs::depthwise_part)
      rows_ = ceil_div(rows_, index_t{2});
  }

  void run_rows(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                index_t n, index_t chunk, index_t z, index_t y0, index_t y_end) const {
    const index_t first = pieces_.first(chunk), last = pieces_.first(chunk + 1);
    const index_t kernel = p_.kernel[2] * W, step = p_.stride[2] * diff_src.stride[2];
    const target_taps& d = targets_[0][z];
    const epilogue::standard<T> nothing{};
    index_t from[pieces::most], to[pieces::most];
    for (index_t i = first; i < last; ++i) {
      from[i - first] = diff_dst.channel(pieces_[i].channel);
      to[i - first] = diff_src.pixel(n, z, 0, 0) + diff_src.channel(pieces_[i].channel);
    }
    typename rows::window w{};
    w.taps[0] = d.count;
    w.stride[0] = source_step_[0] * diff_dst.stride[0];
    w.stride[1] = source_step_[1] * diff_dst.stride[1];
    w.weights_stride[0] = -tap_step_[0] * p_.kernel[1] * kernel;
    w.weights_stride[1] = -tap_step_[1] * kernel;
    w.step = diff_dst.stride[2], w.width = outputs_;
    w.advance = 1, w.dilation = source_step_[2];
    // In nhwc all pieces of some pixels are written before the next pixels.
    const index_t elements = phases_[0].elements;
    const index_t width = last - first > 1 && diff_src.block == 1 ? rows::wide : elements;
    for (index_t y = y0; y < y_end; ++y) {
      const target_taps& h = targets_[1][y];
      const bool none = d.count == 0 || h.count == 0;  // the row meets no output
      const T* const diff =
          none ? nullptr : diff_dst.data + diff_dst.pixel(n, d.source, h.source, 0);
      const T* const weights = none ? nullptr : packed + (d.tap * p_.kernel[1] + h.tap) * kernel;
      w.taps[1] = h.count;
      for (index_t x = 0; x < elements; x += width)
        for (index_t i = first; i < last; ++i) {
          const index_t channel = pieces_[i].channel, at = to[i - first] + y * diff_src.stride[1];
          w.lanes = pieces_[i].lanes;
          w.prefetch = prefetch_ &&
                       channel * static_cast<index_t>(sizeof(T)) % 64 == 0;  // once per cache line
          for (const phase_taps& f : phases_) {
            const index_t here = at + f.phase * diff_src.stride[2],
                          end = std::min(x + width, f.elements);
            if (none || f.count == 0) {
              for (index_t j = x; j < end; ++j)
                rows::store(V(0), diff_src.data + here + j * step, w.lanes);
              continue;
            }
            w.src = diff + from[i - first];
            w.weights = weights + i * taps_ * W + row_taps_[f.phase] * W;
            w.kernel = f.count, w.pad = -f.source;
            rows::phase_function(f.count, w.dilation, w.step)(w, diff_src.data, step, channel, here,
                                                              x, end, nothing);
            w.prefetch = false;
          }
        }
      if (last == pieces_.size())
        clear_padding(diff_src, p_.in, diff_src.pixel(n, z, y, 0), p_.size[2], diff_src.stride[2]);
    }
  }

  conv_problem p_;
  index_t taps_;
  index_t outputs_;                        // of a row
  index_t tap_step_[3], source_step_[3];   // of a phase's taps
  dynamic_array<target_taps> targets_[2];  // of depth and height
  dynamic_array<phase_taps> phases_;       // of width
  dynamic_array<index_t> row_taps_;        // of each phase, its first tap in a packed row
  bool prefetch_;                          // diff_dst and diff_src do not fit into L2
  index_t rows_;                           // of a unit
  pieces pieces_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
