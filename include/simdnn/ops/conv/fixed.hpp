// fixed_conv: a convolution whose problem is known at compile time, for shapes so small that the
// time for planning, checks and look-ups at run time would be noticeable.
//
//     constexpr conv_problem p{.in = 16, .out = 16, .size = {8, 8}, .kernel = {3, 3}};
//     const fixed_conv<float, p, "nChw16c"> conv(weights);               // packs them, once
//     conv(src, dst, post::bias(b) | post::relu());
//
// dst is cut into tiles of rows x columns pixels by NV vectors of output channels, which stay in
// registers while the sum runs over kernel rows and input channels. A tile's code is unrolled over
// its pixels and the taps of one kernel row: each element of src is loaded once for each kernel row
// and multiplied by every tap that reads it. Taps in the padding are left out at compile time:
// every border tile has its own code, and the inner tiles share one.
#pragma once

#include <algorithm>
#include <array>
#include <simdnn/base/unroll.hpp>
#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/ops/conv/image.hpp>
#include <simdnn/ops/conv/problem.hpp>
#include <simdnn/plan/operands.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace conv {

/// One spatial dimension of a fixed_conv. The outputs are cut into tiles of equal size; the last
/// may be smaller.
struct fixed_axis {
  int size, kernel, stride, pad, dilation, outputs, tile;

  constexpr int tiles() const { return (outputs + tile - 1) / tile; }
  constexpr int begin(int t) const { return t * tile; }
  constexpr int count(int t) const { return std::min(tile, outputs - t * tile); }
  /// The element of src that output o reads with tap k.
  constexpr int source(int o, int k) const { return o * stride - pad + k * dilation; }
  constexpr bool holds(int s) const { return s >= 0 && s < size; }
  /// Whether the tile is whole and has no tap in the padding. All such tiles have the same code.
  constexpr bool inner(int t) const {
    return count(t) == tile && holds(source(begin(t), 0)) &&
           holds(source(begin(t) + tile - 1, kernel - 1));
  }
  /// The inner tiles are inner_begin() .. inner_end(). If there are none, both are tiles().
  constexpr int inner_begin() const {
    int t = 0;
    while (t < tiles() && !inner(t)) ++t;
    return t;
  }
  constexpr int inner_end() const {
    int t = inner_begin();
    while (t < tiles() && inner(t)) ++t;
    return t;
  }
};

/// Calls f(int_constant<tile>{}, shift) for each tile, in the order of memory. Inner tiles are
/// given as the first inner tile and the number of tiles from there, `shift`.
template <fixed_axis A, class F>
SIMDNN_INLINE void for_each_fixed_tile(F&& f) {
  constexpr int first = A.inner_begin(), last = A.inner_end();
  unroll<first>([&](auto t) SIMDNN_INLINE_LAMBDA { f(t, index_t{0}); });
  if constexpr (first < last)
    for (index_t shift = 0; shift < last - first; ++shift) f(int_constant<first>{}, shift);
  unroll<A.tiles() - last>([&](auto t)
                               SIMDNN_INLINE_LAMBDA { f(int_constant<last + t>{}, index_t{0}); });
}

}  // namespace conv

/// There are one or two spatial dimensions and no groups. Src is any layout of n, c and the spatial
/// dimensions. Dst has its channels innermost ("nhwc") or in blocks that are a multiple of Isa's
/// vectors ("nChw16c"). Immutable; may be called from many threads. A call runs in the calling
/// thread and allocates nothing. The results are those of a plain sum.
template <class T, conv_problem Problem, layout Src, layout Dst = Src, class Isa = isa::native>
class fixed_conv {
  static constexpr conv_problem p = Problem;
  static_assert(p.rank() == 1 || p.rank() == 2, "fixed_conv: one or two spatial dimensions");
  static_assert(p.groups == 1, "fixed_conv: no groups");
  static constexpr bool legal() {
    if (p.batch < 0 || p.in < 1 || p.out < 1) return false;
    const auto each = [](const spatial& s, index_t least, bool may_be_empty) {
      if (s.empty()) return may_be_empty;
      for (int d = 0; d < s.rank; ++d)
        if (s[d] < least) return false;
      return s.rank == p.rank();
    };
    return each(p.size, 1, false) && each(p.kernel, 1, false) && each(p.stride, 1, true) &&
           each(p.pad, 0, true) && each(p.dilation, 1, true) &&
           (p.pad_end.empty() || p.pad_end.rank == p.rank()) && p.output(0) >= 1 &&
           p.output(p.rank() - 1) >= 1;
  }
  static_assert(legal(), "fixed_conv: the problem breaks a rule of conv_problem::checked()");
  static_assert(
      conv::is_image_layout<Src>() && conv::is_image_layout<Dst>() && Src.rank() == p.rank() + 2 &&
          Dst.rank() == p.rank() + 2,
      "fixed_conv: src and dst have layouts of n, c and the problem's spatial dimensions");

  using V = vec<T, Isa>;
  static constexpr int lanes = V::lanes;
  static_assert(Dst.plain() ? Dst.outer_dim(Dst.rank() - 1) == 1 : Dst.block(1) % lanes == 0,
                "fixed_conv: dst's channels are innermost or in blocks of whole vectors");

  // An unset spatial field has its default.
  static constexpr conv::fixed_axis axis(int d, int tile) {
    if (d < 0) return {1, 1, 1, 0, 1, 1, 1};
    const auto or_else = [&](const spatial& s, int otherwise) {
      return s.empty() ? otherwise : static_cast<int>(s[d]);
    };
    return {static_cast<int>(p.size[d]),
            static_cast<int>(p.kernel[d]),
            or_else(p.stride, 1),
            or_else(p.pad, 0),
            or_else(p.dilation, 1),
            static_cast<int>(p.output(d)),
            tile};
  }
  static constexpr int even(int outputs, int most) {
    const int tiles = (outputs + most - 1) / most;
    return (outputs + tiles - 1) / tiles;
  }

  static constexpr int dst_block = static_cast<int>(Dst.block(1));
  // Vectors of output channels, including the padding of blocks.
  static constexpr int vectors =
      static_cast<int>(round_up(p.out, std::max(lanes, dst_block))) / lanes;
  static constexpr int NV =
      vectors % 2 == 0 && (dst_block <= lanes || dst_block % (2 * lanes) == 0) ? 2 : 1;
  static constexpr int chunks = vectors / NV;
  static constexpr int H = p.rank() == 2 ? static_cast<int>(p.output(0)) : 1;
  static constexpr int W = static_cast<int>(p.output(p.rank() - 1));
  // Taps of a kernel row that are multiplied at a time: their weights stay in registers.
  static constexpr int most_taps = 3;
  // Pixels of a tile. Their accumulators leave registers for the taps' weights, an element of src
  // and, without FMA, a product.
  static constexpr int pixels =
      (isa_features<Isa>::registers - NV * std::min<int>(most_taps, p.kernel[p.rank() - 1]) - 1 -
       !isa_features<Isa>::has_fma) /
      NV;
  static constexpr int columns = even(W, std::min(W, pixels));
  static constexpr conv::fixed_axis X = axis(p.rank() - 1, columns);
  static constexpr conv::fixed_axis Y = axis(p.rank() - 2, even(H, std::max(1, pixels / columns)));

  static constexpr strides src_strides = dense_strides<Src>(p.src_shape());
  static constexpr strides dst_strides = dense_strides<Dst>(p.dst_shape());
  // The strides of n, c, h and w. In one dimension h has stride 0.
  static constexpr std::array<index_t, 4> four(const strides& s) {
    return {s[0], s[1], p.rank() == 2 ? s[2] : 0, s[p.rank() + 1]};
  }
  static constexpr auto src_step = four(src_strides), dst_step = four(dst_strides);
  static constexpr index_t src_elements = dense_elements<Src>(p.src_shape());
  static constexpr index_t dst_elements = dense_elements<Dst>(p.dst_shape());
  // Number of input channels that are channel_step apart: those of a block, or all.
  static constexpr index_t evenly_spaced = Src.block(1) == 1 ? p.in : Src.block(1);
  static constexpr index_t channel_step = Src.block(1) == 1 ? src_step[1] : 1;
  static constexpr index_t chunk_elements = p.in * Y.kernel * X.kernel * NV * lanes;
  static constexpr const char* op = "fixed_conv";

 public:
  static constexpr const conv_problem& problem() { return p; }

  /// weights {out, in, kernel...} in any layout that conv_plan::pack takes.
  template <tensor_like Weights>
  explicit fixed_conv(const Weights& weights) {
    static_assert(tensor_of<Weights, T, Weights::format>,
                  "weights must have the convolution's element type");
    const view<const T, Weights::format> v = weights.as_view();
    check_shape(v, p.weights_shape(), op, "weights");
    const conv::filter<const T> w = conv::as_filter(v);
    T* to = packed_.data();
    for (index_t chunk = 0; chunk < chunks; ++chunk)
      for (int ky = 0; ky < Y.kernel; ++ky)
        for (int first = 0; first < X.kernel; first += most_taps)
          for (index_t i = 0; i < p.in; ++i)
            for (int kx = first; kx < std::min(first + most_taps, X.kernel); ++kx)
              for (index_t o = chunk * NV * lanes; o < (chunk + 1) * NV * lanes; ++o)
                *to++ = o < p.out ? w.data[w.out.at(o) + w.in.at(i) + w.tap(0, ky, kx)] : T(0);
  }

  /// src and dst are dense and share no memory.
  template <tensor_of<T, Src> S, tensor_of<T, Dst> D, post_op PostOp = post::none>
  void operator()(const S& src, D&& dst, const PostOp& ops = {}) const {
    const view<const T, Src> x = src.as_view();
    const view<T, Dst> y = dst.as_view();
    check_shape(x, p.src_shape(), op, "src");
    check_shape(y, p.dst_shape(), op, "dst");
    if (x.strides() != src_strides) throw_error(op, "src", "a dense tensor", "one with gaps");
    if (y.strides() != dst_strides) throw_error(op, "dst", "a dense tensor", "one with gaps");
    const auto from = reinterpret_cast<std::uintptr_t>(x.data()),
               to = reinterpret_cast<std::uintptr_t>(y.data());
    if (from < to + dst_elements * sizeof(T) && to < from + src_elements * sizeof(T))
      throw_error(op, "dst", "memory apart from src", "an overlap");
    const auto post = lower(ops, y, p.out, op);
    for (index_t n = 0; n < p.batch; ++n)
      for (index_t chunk = 0; chunk < chunks; ++chunk)
        conv::for_each_fixed_tile<Y>([&](auto ty, index_t down) SIMDNN_INLINE_LAMBDA {
          conv::for_each_fixed_tile<X>([&](auto tx, index_t right) SIMDNN_INLINE_LAMBDA {
            const index_t row = down * Y.tile, column = right * X.tile;
            const index_t corner =
                n * src_step[0] + row * Y.stride * src_step[2] + column * X.stride * src_step[3];
            const index_t target = n * dst_step[0] + dst_channel(chunk * NV * lanes) +
                                   (Y.begin(ty) + row) * dst_step[2] +
                                   (X.begin(tx) + column) * dst_step[3];
            tile<ty, tx>(x.data() + corner, packed_.data() + chunk * chunk_elements, y.data(),
                         target, chunk * NV * lanes, post);
          });
        });
  }

 private:
  // Offsets in dst: from one vector of a chunk to the next, and of output channel c.
  static constexpr index_t vector_step = dst_block == lanes ? dst_step[1] : lanes;
  static constexpr index_t dst_channel(index_t c) {
    return Dst.plain() ? c : c / dst_block * dst_step[1] + c % dst_block;
  }

  // Computes one tile. src is the image, moved by the tile's shift; `to` is the offset of the
  // tile's corner in dst, and `channel` its first channel.
  template <int TY, int TX, class PostOp>
  static SIMDNN_NOINLINE void tile(const T* src, const T* weights, T* dst, index_t to,
                                   index_t channel, const PostOp& post) {
    constexpr int rows = Y.count(TY), pixels_a_row = X.count(TX), row = pixels_a_row * NV;
    c_array<V, rows * row> acc;  // (rows,pixels,NV)
    unroll<rows * row>([&](auto i) SIMDNN_INLINE_LAMBDA { acc[i] = V(0); });
    unroll<Y.kernel>([&](auto ky) SIMDNN_INLINE_LAMBDA {
      unroll<tap_groups>([&](auto g) SIMDNN_INLINE_LAMBDA {
        if constexpr (any_row<TY>(ky)) {
          const T* w = weights + p.in * NV * lanes * (ky * X.kernel + g * most_taps);
          for (index_t c = 0; c < p.in; c += evenly_spaced) {
            const T* from = src + c / evenly_spaced * src_step[1];
            index_t left = std::min<index_t>(evenly_spaced, p.in - c);
            do {  // as in microkernel::run, for clang
              multiply<TY, TX, ky, g>(acc, from, w);
              from += channel_step;
              w += taps<g> * NV * lanes;
            } while (--left != 0);
          }
        }
      });
    });
    if (p.out % (vectors * lanes) == 0 || channel + NV * lanes <= p.out) {
      // Rows that are contiguous in dst are handled as one.
      constexpr int merged = dst_step[2] == pixels_a_row * dst_step[3] ? rows : 1;
      unroll<rows / merged>([&](auto r) SIMDNN_INLINE_LAMBDA {
        const index_t at = to + r * dst_step[2];
        V* const of_row = acc + r * row;
        constexpr auto all = std::make_integer_sequence<int, merged * row>{};
        post.at(channel, at).template tile<NV>(of_row, dst_step[3], vector_step, all);
        unroll<merged * row>([&](auto i) SIMDNN_INLINE_LAMBDA {
          of_row[i].store(dst + at + i / NV * dst_step[3] + i % NV * vector_step);
        });
      });
    } else {
      for (int i = 0; i < rows * row; ++i)
        store_part(acc[i], dst,
                   to + i / row * dst_step[2] + i % row / NV * dst_step[3] + i % NV * vector_step,
                   channel + i % NV * lanes, post);
    }
  }

  // The taps of a kernel row in groups of at most most_taps.
  static constexpr int tap_groups = (X.kernel + most_taps - 1) / most_taps;
  template <int G>
  static constexpr int taps = std::min(most_taps, X.kernel - G * most_taps);

  template <int TY>
  static constexpr bool any_row(int ky) {
    for (int r = 0; r < Y.count(TY); ++r)
      if (Y.holds(Y.source(Y.begin(TY) + r, ky))) return true;
    return false;
  }

  // Adds one input channel's products with group G of the taps of kernel row KY.
  template <int TY, int TX, int KY, int G>
  static SIMDNN_INLINE void multiply(V* acc, const T* src, const T* weights) {
    constexpr int first = X.source(X.begin(TX), G * most_taps);
    constexpr int last = X.source(X.begin(TX) + X.count(TX) - 1, G * most_taps + taps<G> - 1);
    V w[taps<G> * NV];  // (taps,NV)
    unroll<taps<G> * NV>([&](auto i) SIMDNN_INLINE_LAMBDA { w[i] = V::load(weights + i * lanes); });
    // Columns are the outer loop and rows the inner one, so that additions to the same accumulator
    // are far apart.
    unroll<last - first + 1>([&](auto i) SIMDNN_INLINE_LAMBDA {
      constexpr int x = first + i;
      if constexpr (X.holds(x) && meets<TX, G>(x))
        unroll<Y.count(TY)>([&](auto r) SIMDNN_INLINE_LAMBDA {
          constexpr int y = Y.source(Y.begin(TY) + r, KY);
          if constexpr (Y.holds(y)) {
            const V from(src[y * src_step[2] + x * src_step[3]]);
            add_taps<TX, G * most_taps, x>(acc + r * X.count(TX) * NV, from, w,
                                           std::make_integer_sequence<int, taps<G>>{});
          }
        });
    });
  }
  // The innermost loops are folds and not lambdas, so that many tiles share these functions.
  template <int TX, int First, int X0, int... K>
  static SIMDNN_INLINE void add_taps(V* row, V from, const V* w, std::integer_sequence<int, K...>) {
    (add<pixel_of<TX>(X0, First + K)>(row, from, w + K * NV, std::make_integer_sequence<int, NV>{}),
     ...);
  }
  template <int Pixel, int... N>
  static SIMDNN_INLINE void add([[maybe_unused]] V* row, [[maybe_unused]] V from,
                                [[maybe_unused]] const V* w, std::integer_sequence<int, N...>) {
    if constexpr (Pixel >= 0)
      ((row[Pixel * NV + N] = V::fma(from, w[N], row[Pixel * NV + N])), ...);
  }
  // The pixel of a tile that reads column x with tap k, or -1.
  template <int TX>
  static constexpr int pixel_of(int x, int k) {
    for (int i = 0; i < X.count(TX); ++i)
      if (X.source(X.begin(TX) + i, k) == x) return i;
    return -1;
  }
  template <int TX, int G>
  static constexpr bool meets(int x) {
    for (int k = 0; k < taps<G>; ++k)
      if (pixel_of<TX>(x, G * most_taps + k) >= 0) return true;
    return false;
  }

  // Stores a vector of which not all lanes are channels. The padding of a block becomes zero.
  template <class PostOp>
  static void store_part(V v, T* dst, index_t at, index_t channel, const PostOp& post) {
    const index_t count = std::clamp<index_t>(p.out - channel, 0, lanes);
    if (count > 0) v = post(v, epilogue::where<>{channel, at, count});
    if (!Dst.plain()) V(0).store(dst + at);
    if (count > 0) v.store(dst + at, count);
  }

  alignas(64) std::array<T, static_cast<std::size_t>(chunks* chunk_elements)> packed_;
};

}  // namespace simdnn::inline SIMDNN_ABI
