// Depthwise convolution backward to the weights, one output channel to each input channel:
//     diff_weights[c][0][k] = sum over n, y of diff_dst[n][c][y] *
//                             src[n][c][y * stride - pad + k * dilation], inside of src
//     diff_bias[c] = sum over n, y of diff_dst[n][c][y]
//
//     for units (a part of all rows, a chunk of channels), in parallel:
//       for some rows of outputs that meet the same taps:  for vectors of channels:
//         sum the taps over these rows in registers, add to totals (microkernel/depthwise/sums.hpp)
//     for vectors of channels, in parallel:  add up the totals of the parts, in order
//
// src is read in place; elements outside of the image are skipped. The parts depend on the problem
// alone, so that the result does not depend on the number of threads.
#pragma once

#include <simdnn/microkernel/depthwise/sums.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/conv/depthwise/channel_pieces.hpp>
#include <simdnn/ops/conv/depthwise/tap_ranges.hpp>
#include <simdnn/ops/conv/image.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class depthwise_weights {
  using V = vec<T, Isa>;
  using sums = microkernel::depthwise_sums<T, Isa>;
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

  explicit depthwise_weights(const query& q) : p_(q.problem) {
    pieces_ = pieces(pieces::with_padding(p_.out, q.src_block, q.dst_block), W,
                     {q.src_block, q.dst_block}, pieces::together(q.dst_block));
    taps_ = p_.kernel[0] * p_.kernel[1] * p_.kernel[2];
    for (int d = 0; d < 3; ++d) outputs_[d] = p_.output(d);
    for (int d = 0; d < 2; ++d) inside_[d] = taps_inside(p_, d);
    lines_ = p_.batch * outputs_[0] * outputs_[1];
    parts_ = std::clamp<index_t>(lines_ * outputs_[2] / costs::depthwise_unit_pixels, 1,
                                 ceil_div(costs::depthwise_units, pieces_.chunks()));
  }

  static constexpr contiguity reads() { return contiguity::channels; }

  index_t workspace_bytes(int) const {
    return round_up(parts_ * part_elements() * static_cast<index_t>(sizeof(T)),
                    memory_pool::alignment);
  }

  void backward_weights(const image<const T>& src, const image<const T>& diff_dst,
                        const filter<T>& diff_weights, T* diff_bias, executor_ref executor,
                        std::span<std::byte> workspace) const {
    const index_t chunks = pieces_.chunks();
    const workspace_slices space(workspace_bytes(1), 1, workspace, "conv");
    T* const totals = space.template slice<T>(0);
    parallel_for(executor, parts_ * chunks, [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit)
        run(src, diff_dst, unit / chunks, unit % chunks, diff_bias != nullptr, totals);
    });
    parallel_for(executor, pieces_.size(), [&](index_t begin, index_t end, index_t) {
      for (index_t i = begin; i < end; ++i) finish(i, totals, diff_weights, diff_bias);
    });
  }

 private:
  static constexpr index_t few = costs::depthwise_pixels, many = costs::depthwise_long_pixels;

  // Totals are [part][piece][kd][kh][kw]; after the taps of a piece comes one for the bias.
  index_t piece_elements() const { return (taps_ + 1) * sums::total; }
  index_t part_elements() const { return pieces_.size() * piece_elements(); }

  void run(const image<const T>& src, const image<const T>& diff_dst, index_t part, index_t chunk,
           bool with_bias, T* totals) const {
    const index_t first = pieces_.first(chunk), last = pieces_.first(chunk + 1);
    T* const to = totals + part * part_elements() + first * piece_elements();
    std::fill_n(to, (last - first) * piece_elements(), T(0));
    const index_t end = lines_ * (part + 1) / parts_;
    for (index_t line = lines_ * part / parts_; line < end;) {
      const index_t y = line % outputs_[1], z = line / outputs_[1] % outputs_[0],
                    n = line / outputs_[1] / outputs_[0];
      const index_t most = std::min({outputs_[1] - y, end - line, ceil_div(few, outputs_[2])});
      index_t count = 1;
      while (count < most && inside_[1][y + count] == inside_[1][y]) ++count;
      for (index_t x = 0; x < outputs_[2]; x += many)
        for (index_t i = first; i < last; ++i)
          add_lines(src, diff_dst, pieces_[i], n, z, y, count, x, with_bias,
                    to + (i - first) * piece_elements());
      line += count;
    }
  }

  void add_lines(const image<const T>& src, const image<const T>& diff_dst, const piece& c,
                 index_t n, index_t z, index_t y, index_t lines, index_t x, bool with_bias,
                 T* totals) const {
    const range d = inside_[0][z], h = inside_[1][y];
    const index_t kernel = p_.kernel[2];
    typename sums::window w{};
    w.src_line = p_.stride[1] * src.stride[1], w.src_row = p_.dilation[1] * src.stride[1];
    w.step = src.stride[2], w.width = p_.size[2], w.pad = p_.pad[2];
    w.diff = diff_dst.data + diff_dst.pixel(n, z, y, 0) + diff_dst.channel(c.channel);
    w.diff_line = diff_dst.stride[1], w.diff_step = diff_dst.stride[2];
    w.lines = lines, w.begin = x, w.end = std::min(x + many, outputs_[2]);
    w.kernel = kernel, w.advance = p_.stride[2], w.dilation = p_.dilation[2];
    w.lanes = c.lanes;
    for (index_t kd = d.first; kd < d.first + d.count; ++kd)
      for (index_t kh = h.first, rows; kh < h.first + h.count; kh += rows) {
        rows = sums::rows(kernel, w.advance, w.dilation, h.first + h.count - kh);
        w.src = src.data + src.channel(c.channel) +
                src.pixel(n, z * p_.stride[0] - p_.pad[0] + kd * p_.dilation[0],
                          y * p_.stride[1] - p_.pad[1] + kh * p_.dilation[1], 0);
        sums::of(rows, kernel, w.advance, w.dilation, w.step)(
            w, totals + (kd * p_.kernel[1] + kh) * kernel * sums::total);
      }
    if (with_bias) sums::add_pixels(w, totals + taps_ * sums::total);
  }

  // Adds up the totals of all parts for one piece and stores its gradients.
  void finish(index_t i, T* totals, const filter<T>& diff_weights, T* diff_bias) const {
    const piece& c = pieces_[i];
    const index_t lanes = std::min(c.lanes, p_.out - c.channel);
    T* const total = totals + i * piece_elements();
    alignas(64) c_array<T, W> values;
    const auto sum = [&](index_t tap) {
      for (index_t part = 1; part < parts_; ++part)
        sums::add_total(total + part * part_elements() + tap * sums::total,
                        total + tap * sums::total);
      sums::value(total + tap * sums::total).store(values);
    };
    index_t tap = 0;
    for_each(p_.kernel[0], p_.kernel[1], p_.kernel[2], [&](index_t kd, index_t kh, index_t kw) {
      sum(tap++);
      for (index_t l = 0; l < lanes; ++l)
        diff_weights.data[diff_weights.out.at(c.channel + l) + diff_weights.in.at(0) +
                          diff_weights.tap(kd, kh, kw)] = values[l];
    });
    if (diff_bias == nullptr) return;
    sum(taps_);
    std::copy_n(values, lanes, diff_bias + c.channel);
  }

  conv_problem p_;
  index_t taps_, outputs_[3];
  index_t lines_;                   // rows of outputs of all images
  index_t parts_;                   // into which these are cut, each summed by itself
  dynamic_array<range> inside_[2];  // taps of depth and height
  pieces pieces_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
