// Depthwise convolution: each output channel o sums over one input channel, o / multiplier:
//     dst[n][o][y] =
//         sum over k of src[n][o / multiplier][y * stride - pad + k * dilation] * weights[o][0][k]
// Vectors hold what is contiguous in dst, channels or pixels.
//
//     for units (an image, a chunk of channels, rows of outputs), in parallel:
//       for rows of outputs:  for tiles of a row:  for vectors of channels:
//         the tile's outputs in registers, each loaded column of src used for all taps that read it
//
// src is read in place if its channels have the order of dst's; outside of the image, tiles at the
// border read a vector of zeros. Otherwise (a multiplier, another order of memory, vectors of
// pixels) a unit's rows are copied first, with the padding written out:
//     vectors of channels     [tap of depth][row][column][lane]
//     vectors of pixels       [tap of depth][row][phase of the stride][column]
#pragma once

#include <cstring>
#include <simdnn/base/unroll.hpp>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/microkernel/depthwise/rows.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/conv/depthwise/channel_pieces.hpp>
#include <simdnn/ops/conv/depthwise/tap_ranges.hpp>
#include <simdnn/ops/conv/image.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class depthwise {
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
    if ((q.dst_plain_channels || q.src_plain_channels || p.out > p.in) &&
        !in_proportion(p, copy_bytes(q)))
      return "its copy of a row and the padding is out of proportion to the operands";
    return nullptr;
  }
  /// In the unit of direct's cost: products at half the speed of a register tile, and one pass over
  /// src and dst.
  static double cost(const query& q) {
    const conv_problem& p = q.problem;
    return p.flops() / 2 / static_cast<double>(W) +
           static_cast<double>(p.src_shape().elements() + p.dst_shape().elements()) /
               static_cast<double>(W);
  }

  explicit depthwise(const query& q) : p_(q.problem), multiplier_(q.problem.out / q.problem.in) {
    pixels_ = q.dst_plain_channels;
    copied_ = pixels_ || multiplier_ > 1 || q.src_plain_channels;
    taps_ = p_.kernel[0] * p_.kernel[1] * p_.kernel[2];
    for (int d = 0; d < 3; ++d) outputs_[d] = p_.output(d);
    inside_[0] = taps_inside(p_, 0);
    inside_[1] = taps_inside(p_, 1);
    if (pixels_) list_columns_inside();
    const index_t together = copied_ ? 1 : pieces::together(q.dst_block);
    pieces_ = pieces(p_.out, pixels_ ? 1 : W, {q.dst_block, copied_ ? 1 : q.src_block}, together);
    choose_rows(std::max(together, W));
    const double bytes = (static_cast<double>(p_.src_shape().elements()) +
                          static_cast<double>(p_.dst_shape().elements())) *
                         sizeof(T);
    prefetch_ = !copied_ && outputs_[2] >= 2 * rows::narrow &&
                bytes > costs::depthwise_far * static_cast<double>(tuning<T, Isa>::L2);
    for (index_t k = 0; k < p_.kernel[2]; ++k) {
      const index_t column = k * p_.dilation[2];
      offsets_.push_back(column % p_.stride[2] * phase_length() + column / p_.stride[2]);
    }
  }

  contiguity reads() const { return copied_ ? contiguity::any : contiguity::channels; }
  contiguity writes() const { return pixels_ ? contiguity::pixels : contiguity::channels; }

  index_t packed_elements() const { return pieces_.size() * taps_ * tap_elements(); }
  /// [piece][kd][kh][kw][lane]; one lane if vectors hold pixels.
  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    parallel_for(executor, pieces_.size(), [&](index_t begin, index_t end, index_t) {
      for (index_t i = begin; i < end; ++i) {
        T* to = packed + i * taps_ * tap_elements();
        for_each(p_.kernel[0], p_.kernel[1], p_.kernel[2], [&](index_t d, index_t h, index_t x) {
          for (index_t l = 0; l < tap_elements(); ++l)
            *to++ = l < pieces_[i].lanes
                        ? w.data[w.out.at(pieces_[i].channel + l) + w.in.at(0) + w.tap(d, h, x)]
                        : T(0);
        });
      }
    });
  }
  index_t workspace_bytes(int workers) const { return workers * worker_bytes(); }

  void forward(const image<const T>& src, const T* packed, const image<T>& dst,
               const epilogue::fused<T>& post, executor_ref executor,
               std::span<std::byte> workspace) const {
    const index_t bands = ceil_div(outputs_[1], rows_), chunks = pieces_.chunks();
    const workspace_slices space(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                 "conv");
    parallel_for(
        executor, p_.batch * chunks * outputs_[0] * bands,
        [&](index_t begin, index_t end, index_t worker) {
          T* const band = space.template slice<T>(worker);
          for (index_t i = begin; i < end; ++i) {
            const index_t chunk = i / (bands * outputs_[0]) % chunks, y = i % bands * rows_;
            const unit u{.n = i / (bands * outputs_[0]) / chunks,
                         .first = pieces_.first(chunk),
                         .last = pieces_.first(chunk + 1),
                         .z = i / bands % outputs_[0],
                         .y = y,
                         .count = std::min(rows_, outputs_[1] - y),
                         .band = band};
            if (pixels_)
              run_pixels(u, src, packed, dst, post);
            else
              run_channels(u, src, packed, dst, post);
            if (u.last == pieces_.size())
              for (index_t row = y; row < y + u.count; ++row)
                clear_padding(dst, p_.out, dst.pixel(u.n, u.z, row, 0), outputs_[2], dst.stride[2]);
          }
        });
  }

 private:
  // A unit of work: rows y .. y + count of plane z of image n, channels of pieces first .. last.
  struct unit {
    index_t n, first, last, z, y, count;
    T* band;  // the copy of src
  };

  // Bytes of the copy of what one row of outputs reads.
  static double copy_bytes(const query& q) {
    const double columns = conv::reach(q.problem, 2, static_cast<double>(q.problem.output(2))),
                 row = q.dst_plain_channels ? columns + static_cast<double>(q.problem.stride[2]) * W
                                            : columns * W;
    return static_cast<double>(q.problem.kernel[0]) * conv::reach(q.problem, 1, 1) * row *
           sizeof(T);
  }
  alignas(64) static constexpr c_array<T, W> zeros = {};

  index_t tap_elements() const { return pixels_ ? 1 : W; }
  // Rows, columns and elements of a row of a unit's copy. For vectors of pixels a row is stored
  // phase by phase of the stride, so that the pixels that a tap reads are contiguous.
  index_t reach(index_t outputs) const {
    return (outputs - 1) * p_.stride[1] + (p_.kernel[1] - 1) * p_.dilation[1] + 1;
  }
  index_t columns() const {
    return (outputs_[2] - 1) * p_.stride[2] + (p_.kernel[2] - 1) * p_.dilation[2] + 1;
  }
  index_t phase_length() const { return ceil_div(columns(), p_.stride[2]) + W - 1; }
  index_t row_elements() const { return pixels_ ? p_.stride[2] * phase_length() : columns() * W; }
  index_t worker_bytes() const {
    if (!copied_) return 0;
    const index_t elements = p_.kernel[0] * reach(rows_) * row_elements();
    return round_up(elements * static_cast<index_t>(sizeof(T)), memory_pool::alignment);
  }

  // Chooses the rows of a unit: so few that they stay near L1 if they are copied, else so few that
  // a part of L2 holds them and that there are units for several workers.
  void choose_rows(index_t channels) {
    const auto bytes = [&](index_t count) {
      const index_t read = copied_ ? p_.kernel[0] * reach(count) * row_elements()
                                   : p_.kernel[0] * reach(count) * p_.size[2] * channels;
      return (read + count * outputs_[2] * channels) * static_cast<index_t>(sizeof(T));
    };
    const index_t room =
        tuning<T, Isa>::L2 / (copied_ ? costs::depthwise_copy_part : costs::depthwise_part);
    rows_ = outputs_[1];
    while (rows_ > 1 && bytes(rows_) > room) rows_ = ceil_div(rows_, index_t{2});
  }

  // Lists the columns of each phase of the stride that are inside of the image. Column j of a phase
  // is pixel j * stride + phase - pad of src.
  void list_columns_inside() {
    const index_t stride = p_.stride[2], length = phase_length();
    for (index_t phase = 0; phase < stride; ++phase) {
      const index_t first =
          std::min(ceil_div(std::max<index_t>(p_.pad[2] - phase, 0), stride), length);
      const index_t end = ceil_div(std::max<index_t>(p_.size[2] + p_.pad[2] - phase, 0), stride);
      inside_[2].push_back({first, std::clamp(end, first, length) - first});
    }
  }

  void run_channels(const unit& u, const image<const T>& src, const T* packed, const image<T>& dst,
                    const epilogue::fused<T>& post) const {
    const auto [n, first, last, z, y0, count, band] = u;
    const index_t step = copied_ ? W : src.stride[2], kernel = p_.kernel[2];
    const auto run = rows::function(kernel, p_.stride[2], p_.dilation[2], step);
    if (copied_) copy_channels(src, n, pieces_[first], z, y0, count, band);
    index_t from[pieces::most], to[pieces::most];
    for (index_t i = first; i < last; ++i) {
      from[i - first] = copied_ ? 0 : src.channel(pieces_[i].channel);
      to[i - first] = dst.pixel(n, z, 0, 0) + dst.channel(pieces_[i].channel);
    }
    typename rows::window w{};
    w.weights_stride[1] = kernel * W, w.weights_stride[0] = p_.kernel[1] * kernel * W;
    w.kernel = kernel, w.advance = p_.stride[2], w.dilation = p_.dilation[2];
    w.step = step;
    w.pad = copied_ ? 0 : p_.pad[2];
    w.stride[1] = p_.dilation[1] * (copied_ ? row_elements() : src.stride[1]);
    w.stride[0] = copied_ ? reach(rows_) * row_elements() : p_.dilation[0] * src.stride[0];
    const range d = inside_[0][z];
    for (index_t y = y0; y < y0 + count; ++y) {
      const range h = inside_[1][y];
      const bool none = d.count == 0 || h.count == 0;  // the row reads padding only
      w.taps[0] = none ? 1 : d.count, w.taps[1] = none ? 1 : h.count;
      w.width = none ? 0 : copied_ ? columns() : p_.size[2];
      const T* const row =
          none ? zeros
          : copied_
              ? band + d.first * w.stride[0] + (y - y0) * p_.stride[1] * row_elements() +
                    h.first * w.stride[1]
              : src.data + src.pixel(n, z * p_.stride[0] - p_.pad[0] + d.first * p_.dilation[0],
                                     y * p_.stride[1] - p_.pad[1] + h.first * p_.dilation[1], 0);
      const index_t tap = none ? 0 : (d.first * p_.kernel[1] + h.first) * kernel * W;
      // In nhwc all pieces of some pixels are computed before the next pixels.
      constexpr index_t most = 4 * rows::wide;  // outputs of a row in L1, for a custom post-op
      alignas(64) c_array<T, most * W> results;
      const index_t width = last - first > 1 && dst.block == 1 ? rows::wide
                            : post.is_custom()                 ? most
                                                               : outputs_[2];
      for (index_t x = 0; x < outputs_[2]; x += width)
        for (index_t i = first; i < last; ++i) {
          w.src = none ? zeros : row + from[i - first];
          w.weights = packed + i * taps_ * W + tap;
          w.lanes = pieces_[i].lanes;
          w.prefetch = prefetch_ && pieces_[i].channel * static_cast<index_t>(sizeof(T)) % 64 ==
                                        0;  // once per cache line
          const index_t channel = pieces_[i].channel, at = to[i - first] + y * dst.stride[1],
                        end = std::min(x + width, outputs_[2]);
          if (!post.is_custom()) {
            run(w, dst.data, dst.stride[2], channel, at, x, end, post.standard);
            continue;
          }
          run(w, results, W, 0, -x * W, x, end, {});
          const index_t here = at + x * dst.stride[2];
          post.template store<V>({results, W, dst.data + here, dst.stride[2], end - x, w.lanes, W},
                                 channel, here);
        }
    }
  }

  // The steps of a tile of R rows of N vectors of outputs, as folds over its accumulators (steps.hpp).
  template <int N>
  struct pixel_steps : microkernel::detail::common_steps<V> {
    // Multiplies one tap; rows of the copy are `row` apart.
    template <int... I>
    static SIMDNN_INLINE void add_tap(V* acc, V w, const T* from, index_t row,
                                      std::integer_sequence<int, I...>) {
      ((acc[I] = V::fma(V::load(from + I / N * row + I % N * W), w, acc[I])), ...);
    }
    template <int... I>
    static SIMDNN_INLINE void keep(const V* acc, T* results, std::integer_sequence<int, I...>) {
      (acc[I].store(results + I * W), ...);
    }
    // Applies the post-op to rows of `count` outputs of one channel and stores them from dst on, which
    // is at `offset` in the tensor. One branch for each step of the post-op, not for each vector.
    template <int... I>
    static SIMDNN_INLINE void finish(V* acc, T* dst, index_t row, index_t count, index_t channel,
                                     index_t offset, const epilogue::standard<T>& post,
                                     std::integer_sequence<int, I...>) {
      if (post.scale != nullptr) ((acc[I] *= V(post.scale[channel])), ...);
      if (post.shift != nullptr) ((acc[I] += V(post.shift[channel])), ...);
      if (post.sum != nullptr)
        ((acc[I] += rows::load(post.sum + offset + I / N * row + I % N * W, lanes<I>(count))), ...);
      if (post.clamped) {
        const V low(post.low), high(post.high);
        ((acc[I] = V::clamp(acc[I], low, high)), ...);
      }
      (rows::store(acc[I], dst + I / N * row + I % N * W, lanes<I>(count)), ...);
    }
    template <int I>
    static SIMDNN_INLINE index_t lanes(index_t count) {
      return std::min(W, count - I % N * W);
    }
  };

  /// Computes R rows of N vectors of outputs and stores them from dst.data + at on. A row has
  /// `count` outputs, which may not fill the last vector. Rows outside of the image are zeros in
  /// the copy.
  template <int R, int N>
  SIMDNN_INLINE void tile_pixels(const T* band, range d, const T* weights, const image<T>& dst,
                                 index_t at, index_t channel, index_t count,
                                 const epilogue::fused<T>& post) const {
    using steps = pixel_steps<N>;
    constexpr auto all = std::make_integer_sequence<int, R * N>{};
    c_array<V, R * N> acc;  // (R,N)
    steps::zero(acc, all);
    const index_t row = p_.stride[1] * row_elements();
    for (index_t kd = d.first; kd < d.first + d.count; ++kd)
      for (index_t kh = 0; kh < p_.kernel[1]; ++kh) {
        const T* const from = band + (kd * reach(rows_) + kh * p_.dilation[1]) * row_elements();
        const T* const tap = weights + (kd * p_.kernel[1] + kh) * p_.kernel[2];
        for (index_t k = 0; k < p_.kernel[2]; ++k)
          steps::add_tap(acc, V(tap[k]), from + offsets_[k], row, all);
      }
    if (!post.is_custom())
      return steps::finish(acc, dst.data + at, dst.stride[1], count, channel, at, post.standard,
                           all);
    alignas(64) c_array<T, R * N * W> results;
    steps::keep(acc, results, all);
    post.template store_pixels<V>({.from = results,
                                   .from_row = 0,
                                   .to = dst.data + at,
                                   .to_row = 0,
                                   .rows = 1,
                                   .columns = count,
                                   .to_column = W,
                                   .lines = R,
                                   .from_line = N * W,
                                   .to_line = dst.stride[1]},
                                  channel, at);
  }

  void run_pixels(const unit& u, const image<const T>& src, const T* packed, const image<T>& dst,
                  const epilogue::fused<T>& post) const {
    const index_t channel = pieces_[u.first].channel;  // of a piece of one channel
    const T* const weights = packed + u.first * taps_;
    copy_pixels(src, u.n, channel / multiplier_, u.z, u.y, u.count, u.band);
    const range d = inside_[0][u.z];
    const auto run_rows = [&]<int R>(int_constant<R>, index_t y) SIMDNN_INLINE_LAMBDA {
      const T* const row = u.band + y * p_.stride[1] * row_elements();
      const index_t base = dst.pixel(u.n, u.z, u.y + y, 0) + dst.channel(channel);
      constexpr int N = 4 / R;
      index_t x = 0;
      for (; outputs_[2] - x > (N - 1) * W; x += N * W)
        tile_pixels<R, N>(row + x, d, weights, dst, base + x, channel,
                          std::min(outputs_[2] - x, N * W), post);
      if constexpr (N > 1)
        for (; x < outputs_[2]; x += W)
          tile_pixels<R, 1>(row + x, d, weights, dst, base + x, channel,
                            std::min(outputs_[2] - x, W), post);
    };
    // Four vectors of sums at once: of one row if it is long enough, else of two or four rows.
    const index_t vectors = ceil_div(outputs_[2], W);
    index_t y = 0;
    if (vectors == 1)
      for (; y + 4 <= u.count; y += 4) run_rows(int_constant<4>{}, y);
    if (vectors <= 2)
      for (; y + 2 <= u.count; y += 2) run_rows(int_constant<2>{}, y);
    for (; y < u.count; ++y) run_rows(int_constant<1>{}, y);
  }

  // Calls f(offset of the row in the copy, the row's first pixel in src) for the rows of a unit
  // that are inside of the image.
  template <class F>
  void for_each_row(const image<const T>& src, index_t n, index_t z, index_t y0, index_t count,
                    F f) const {
    const range d = inside_[0][z];
    const index_t top = y0 * p_.stride[1] - p_.pad[1];
    const index_t end = std::min(reach(count), p_.size[1] - top);
    for (index_t kd = d.first; kd < d.first + d.count; ++kd)
      for (index_t r = std::max<index_t>(-top, 0); r < end; ++r)
        f((kd * reach(rows_) + r) * row_elements(),
          src.data + src.pixel(n, z * p_.stride[0] - p_.pad[0] + kd * p_.dilation[0], top + r, 0));
  }

  // [tap of depth][row][column][lane]
  void copy_channels(const image<const T>& src, index_t n, const piece& c, index_t z, index_t y0,
                     index_t count, T* band) const {
    const index_t begin = std::min(p_.pad[2], columns()),
                  end = std::clamp(p_.pad[2] + p_.size[2], begin, columns());
    for_each_row(src, n, z, y0, count, [&](index_t at, const T* pixel) {
      T* const row = band + at;
      std::fill_n(row, begin * W, T(0));
      std::fill(row + end * W, row + columns() * W, T(0));
      for (index_t l = 0; l < c.lanes; ++l) {
        const T* const from = pixel + src.channel((c.channel + l) / multiplier_);
        for (index_t x = begin; x < end; ++x) row[x * W + l] = from[(x - begin) * src.stride[2]];
      }
    });
  }

  // [tap of depth][row][phase][column]
  void copy_pixels(const image<const T>& src, index_t n, index_t channel, index_t z, index_t y0,
                   index_t count, T* band) const {
    const index_t stride = p_.stride[2], length = phase_length(), step = src.stride[2],
                  offset = src.channel(channel);
    std::fill_n(band, p_.kernel[0] * reach(rows_) * row_elements(), T(0));
    for_each_row(src, n, z, y0, count, [&](index_t at, const T* pixel) {
      for (index_t phase = 0; phase < stride; ++phase) {
        const range inside = inside_[2][phase];
        T* const row = band + at + phase * length + inside.first;
        const T* const from = pixel + offset + (inside.first * stride + phase - p_.pad[2]) * step;
        if (stride * step == 1)
          for (index_t j = 0; j < inside.count; j += W) {
            const index_t lanes = std::min(W, inside.count - j);
            rows::store(rows::load(from + j, lanes), row + j, lanes);
          }
        else
          for (index_t j = 0; j < inside.count; ++j) row[j] = from[j * stride * step];
      }
    });
  }

  conv_problem p_;
  index_t multiplier_;
  bool pixels_;    // vectors hold pixels
  bool copied_;    // src is not read in place
  bool prefetch_;  // src and dst do not fit into L2
  index_t taps_;
  index_t outputs_[3];
  index_t rows_;                    // of a unit
  dynamic_array<range> inside_[3];  // taps of depth and height, columns of the stride's phases
  pieces pieces_;
  dynamic_array<index_t> offsets_;  // of a row's taps in a copy of pixels
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
