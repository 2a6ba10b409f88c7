// Winograd's minimal filtering (transform.hpp) in one and two dimensions, for stride 1. A tile of
// Y::outputs by X::outputs results is computed from Y::inputs by X::inputs inputs, with one product
// for each of these inputs (a "point") and each input channel:
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
#pragma once

#include <array>
#include <cmath>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/conv/band.hpp>
#include <simdnn/ops/conv/multiply.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/ops/conv/winograd/transform.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa, class Y, class X = Y>
class winograd {
  using V = vec<T, Isa>;
  static constexpr index_t NR = microkernel::columns<T, Isa>, MR = tuning<T, Isa>::MR, W = V::lanes;
  static constexpr int points = Y::inputs * X::inputs;
  static constexpr index_t B = channel_blocks::size, line = 64 / sizeof(T);

  static constexpr auto name_text = [] {
    std::array<char, 17> named{"winograd_0x0_0x0"};
    constexpr int digits[][2] = {{9, Y::outputs}, {11, X::outputs}, {13, Y::taps}, {15, X::taps}};
    for (const auto& d : digits) named.data()[d[0]] = static_cast<char>('0' + d[1]);
    return named;
  }();

 public:
  /// winograd_<outputs of a tile>_<kernel>
  static constexpr const char* name = name_text.data();
  static constexpr bool automatic = true;
  static constexpr contiguity reads() { return contiguity::channels; }
  static constexpr contiguity writes() { return contiguity::channels; }

  static const char* refuses(const query& q) {
    const conv_problem& p = q.problem;
    const bool forward = q.pass == direction::forward;
    if (q.accuracy == accuracy::strict) return "it rounds more than a plain sum";
    if (p.kernel != spatial{1, Y::taps, X::taps}) return "the kernel is of another size";
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
    if (!in_proportion(p, channels * points * costs::winograd_tiles * sizeof(T)))
      return "its transformed tiles are out of proportion to the operands";
    return nullptr;
  }

  /// In the unit of direct's cost: products, transforms, and the reading of the transformed weights
  /// once for each unit, which is slower from memory than from L3. Many tiles hide the reading, few
  /// do not.
  static double cost(const query& q) {
    const winograd w(q);
    const auto tiles = static_cast<double>(w.tiles()), in = static_cast<double>(w.in_),
               out = static_cast<double>(w.out_) * column_fill<T, Isa>(w.out_, false),
               panels = out / static_cast<double>(NR);
    const double products = points * tiles * in * panels;
    constexpr double cycles = tuning<T, Isa>::product_cycles;
    const double transforms =
        tiles * points *
        (in / W * costs::winograd_transform + out / W * costs::winograd_transform) / cycles;
    const double units = std::ceil(tiles / static_cast<double>(w.unit_tiles_));
    const double stream =
        w.weight_bytes() * units /
        (w.weight_bytes() > costs::distant_weights ? costs::memory_bytes : costs::l3_bytes) /
        cycles;
    const double multiplied =
        w.tiles() < costs::winograd_hiding ? products + stream : std::max(products, stream);
    return static_cast<double>(w.p_.groups) * (multiplied + transforms);
  }

  explicit winograd(const query& q) : p_(q.problem), forward_(q.pass == direction::forward) {
    in_ = (forward_ ? p_.in : p_.out) / p_.groups;
    out_ = (forward_ ? p_.out : p_.in) / p_.groups;
    constexpr int side[2] = {Y::outputs, X::outputs}, taps[2] = {Y::taps, X::taps};
    for (int d = 0; d < 2; ++d) {
      const index_t dst = p_.output(d + 1), src = p_.size[d + 1];
      read_[d] = forward_ ? src : dst;
      written_[d] = forward_ ? dst : src;
      pad_[d] = forward_ ? p_.pad[d + 1] : taps[d] - 1 - p_.pad[d + 1];
      tiles_[d] = ceil_div(written_[d], index_t{side[d]});
    }
    // A unit has as many tiles as keep their transformed inputs and products in L2, but at least as
    // many as hide the reading of the weights, which is slower if these exceed a core's share of
    // L3. A chunk has as many channels as keep their transformed inputs in half of that room.
    constexpr index_t room = tuning<T, Isa>::winograd / (points * static_cast<index_t>(sizeof(T)));
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

  index_t packed_elements() const { return p_.groups * panels() * points * in_ * NR; }
  /// [group][chunk][point][panel][in][NR]
  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    parallel_for(executor, p_.groups * panels(), [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t group = unit / panels(), panel = unit % panels();
        const auto b = microkernel::panel::of<T, Isa>(out_ - panel * NR, false);
        for (const chunk& k : chunks_)
          for (index_t c = k.begin; c < k.end; ++c)
            for (index_t n = 0; n < b.row; ++n) {
              double u[Y::inputs][X::inputs] = {};
              if (panel * NR + n < out_) transform_weights(w, group, panel * NR + n, c, u);
              for (int i = 0; i < points; ++i)
                packed[weights_at(group, k, i, panel) + b.at(c - k.begin, n)] =
                    static_cast<T>(u[i / X::inputs][i % X::inputs]);
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
      T* const products = inputs + points * inputs_stride();
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
    return static_cast<double>(points * in_ * panels() * NR) * sizeof(T);
  }
  index_t weights_at(index_t group, const chunk& k, index_t point, index_t panel) const {
    const index_t before = (group * in_ + k.begin) * points * panels();
    return (before + (point * panels() + panel) * (k.end - k.begin)) * NR;
  }
  // Elements from one point to the next: an odd number of cache lines, so that the points of a tile
  // are in different sets of the cache.
  static constexpr index_t odd_lines(index_t elements) { return (elements / line | 1) * line; }
  index_t inputs_stride() const { return odd_lines(segments_.size() * B * unit_tiles_ + line); }
  index_t products_stride() const { return odd_lines(panels() * unit_tiles_ * NR + line); }
  index_t worker_bytes() const {
    return round_up(
        points * (inputs_stride() + products_stride()) * static_cast<index_t>(sizeof(T)), 64);
  }

  void transform_weights(const filter<const T>& w, index_t group, index_t n, index_t c,
                         double (&u)[Y::inputs][X::inputs]) const {
    const index_t o = group * (p_.out / p_.groups) + (forward_ ? n : c), i = forward_ ? c : n;
    double half[X::inputs][Y::taps];
    for (int y = 0; y < Y::taps; ++y) {
      double g[X::taps], row[X::inputs];
      for (int x = 0; x < X::taps; ++x) {
        const index_t tap = forward_ ? w.tap(0, y, x) : w.tap(0, Y::taps - 1 - y, X::taps - 1 - x);
        g[x] = static_cast<double>(w.data[w.out.at(o) + w.in.at(i) + tap]);
      }
      X::weights(g, row);
      for (int x = 0; x < X::inputs; ++x) half[x][y] = row[x];
    }
    for (int x = 0; x < X::inputs; ++x) {
      double column[Y::inputs];
      Y::weights(half[x], column);
      for (int y = 0; y < Y::inputs; ++y) u[y][x] = column[y];
    }
  }

  // The image, plane and first output of a tile.
  struct place {
    index_t n, z, y, x;
  };
  place place_of(index_t t) const {
    const index_t x = t % tiles_[1], y = t / tiles_[1] % tiles_[0],
                  plane = t / tiles_[1] / tiles_[0];
    return {plane / p_.size[0], plane % p_.size[0], y * Y::outputs, x * X::outputs};
  }

  // Transforms a chunk's channels of tile t to inputs[point][channel block][tile][channel].
  // Channels after src's last one are zeros.
  void transform_input(const image<const T>& src, index_t group, const chunk& k, index_t t,
                       T* inputs) const {
    const place p = place_of(t);
    const index_t y0 = p.y - pad_[0], x0 = p.x - pad_[1], stride = inputs_stride();
    const bool inside =
        y0 >= 0 && x0 >= 0 && y0 + Y::inputs <= read_[0] && x0 + X::inputs <= read_[1];
    const T* const corner =
        src.data + src.pixel(p.n, p.z, 0, 0) + y0 * src.stride[1] + x0 * src.stride[2];
    for (index_t c = k.begin; c < k.end; c += W) {
      const T* const from = corner + src.channel(group * in_ + c);
      T* const to = inputs + (c - k.begin) / B * B * unit_tiles_ + (c - k.begin) % B;
      const index_t lanes = std::min(W, k.end - c);
      if (inside && lanes == W)
        transform_one(to, stride, [&](int y, int x) SIMDNN_INLINE_LAMBDA {
          return V::load(from + y * src.stride[1] + x * src.stride[2]);
        });
      else
        transform_one(to, stride, [&](int y, int x) SIMDNN_INLINE_LAMBDA {
          const bool here = y0 + y >= 0 && y0 + y < read_[0] && x0 + x >= 0 && x0 + x < read_[1];
          if (!here) return V(T(0));
          const T* const pixel = from + y * src.stride[1] + x * src.stride[2];
          return lanes == W ? V::load(pixel) : V::load(pixel, lanes);
        });
    }
  }
  template <class Load>
  static SIMDNN_INLINE void transform_one(T* to, index_t stride, Load load) {
    V rows[Y::inputs][X::inputs];
    unroll<X::inputs>([&](auto x) SIMDNN_INLINE_LAMBDA {
      V d[Y::inputs], y[Y::inputs];
      unroll<Y::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA { d[i] = load(i, x); });
      Y::input(d, y);
      unroll<Y::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA { rows[i][x] = y[i]; });
    });
    unroll<Y::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA {
      V y[X::inputs];
      X::input(rows[i], y);
      unroll<X::inputs>(
          [&](auto x) SIMDNN_INLINE_LAMBDA { y[x].store(to + (i * X::inputs + x) * stride); });
    });
  }

  void multiply_points(const T* inputs, const T* packed, index_t group, const chunk& k,
                       index_t count, index_t panel, index_t panel_end, T* products) const {
    const index_t blocks = (k.end - k.begin) / B, tail = (k.end - k.begin) % B;
    const index_t each = std::min(ceil_div(blocks, index_t{3}), index_t{4});  // blocks of a chain
    for (index_t i = 0; i < points; ++i)
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
    const index_t stride = products_stride(), valid = std::min(NR, out_ - channel),
                  first = group * out_ + channel;
    const index_t height = std::min<index_t>(Y::outputs, written_[0] - p.y),
                  width = std::min<index_t>(X::outputs, written_[1] - p.x);
    const index_t corner = dst.pixel(p.n, p.z, p.y, p.x);
    for (index_t n = 0; n < valid; n += W) {
      V half[Y::outputs][X::inputs];
      unroll<X::inputs>([&](auto x) SIMDNN_INLINE_LAMBDA {
        V m[Y::inputs], y[Y::outputs];
        unroll<Y::inputs>([&](auto i) SIMDNN_INLINE_LAMBDA {
          m[i] = V::load(products + (i * X::inputs + x) * stride + n);
        });
        Y::output(m, y);
        unroll<Y::outputs>([&](auto i) SIMDNN_INLINE_LAMBDA { half[i][x] = y[i]; });
      });
      const index_t base = corner + dst.channel(first + n), lanes = std::min(W, valid - n);
      if (post.is_custom()) {
        alignas(64) T results[Y::outputs * X::outputs * W];
        unroll<Y::outputs>([&](auto r) SIMDNN_INLINE_LAMBDA {
          V y[X::outputs];
          X::output(half[r], y);
          unroll<X::outputs>(
              [&](auto x) SIMDNN_INLINE_LAMBDA { y[x].store(results + (r * X::outputs + x) * W); });
        });
        post.template store<V>({.from = results,
                                .from_row = W,
                                .to = dst.data + base,
                                .to_row = dst.stride[2],
                                .rows = width,
                                .columns = lanes,
                                .to_column = W,
                                .lines = height,
                                .from_line = X::outputs * W,
                                .to_line = dst.stride[1]},
                               first + n, base);
        continue;
      }
      for (index_t r = 0; r < height; ++r) {
        V y[X::outputs];
        X::output(half[r], y);
        for (index_t x = 0; x < width; ++x) {
          const index_t at = base + r * dst.stride[1] + x * dst.stride[2];
          const V result = post.standard(y[x], epilogue::where<>{first + n, at, lanes});
          lanes == W ? result.store(dst.data + at) : result.store(dst.data + at, lanes);
        }
      }
    }
    if (first + valid == p_.groups * out_)
      for (index_t r = 0; r < height; ++r)
        clear_padding(dst, p_.groups * out_, corner + r * dst.stride[1], width, dst.stride[2]);
  }

  conv_problem p_;
  bool forward_;
  index_t in_, out_;
  index_t read_[2], written_[2], pad_[2], tiles_[2];  // h, w
  index_t unit_tiles_;                                // of a unit
  dynamic_array<chunk> chunks_;
  dynamic_array<index_t> segments_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
