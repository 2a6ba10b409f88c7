// Winograd's minimal filtering in one and two dimensions, for stride 1. A tile of some results is
// computed from more inputs, with one product for each of these inputs (a "point") and each input
// channel:
//     y = A^T [ (G g G^T) * (B^T d B) ] A        * element by element, summed over input channels
//
//     for units (a group, some tiles), in parallel:
//       for chunks of input channels:
//         B^T d B                                     [point][channel block][tile][channel] in L2
//         for points:  (tiles,chunk) * (chunk,out)    [point][panel of NR channels][tile][NR]
//       A^T m A, post-ops, store
//
// The transformed weights are usually larger than L2 and are read once for each unit; register
// tiles prefetch the weights of the next ones. Sums over input channels are cut into chains of at
// most 64 terms, at least three if there are three blocks of channels, which bounds their rounding
// error. Backward to the data is the same with flipped weights and with input and output channels
// exchanged.
//
// The sizes of a tile are run-time numbers here, and the three transforms are called by pointers.
// Only the transforms are compiled for each size (winograd.hpp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/conv/band.hpp>
#include <simdnn/ops/conv/multiply.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

/// A tile's sizes, {h, w}, and its transforms.
template <class T>
struct winograd_kind {
  static constexpr int most_outputs = 16, most_inputs = 64;

  index_t outputs[2], taps[2], inputs[2];
  /// u = G g G^T; g is [taps][taps], u is [inputs][inputs].
  void (*weights)(const double* g, double* u);
  /// B^T d B for some vectors of contiguous channels, where d[y][x] is at src + y * row + x *
  /// column. Point i goes to dst + i * stride.
  void (*input)(const T* src, index_t row, index_t column, index_t vectors, T* dst, index_t stride);
  /// A^T m A for some vectors of contiguous channels, where point i is at m + i * stride. y is
  /// [outputs][outputs][NR].
  void (*output)(const T* m, index_t stride, index_t vectors, T* y);

  index_t points() const { return inputs[0] * inputs[1]; }
};

template <class T, class Isa>
class any_winograd {
  using V = vec<T, Isa>;
  static constexpr index_t NR = microkernel::columns<T, Isa>, MR = tuning<T, Isa>::MR, W = V::lanes;
  static constexpr index_t B = channel_blocks::size, line = 64 / sizeof(T);

 public:
  static constexpr bool automatic = true;
  static constexpr contiguity reads() { return contiguity::channels; }
  static constexpr contiguity writes() { return contiguity::channels; }

  static const char* refuses(const query& q, const winograd_kind<T>& kind) {
    const conv_problem& p = q.problem;
    const bool forward = q.pass == direction::forward;
    if (q.accuracy == accuracy::strict) return "it rounds more than a plain sum";
    if (p.kernel != spatial{1, kind.taps[0], kind.taps[1]}) return "the kernel is of another size";
    if (p.stride != spatial::all(3, 1)) return "the stride is not 1";
    if (p.dilation[1] != 1 || p.dilation[2] != 1) return "the kernel is dilated";
    if (p.pad[0] != 0 || p.output(0) != p.size[0]) return "there is padding in depth";
    if (q.src_plain_channels || q.dst_plain_channels)
      return "a pixel's channels are not contiguous";
    if ((q.src_block != 1 && q.src_block % W != 0) || (q.dst_block != 1 && q.dst_block % W != 0))
      return "blocks of channels are narrower than a vector";
    if (p.groups > 1 && ((p.in / p.groups) % W != 0 || (p.out / p.groups) % W != 0))
      return "a group's channels are no multiple of a vector";
    if ((forward ? p.in : p.out) / p.groups < W)
      return "there are fewer channels than a vector has lanes";
    const auto channels = static_cast<double>(p.in / p.groups + p.out / p.groups + NR);
    if (!in_proportion(
            p, channels * static_cast<double>(kind.points()) * costs::winograd_tiles * sizeof(T)))
      return "its transformed tiles are out of proportion to the operands";
    return nullptr;
  }

  /// In the unit of direct's cost: products, transforms, and the reading of the transformed weights
  /// once for each unit, which is slower from memory than from L3. Many tiles hide the reading, few
  /// do not.
  double cost() const {
    const auto tiles = static_cast<double>(this->tiles()), in = static_cast<double>(in_),
               out = static_cast<double>(out_) * column_fill<T, Isa>(out_, false),
               panels = out / static_cast<double>(NR);
    const double products = static_cast<double>(points_) * tiles * in * panels;
    constexpr double cycles = tuning<T, Isa>::product_cycles;
    const double transforms =
        tiles * static_cast<double>(points_) *
        (in / W * costs::winograd_transform + out / W * costs::winograd_transform) / cycles;
    const double units = std::ceil(tiles / static_cast<double>(unit_tiles_));
    const double stream =
        weight_bytes() * units /
        (weight_bytes() > costs::distant_weights ? costs::memory_bytes : costs::l3_bytes) / cycles;
    const double multiplied =
        this->tiles() < costs::winograd_hiding ? products + stream : std::max(products, stream);
    return static_cast<double>(p_.groups) * (multiplied + transforms);
  }

  /// The kind must outlive it.
  any_winograd(const query& q, const winograd_kind<T>& kind)
      : p_(q.problem),
        kind_(&kind),
        forward_(q.pass == direction::forward),
        points_(kind.points()) {
    in_ = (forward_ ? p_.in : p_.out) / p_.groups;
    out_ = (forward_ ? p_.out : p_.in) / p_.groups;
    for (int d = 0; d < 2; ++d) {
      const index_t dst = p_.output(d + 1), src = p_.size[d + 1];
      read_[d] = forward_ ? src : dst;
      written_[d] = forward_ ? dst : src;
      pad_[d] = forward_ ? p_.pad[d + 1] : kind.taps[d] - 1 - p_.pad[d + 1];
      tiles_[d] = ceil_div(written_[d], kind.outputs[d]);
    }
    // A unit has as many tiles as keep their transformed inputs and products in L2, but at least as
    // many as hide the reading of the weights, which is slower if these exceed a core's share of
    // L3. A chunk has as many channels as keep their transformed inputs in half of that room.
    const index_t room = tuning<T, Isa>::winograd / (points_ * static_cast<index_t>(sizeof(T)));
    const auto whole = [](index_t wanted) { return ceil_div(wanted, MR) * MR; };
    const index_t fitting = room / (round_up(in_, B) + round_up(out_, NR)) / MR * MR;
    const index_t most =
        std::clamp(fitting,
                   whole(weight_bytes() > costs::distant_weights ? costs::winograd_tiles
                                                                 : costs::winograd_hiding),
                   whole(costs::winograd_tiles));
    unit_tiles_ = tiles() == 0 ? 1 : ceil_div(tiles(), ceil_div(tiles(), most));
    const index_t blocks = ceil_div(in_, B),
                  wanted = std::max<index_t>(room / 2 / (unit_tiles_ * B), 4);
    const index_t length = ceil_div(blocks, ceil_div(blocks, wanted));
    for (index_t b = 0; b < blocks; b += length)
      chunks_.push_back({b * B, std::min((b + length) * B, in_)});
    for (index_t b = 0; b < length; ++b) segments_.push_back(b * B * unit_tiles_);
  }

  index_t packed_elements() const { return p_.groups * panels() * points_ * in_ * NR; }
  /// [group][chunk][point][panel][in][NR]
  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    parallel_for(executor, p_.groups * panels(), [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t group = unit / panels(), panel = unit % panels();
        const auto b = microkernel::panel::of<T, Isa>(out_ - panel * NR, false);
        for (const chunk& k : chunks_)
          for (index_t c = k.begin; c < k.end; ++c)
            for (index_t n = 0; n < b.row; ++n) {
              double u[winograd_kind<T>::most_inputs] = {};
              if (panel * NR + n < out_) transform_weights(w, group, panel * NR + n, c, u);
              for (index_t i = 0; i < points_; ++i)
                packed[weights_at(group, k, i, panel) + b.at(c - k.begin, n)] =
                    static_cast<T>(u[i]);
            }
      }
    });
  }

  index_t workspace_bytes(int workers) const { return workers * worker_bytes(); }

  void forward(const image<const T>& src, const T* packed, const image<T>& dst,
               const epilogue::fused<T>& post, executor_ref executor,
               std::span<std::byte> workspace) const {
    if (tiles() == 0) return;
    const index_t units = ceil_div(tiles(), unit_tiles_) * p_.groups;
    const index_t workers = std::max(executor.concurrency(), 1);
    // If there are too few units to keep all workers busy, output channels are divided too, which
    // changes no sum.
    const index_t parts =
        std::min(panels(), units >= 4 * workers || workers == 1 ? 1 : ceil_div(2 * workers, units));
    const workspace_slices space(worker_bytes(), workers, workspace, "conv");
    parallel_for(executor, units * parts, [&](index_t begin, index_t end, index_t worker) {
      T* const inputs = space.template slice<T>(worker);
      T* const products = inputs + points_ * inputs_stride();
      for (index_t i = begin; i < end; ++i) {
        const index_t unit = i / parts, part = i % parts, group = unit % p_.groups,
                      first = unit / p_.groups * unit_tiles_;
        const index_t count = std::min(unit_tiles_, tiles() - first);
        const index_t panel = panels() * part / parts, panel_end = panels() * (part + 1) / parts;
        for (const chunk& k : chunks_) {
          for (index_t t = 0; t < count; ++t)
            transform_input(src, group, k, first + t, inputs + t * B);
          multiply_points(inputs, packed, group, k, count, panel, panel_end, products);
        }
        for (index_t j = panel; j < panel_end; ++j)
          for (index_t t = 0; t < count; ++t)
            transform_output(products + ((j - panel) * unit_tiles_ + t) * NR, first + t, dst, group,
                             j * NR, post);
      }
    });
  }
  void backward_data(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                     executor_ref executor, std::span<std::byte> workspace) const {
    forward(diff_dst, packed, diff_src, epilogue::fused<T>{}, executor, workspace);
  }

 private:
  // The input channels of one pass over the points.
  struct chunk {
    index_t begin, end;
  };

  index_t tiles() const { return p_.batch * p_.size[0] * tiles_[0] * tiles_[1]; }
  index_t panels() const { return ceil_div(out_, NR); }
  // Bytes of the transformed weights of one group.
  double weight_bytes() const {
    return static_cast<double>(points_ * in_ * panels() * NR) * sizeof(T);
  }
  index_t weights_at(index_t group, const chunk& k, index_t point, index_t panel) const {
    const index_t before = (group * in_ + k.begin) * points_ * panels();
    return (before + (point * panels() + panel) * (k.end - k.begin)) * NR;
  }
  // Elements from one point to the next: an odd number of cache lines, so that the points of a tile
  // are in different sets of the cache.
  static constexpr index_t odd_lines(index_t elements) { return (elements / line | 1) * line; }
  index_t inputs_stride() const { return odd_lines(segments_.size() * B * unit_tiles_ + line); }
  index_t products_stride() const { return odd_lines(panels() * unit_tiles_ * NR + line); }
  index_t worker_bytes() const {
    return round_up(
        points_ * (inputs_stride() + products_stride()) * static_cast<index_t>(sizeof(T)), 64);
  }

  void transform_weights(const filter<const T>& w, index_t group, index_t n, index_t c,
                         double* u) const {
    const index_t o = group * (p_.out / p_.groups) + (forward_ ? n : c), i = forward_ ? c : n;
    const auto [height, width] = kind_->taps;
    double g[winograd_kind<T>::most_inputs];
    for (index_t y = 0; y < height; ++y)
      for (index_t x = 0; x < width; ++x) {
        const index_t tap = forward_ ? w.tap(0, y, x) : w.tap(0, height - 1 - y, width - 1 - x);
        g[y * width + x] = static_cast<double>(w.data[w.out.at(o) + w.in.at(i) + tap]);
      }
    kind_->weights(g, u);
  }

  // The image, plane and first output of a tile.
  struct place {
    index_t n, z, y, x;
  };
  place place_of(index_t t) const {
    const index_t x = t % tiles_[1], y = t / tiles_[1] % tiles_[0],
                  plane = t / tiles_[1] / tiles_[0];
    return {plane / p_.size[0], plane % p_.size[0], y * kind_->outputs[0], x * kind_->outputs[1]};
  }

  // Transforms a chunk's channels of tile t to inputs[point][channel block][tile][channel].
  // Channels after src's last one are zeros.
  void transform_input(const image<const T>& src, index_t group, const chunk& k, index_t t,
                       T* inputs) const {
    const place p = place_of(t);
    const auto [height, width] = kind_->inputs;
    const index_t y0 = p.y - pad_[0], x0 = p.x - pad_[1], stride = inputs_stride();
    const bool inside = y0 >= 0 && x0 >= 0 && y0 + height <= read_[0] && x0 + width <= read_[1];
    const T* const corner =
        src.data + src.pixel(p.n, p.z, 0, 0) + y0 * src.stride[1] + x0 * src.stride[2];
    index_t length;
    for (index_t c = k.begin; c < k.end; c += length) {
      const index_t in_block = (c - k.begin) % B, channel = group * in_ + c;
      length = src.contiguous(channel, std::min(B - in_block, k.end - c));
      const T* const from = corner + src.channel(channel);
      T* const to = inputs + (c - k.begin - in_block) * unit_tiles_ + in_block;
      if (inside && length % W == 0) {
        kind_->input(from, src.stride[1], src.stride[2], length / W, to, stride);
        continue;
      }
      alignas(64) T edge[winograd_kind<T>::most_inputs * B];
      copy_edge(from, src, y0, x0, length, edge);
      kind_->input(edge, width * B, B, ceil_div(length, W), to, stride);
    }
  }
  // Copies `length` channels of a tile to edge[y][x][channel]. The tile's first pixel is (y0, x0),
  // at `from`. Pixels outside of the image and channels after the last one become zeros.
  void copy_edge(const T* from, const image<const T>& src, index_t y0, index_t x0, index_t length,
                 T* edge) const {
    const auto [height, width] = kind_->inputs;
    for (index_t y = 0; y < height; ++y)
      for (index_t x = 0; x < width; ++x, edge += B) {
        const bool inside = y0 + y >= 0 && y0 + y < read_[0] && x0 + x >= 0 && x0 + x < read_[1];
        const T* const pixel = from + y * src.stride[1] + x * src.stride[2];
        if (inside && length == B) {  // a size known at compile time needs no call
          std::memcpy(edge, pixel, B * sizeof(T));
          continue;
        }
        std::fill_n(edge, B, T(0));
        if (inside) std::copy_n(pixel, length, edge);
      }
  }

  void multiply_points(const T* inputs, const T* packed, index_t group, const chunk& k,
                       index_t count, index_t panel, index_t panel_end, T* products) const {
    const index_t blocks = (k.end - k.begin) / B, tail = (k.end - k.begin) % B;
    const index_t each = std::min(ceil_div(blocks, index_t{3}), index_t{4});  // blocks of a chain
    for (index_t i = 0; i < points_; ++i)
      for (index_t j = panel; j < panel_end; ++j) {
        const T* weights = packed + weights_at(group, k, i, j);
        T* const c = products + i * products_stride() + (j - panel) * unit_tiles_ * NR;
        const auto b = microkernel::panel::of<T, Isa>(out_ - j * NR, false);
        const index_t tiles = microkernel::tile_count<T, Isa>(count, b);
        const auto multiply = [&](index_t block, index_t segments, index_t length) {
          const index_t rows = segments * length;
          index_t done = 0;
          microkernel::cover<T, Isa, microkernel::a_order::by_row>(
              count, b, [&](index_t t, int, auto run_tile) {
                microkernel::operands<T> o{
                    .a = inputs + i * inputs_stride() + block * B * unit_tiles_ + t * B,
                    .a_stride = B,
                    .segments = segments_.data(),
                    .segment_count = segments,
                    .segment_length = length,
                    .b = weights,
                    .c = c + t * NR,
                    .c_row = NR,
                    .c_column = W,
                    .accumulate = k.begin + block != 0};
                microkernel::prefetch_b(o, rows, b.row, done++, tiles);
                run_tile(o, epilogue::fused<T>{});
              });
          weights += rows * b.row;
        };
        for (index_t block = 0; block < blocks; block += each)
          multiply(block, std::min(each, blocks - block), B);
        if (tail != 0) multiply(blocks, 1, tail);
      }
  }

  void transform_output(const T* products, index_t t, const image<T>& dst, index_t group,
                        index_t channel, const epilogue::fused<T>& post) const {
    const place p = place_of(t);
    const index_t valid = std::min(NR, out_ - channel), first = group * out_ + channel;
    const index_t height = std::min(kind_->outputs[0], written_[0] - p.y),
                  width = std::min(kind_->outputs[1], written_[1] - p.x);
    const index_t corner = dst.pixel(p.n, p.z, p.y, p.x);
    alignas(64) T results[winograd_kind<T>::most_outputs * NR];
    kind_->output(products, products_stride(), ceil_div(valid, W), results);
    index_t length;
    for (index_t n = 0; n < valid; n += length) {
      length = dst.contiguous(first + n, valid - n);
      const index_t base = corner + dst.channel(first + n);
      post.template store<V>({.from = results + n,
                              .from_row = NR,
                              .to = dst.data + base,
                              .to_row = dst.stride[2],
                              .rows = width,
                              .columns = length,
                              .to_column = W,
                              .lines = height,
                              .from_line = kind_->outputs[1] * NR,
                              .to_line = dst.stride[1]},
                             first + n, base);
    }
    if (first + valid == p_.groups * out_)
      for (index_t r = 0; r < height; ++r)
        clear_padding(dst, p_.groups * out_, corner + r * dst.stride[1], width, dst.stride[2]);
  }

  conv_problem p_;
  const winograd_kind<T>* kind_;
  bool forward_;
  index_t points_;
  index_t in_, out_;
  index_t read_[2], written_[2], pad_[2], tiles_[2];  // h, w
  index_t unit_tiles_;                                // of a unit
  dynamic_array<chunk> chunks_;
  dynamic_array<index_t> segments_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
