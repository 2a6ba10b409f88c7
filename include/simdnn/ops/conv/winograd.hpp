// Winograd's F(4x4,3x3): 4x4 outputs of a 3x3 convolution with stride 1 from 6x6 inputs and 36 products
// instead of 144 (Lavin and Gray, arXiv 1509.09308):
//     y = A^T [ (G g G^T) * (B^T d B) ] A        * element by element, summed over input channels
// with the interpolation points 0, +-5/8, +-3/2 and infinity.
//
//     for blocks of tiles, in parallel:
//       B^T d B of all input channels                     [36][channel block][tile][channel], in L2
//       for chunks of NR output channels:
//         36 matrix products (tiles,in) * (in,NR)         [36][tile][NR]
//         A^T m A, post-ops, store
// Backward to the data is the same with flipped weights and input and output channels exchanged.
#pragma once

#include <cmath>
#include <simdnn/ops/conv/band.hpp>
#include <simdnn/ops/conv/multiply.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

/// The transforms of one dimension, on vectors or numbers.
struct winograd_4_3 {
  static constexpr int outputs = 4, inputs = 6;
  static constexpr double a = 0.625, b = 1.5, a2 = a * a, b2 = b * b;

  /// y = B^T d; d[i] is at d[i * step], and so is y.
  template <class V>
  static SIMDNN_INLINE void input(const V* d, V* y, int step) {
    using T = typename V::value_type;
    const V d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    const V even_a = fma(d2, V(T(-b2)), d4), odd_a = V(T(a)) * fma(d1, V(T(-b2)), d3);
    const V even_b = fma(d2, V(T(-a2)), d4), odd_b = V(T(b)) * fma(d1, V(T(-a2)), d3);
    y[0] = fma(d[0], V(T(a2 * b2)), fma(d2, V(T(-a2 - b2)), d4));
    y[5 * step] = fma(d1, V(T(a2 * b2)), fma(d3, V(T(-a2 - b2)), d[5 * step]));
    y[step] = even_a + odd_a;
    y[2 * step] = even_a - odd_a;
    y[3 * step] = even_b + odd_b;
    y[4 * step] = even_b - odd_b;
  }
  /// y = A^T m; m[i] at m[i * from], y[i] at y[i * to].
  template <class V>
  static SIMDNN_INLINE void output(const V* m, int from, V* y, int to) {
    using T = typename V::value_type;
    const V sum_a = m[from] + m[2 * from], difference_a = m[from] - m[2 * from];
    const V sum_b = m[3 * from] + m[4 * from], difference_b = m[3 * from] - m[4 * from];
    y[0] = m[0] + sum_a + sum_b;
    y[to] = fma(difference_a, V(T(a)), V(T(b)) * difference_b);
    y[2 * to] = fma(sum_a, V(T(a2)), V(T(b2)) * sum_b);
    y[3 * to] = fma(difference_a, V(T(a2 * a)), fma(difference_b, V(T(b2 * b)), m[5 * from]));
  }
  /// u = G g
  static void weights(const double* g, int from, double* u, int to) {
    const double at_a = 1 / (2 * a2 * (a2 - b2)), at_b = 1 / (2 * b2 * (b2 - a2));
    u[0] = g[0] / (a2 * b2);
    u[to] = at_a * (g[0] + a * g[from] + a2 * g[2 * from]);
    u[2 * to] = at_a * (g[0] - a * g[from] + a2 * g[2 * from]);
    u[3 * to] = at_b * (g[0] + b * g[from] + b2 * g[2 * from]);
    u[4 * to] = at_b * (g[0] - b * g[from] + b2 * g[2 * from]);
    u[5 * to] = g[2 * from];
  }
};

template <class T, class Isa>
class winograd {
  using V = vec<T, Isa>;
  using transform = winograd_4_3;
  static constexpr index_t NR = tile::columns<T, Isa>, NV = blocking<T, Isa>::NV, MR = blocking<T, Isa>::MR, W = V::lanes;
  static constexpr int side = transform::outputs, reach = transform::inputs, points = reach * reach;

 public:
  static constexpr const char* name = "winograd";
  /// By name only: its RMS error is 1.8 times direct's at 32 input channels, 4.7 times at 256, where its sums
  /// run in one chain that direct cuts in nine.
  static constexpr bool automatic = false;

  static const char* refuses(const query& q) {
    const conv_problem& p = q.problem;
    if (q.accuracy == accuracy::strict) return "it rounds more than a plain sum";
    if (p.kernel != spatial{1, 3, 3}) return "the kernel is not 3x3";
    if (p.stride != spatial::all(3, 1)) return "the stride is not 1";
    if (p.dilation[1] != 1 || p.dilation[2] != 1) return "the kernel is dilated";
    if (p.pad[0] != 0 || p.output(0) != p.size[0]) return "there is padding in depth";
    if (q.src_plain_channels || q.dst_plain_channels) return "a pixel's channels are not neighbours in memory";
    if (q.src_block % W != 0 && q.src_block != 1) return "blocks of src are narrower than a vector";
    if (q.dst_block % W != 0 && q.dst_block != 1) return "blocks of dst are narrower than a vector";
    if ((p.in / p.groups) % W != 0 || (p.out / p.groups) % W != 0) return "channels are no multiple of a vector";
    return nullptr;
  }

  /// In the unit of direct's: products, transforms, and the stream of transformed weights, which passes
  /// once for each block of tiles.
  static double cost(const query& q) {
    const winograd w(q);
    const auto tiles = static_cast<double>(w.tiles()), in = static_cast<double>(w.in_),
               panels = static_cast<double>(ceil_div(w.out_, NR)), blocks = std::ceil(tiles / static_cast<double>(w.block_));
    const double products = points * tiles * in * panels;
    const double transforms = tiles * (in / W * 200 + panels * NV * 250);
    const double stream = points * in * panels * NR * sizeof(T) * blocks / 8;
    return static_cast<double>(w.p_.groups) * (products + transforms + stream);
  }

  explicit winograd(const query& q) : p_(q.problem), forward_(q.pass == direction::forward) {
    in_ = (forward_ ? p_.in : p_.out) / p_.groups;
    out_ = (forward_ ? p_.out : p_.in) / p_.groups;
    for (int d = 0; d < 2; ++d) {
      const index_t dst = p_.output(d + 1), src = p_.size[d + 1];
      read_[d] = forward_ ? src : dst;
      written_[d] = forward_ ? dst : src;
      pad_[d] = forward_ ? p_.pad[d + 1] : 2 - p_.pad[d + 1];
      tiles_[d] = ceil_div(written_[d], index_t{side});
    }
    const index_t room = blocking<T, Isa>::winograd / (points * in_ * static_cast<index_t>(sizeof(T)));
    block_ = std::clamp<index_t>(room / MR, 1, 8) * MR;
    block_ = std::max<index_t>(std::min(block_, tiles()), 1);
    const channel_blocks blocks{in_};
    for (index_t b = 0; b < blocks.count(); ++b) segments_.push_back(b * channel_blocks::size * block_);
    const index_t whole = in_ / channel_blocks::size, tail = in_ % channel_blocks::size;
    cut<T, Isa>(k_blocks_, 0, whole, channel_blocks::size, 0, channel_blocks::size);
    if (tail != 0) cut<T, Isa>(k_blocks_, whole, 1, tail, whole * channel_blocks::size, tail);
  }

  index_t packed_elements() const { return p_.groups * ceil_div(out_, NR) * points * in_ * NR; }
  /// [group][panel][point][in][NR]
  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    const index_t panels = ceil_div(out_, NR);
    parallel_for(executor, p_.groups * panels, [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t group = unit / panels, n0 = unit % panels * NR;
        T* const to = packed + unit * points * in_ * NR;
        for (index_t c = 0; c < in_; ++c)
          for (index_t n = 0; n < NR; ++n) {
            double u[points] = {};
            if (n0 + n < out_) transform_weights(w, group, n0 + n, c, u);
            for (int i = 0; i < points; ++i) to[(i * in_ + c) * NR + n] = static_cast<T>(u[i]);
          }
      }
    });
  }

  index_t workspace_bytes(int workers) const { return workers * worker_bytes(); }

  template <class PostOp>
  void forward(const image<const T>& src, const T* packed, const image<T>& dst, const PostOp& post,
               executor_ref executor, std::span<std::byte> given) const {
    const index_t units = ceil_div(tiles(), block_), panels = ceil_div(out_, NR);
    const workspace space(worker_bytes(), std::max(executor.concurrency(), 1), given, "conv");
    parallel_for(executor, units * p_.groups, [&](index_t begin, index_t end, index_t worker) {
      T* const inputs = space.template slice<T>(worker);
      T* const products = inputs + points * block_ * in_;
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t group = unit % p_.groups, first = unit / p_.groups * block_;
        const index_t count = std::min(block_, tiles() - first);
        for (index_t t = 0; t < count; ++t) transform_input(src, group, first + t, inputs, t);
        for (index_t panel = 0; panel < panels; ++panel) {
          multiply_points(inputs, packed + (group * panels + panel) * points * in_ * NR, count, products);
          for (index_t t = 0; t < count; ++t)
            transform_output(products + t * NR, first + t, dst, group * out_ + panel * NR,
                             std::min(NR, out_ - panel * NR), post);
        }
      }
    });
  }
  void backward_data(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src, executor_ref executor,
                     std::span<std::byte> given) const {
    forward(diff_dst, packed, diff_src, kernel::standard<T>{}, executor, given);
  }

 private:
  index_t tiles() const { return p_.batch * p_.size[0] * tiles_[0] * tiles_[1]; }
  // A worker's slice: transformed inputs [point][channel block][tile][channel], products [point][tile][NR].
  index_t worker_bytes() const {
    return round_up(points * block_ * (in_ + NR) * static_cast<index_t>(sizeof(T)), 64);
  }

  void transform_weights(const filter<const T>& w, index_t group, index_t n, index_t c, double* u) const {
    double g[9], half[3 * reach];
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 3; ++x) {
        const index_t o = group * (p_.out / p_.groups) + (forward_ ? n : c), i = forward_ ? c : n;
        g[y * 3 + x] = static_cast<double>(w.data[w.out.at(o) + w.in.at(i) + (forward_ ? w.tap(0, y, x) : w.tap(0, 2 - y, 2 - x))]);
      }
    for (int y = 0; y < 3; ++y) transform::weights(g + y * 3, 1, half + y * reach, 1);        // rows
    for (int x = 0; x < reach; ++x) transform::weights(half + x, reach, u + x, reach);        // columns
  }

  // Where tile t lies: its image, plane and first output.
  struct place {
    index_t n, z, y, x;
  };
  place place_of(index_t t) const {
    const index_t x = t % tiles_[1], y = t / tiles_[1] % tiles_[0], plane = t / tiles_[1] / tiles_[0];
    return {plane / p_.size[0], plane % p_.size[0], y * side, x * side};
  }

  void transform_input(const image<const T>& src, index_t group, index_t t, T* inputs, index_t at) const {
    const place p = place_of(t);
    const index_t y0 = p.y - pad_[0], x0 = p.x - pad_[1];
    const bool inside = y0 >= 0 && x0 >= 0 && y0 + reach <= read_[0] && x0 + reach <= read_[1];
    const channel_blocks blocks{in_};
    for (index_t c = 0; c < in_; c += W) {
      const index_t b = c / channel_blocks::size, length = blocks.length(b);
      const T* const from = src.data + src.channel(group * in_ + c) + src.pixel(p.n, p.z, 0, 0);
      V d[points];
      for (int y = 0; y < reach; ++y)
        for (int x = 0; x < reach; ++x) {
          const index_t sy = y0 + y, sx = x0 + x;
          const bool here = inside || (sy >= 0 && sy < read_[0] && sx >= 0 && sx < read_[1]);
          d[y * reach + x] = here ? V::load(from + sy * src.stride[1] + sx * src.stride[2]) : V(T(0));
        }
      for (int x = 0; x < reach; ++x) transform::input(d + x, d + x, reach);
      for (int y = 0; y < reach; ++y) transform::input(d + y * reach, d + y * reach, 1);
      T* const to = inputs + b * channel_blocks::size * block_ + at * length + c % channel_blocks::size;
      for (int i = 0; i < points; ++i) d[i].store(to + i * in_ * block_);
    }
  }

  void multiply_points(const T* inputs, const T* weights, index_t count, T* products) const {
    for (int i = 0; i < points; ++i)
      for (const k_block& k : k_blocks_)
        tile::for_each_tile(count, MR, [&](index_t t, int rows) {
          const tile::operands<T> o{.a = inputs + i * in_ * block_ + t * k.pixel,
                                    .a_stride = k.pixel,
                                    .segments = segments_.data() + k.segment,
                                    .segment_count = k.segments,
                                    .segment_length = k.length,
                                    .b = weights + (i * in_ + k.row) * NR,
                                    .c = products + (i * block_ + t) * NR,
                                    .c_row = NR,
                                    .c_column = W,
                                    .accumulate = &k != &k_blocks_.front()};
          tile::dispatch<T, Isa, tile::a_order::by_row>(rows, o, kernel::standard<T>{});
        });
  }

  template <class PostOp>
  void transform_output(const T* products, index_t t, const image<T>& dst, index_t channel, index_t valid,
                        const PostOp& post) const {
    const place p = place_of(t);
    const index_t height = std::min<index_t>(side, written_[0] - p.y), width = std::min<index_t>(side, written_[1] - p.x);
    for (index_t n = 0; n < valid; n += W) {
      V m[points], half[side * reach], y[side * side];
      for (int i = 0; i < points; ++i) m[i] = V::load(products + i * block_ * NR + n);
      for (int x = 0; x < reach; ++x) transform::output(m + x, reach, half + x, reach);
      for (int r = 0; r < side; ++r) transform::output(half + r * reach, 1, y + r * side, 1);
      const index_t base = dst.pixel(p.n, p.z, p.y, p.x) + dst.channel(channel + n);
      for (index_t r = 0; r < height; ++r)
        for (index_t x = 0; x < width; ++x) {
          const index_t at = base + r * dst.stride[1] + x * dst.stride[2];
          post(y[r * side + x], kernel::where<>{channel + n, at, W}).store(dst.data + at);
        }
    }
    if (channel + valid == p_.groups * out_)
      for (index_t r = 0; r < height; ++r)
        for (index_t x = 0; x < width; ++x)
          for (index_t pad = p_.groups * out_; pad % dst.block != 0; ++pad)
            dst.data[dst.pixel(p.n, p.z, p.y + r, p.x + x) + dst.channel(pad)] = 0;
  }

  conv_problem p_;
  bool forward_;
  index_t in_, out_;
  index_t read_[2], written_[2], pad_[2], tiles_[2];  // h, w
  index_t block_;                                     // tiles of a unit
  std::vector<index_t> segments_;
  std::vector<k_block> k_blocks_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
