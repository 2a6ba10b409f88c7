// Convolution of few input channels, as in a network's first layer. src is usually a plain image,
// and dst is many times larger than src.
//
//     for units (an image, a group, rows of outputs), in parallel:
//       copy the rows that the unit reads       [channel][d][h][w], with the padding written out
//       for panels of NR output channels:  for rows:  for tiles of pixels:  all of k in one pass
//
// k runs over a table of offsets into that copy, so that one loop serves any kernel, stride and
// dilation. All tiles of one size are computed in one call, which saves a quarter of the time of a
// tile with k = 27.
#pragma once

#include <array>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/conv/multiply.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class few_channels {
  using V = vec<T, Isa>;
  static constexpr index_t NR = microkernel::columns<T, Isa>, W = V::lanes;
  static constexpr int NV = tuning<T, Isa>::NV, MR = tuning<T, Isa>::MR;
  static constexpr index_t most_channels = 4;
  // Tiles whose results pass through scratch together.
  static constexpr index_t scratch_tiles = tuning<T, Isa>::few_channels_scratch / MR;

 public:
  static constexpr const char* name = "few_channels";
  static constexpr bool automatic = true;

  static const char* refuses(const query& q) {
    if (q.problem.in / q.problem.groups > most_channels)
      return "a group has more than four input channels";
    const conv_problem& p = q.problem;
    const double copied = static_cast<double>(p.in / p.groups) * reach(p, 0, 1) * reach(p, 1, 1) *
                          reach(p, 2, static_cast<double>(p.output(2)));
    if (!in_proportion(p, copied * sizeof(T)))
      return "its copy of a row and the padding is out of proportion to the operands";
    return nullptr;
  }
  /// In the unit of direct's cost. The copy is cheaper than direct's and tiles share a call, but
  /// each value of k costs a look-up, and direct needs only one for a row of taps. With large
  /// kernels direct is faster.
  static double cost(const query& q) {
    const conv_problem& p = q.problem;
    const index_t columns = p.out / p.groups;
    const double fill = static_cast<double>(round_up(columns, NR)) / static_cast<double>(columns);
    const index_t k = p.in / p.groups * p.kernel[0] * p.kernel[1] * p.kernel[2];
    return (k > costs::few_channels_k ? costs::few_channels_long : costs::few_channels_short) *
               p.flops() / 2 / static_cast<double>(NR) * fill +
           static_cast<double>(p.src_shape().elements()) / costs::copied_elements;
  }

  explicit few_channels(const query& q)
      : p_(q.problem), in_(p_.in / p_.groups), out_(p_.out / p_.groups) {
    for (int d = 0; d < 3; ++d) outputs_[d] = p_.output(d);
    const auto reach = [&](int d, index_t outputs) {
      return (outputs - 1) * p_.stride[d] + (p_.kernel[d] - 1) * p_.dilation[d] + 1;
    };
    const auto bytes = [&](index_t rows) {
      return (in_ * reach(0, 1) * reach(1, rows) * reach(2, outputs_[2]) +
              rows * outputs_[2] * NR) *
             static_cast<index_t>(sizeof(T));
    };
    rows_ = outputs_[1];
    while (rows_ > 1 && bytes(rows_) > tuning<T, Isa>::L2 / costs::few_channels_part)
      rows_ = ceil_div(rows_, index_t{2});
    size_[0] = reach(0, 1), size_[1] = reach(1, rows_), size_[2] = reach(2, outputs_[2]);
    for (index_t c = 0; c < in_; ++c)
      for_each(p_.kernel[0], p_.kernel[1], p_.kernel[2], [&](index_t d, index_t h, index_t w) {
        offsets_.push_back(row_at(c, d * p_.dilation[0], h * p_.dilation[1]) + w * p_.dilation[2]);
      });
    prefetch_ = static_cast<double>(p_.dst_shape().elements()) * sizeof(T) >
                costs::few_channels_far * tuning<T, Isa>::L2;
  }

  index_t packed_elements() const { return p_.groups * panels() * k() * NR; }
  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    pack_weights<T, Isa>(w, p_.groups, out_, in_, true, packed, executor, k(), false,
                         [&](auto emit) {
                           for (index_t c = 0; c < in_; ++c)
                             for_each(p_.kernel[0], p_.kernel[1], p_.kernel[2],
                                      [&](index_t d, index_t h, index_t x) { emit(c, d, h, x); });
                         });
  }
  index_t workspace_bytes(int workers) const { return workers * worker_bytes(); }

  void forward(const image<const T>& src, const T* packed, const image<T>& dst,
               const epilogue::fused<T>& post, executor_ref executor,
               std::span<std::byte> workspace) const {
    const index_t bands = ceil_div(outputs_[1], rows_);
    const workspace_slices space(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                 "conv");
    parallel_for(executor, p_.batch * p_.groups * outputs_[0] * bands,
                 [&](index_t begin, index_t end, index_t worker) {
                   T* const band = space.template slice<T>(worker);
                   T* const scratch = band + round_up(band_elements(), W);
                   for (index_t unit = begin; unit < end; ++unit) {
                     const index_t y = unit % bands * rows_, z = unit / bands % outputs_[0],
                                   image = unit / bands / outputs_[0];
                     const index_t n = image / p_.groups, group = image % p_.groups,
                                   rows = std::min(rows_, outputs_[1] - y);
                     copy(src, n, group * in_, z, y, rows, band);
                     for (index_t panel = 0; panel < panels(); ++panel)
                       run_panel(band, packed + (group * panels() + panel) * k() * NR, dst,
                                 dst.pixel(n, z, y, 0), rows, group * out_ + panel * NR,
                                 std::min(NR, out_ - panel * NR), post, scratch);
                     if (group + 1 == p_.groups)
                       for (index_t i = y; i < y + rows; ++i)
                         clear_padding(dst, p_.out, dst.pixel(n, z, i, 0), outputs_[2],
                                       dst.stride[2]);
                   }
                 });
  }

 private:
  index_t k() const { return offsets_.size(); }
  index_t panels() const { return ceil_div(out_, NR); }
  // Offset of a row in a unit's copy.
  index_t row_at(index_t c, index_t d, index_t h) const {
    return ((c * size_[0] + d) * size_[1] + h) * size_[2];
  }
  index_t band_elements() const { return row_at(in_, 0, 0); }
  // A worker's slice holds the copy of src, and results (pixels,NR) that cannot be stored to dst as
  // whole vectors or have a custom post-op.
  index_t worker_bytes() const {
    const index_t elements = round_up(band_elements(), W) + scratch_tiles * MR * NR;
    return round_up(elements * static_cast<index_t>(sizeof(T)), memory_pool::alignment);
  }

  void copy(const image<const T>& src, index_t n, index_t c0, index_t z, index_t y, index_t rows,
            T* to) const {
    const index_t front = z * p_.stride[0] - p_.pad[0], top = y * p_.stride[1] - p_.pad[1];
    const index_t height = (rows - 1) * p_.stride[1] + (p_.kernel[1] - 1) * p_.dilation[1] + 1;
    const index_t begin = std::min(p_.pad[2], size_[2]);
    const index_t end = std::clamp(p_.pad[2] + p_.size[2], begin, size_[2]);
    for (index_t c = 0; c < in_; ++c)
      for (index_t d = 0; d < size_[0]; ++d)
        for (index_t h = 0; h < height; ++h) {
          T* const row = to + row_at(c, d, h);
          const index_t sd = front + d, sh = top + h;
          if (sd < 0 || sd >= p_.size[0] || sh < 0 || sh >= p_.size[1] || begin == end) {
            std::fill(row, row + size_[2], T(0));
            continue;
          }
          std::fill(row, row + begin, T(0));
          microkernel::copy_strided(src.data + src.pixel(n, sd, sh, 0) + src.channel(c0 + c),
                                    src.stride[2], row + begin, end - begin);
          std::fill(row + end, row + size_[2], T(0));
        }
  }

  /// `tiles` tiles of R consecutive pixels in each of `rows` rows.
  struct tile_grid {
    const T* src = nullptr;  ///< what the first tile's first tap reads
    index_t src_row = 0;     ///< from the src of one row of outputs to that of the next
    index_t src_pixel = 0;   ///< from the src of one output to that of the next
    const index_t* offsets = nullptr;
    index_t k = 0;
    const T* weights = nullptr;  // (k,NV)
    index_t weights_row =
        0;  ///< from one value of k to the next; less than NR if the last panel is narrow
    T* dst = nullptr;
    index_t dst_row = 0, dst_pixel = 0;
    index_t dst_column = 0;  ///< from one vector of channels to the next
    index_t rows = 0, tiles = 0;
    bool prefetch = false;  ///< dst is far away
  };
  template <int R>
  static SIMDNN_NOINLINE void run_tiles(const tile_grid& g, const epilogue::standard<T>& post) {
    using step = microkernel::detail::steps<V, NV>;
    constexpr auto all = std::make_integer_sequence<int, R * NV>{};
    constexpr auto pixels = std::make_integer_sequence<int, R>{};
    constexpr auto pointers = std::make_integer_sequence<int, (R + 2) / 3>{};
    const index_t stride = g.src_pixel;
    for (index_t y = 0; y < g.rows; ++y)
      for (index_t i = 0; i < g.tiles; ++i) {
        c_array<V, R * NV> acc;  // (R,NV)
        step::zero(acc, all);
        const T* const src = g.src + y * g.src_row + i * R * stride;
        const T* SIMDNN_RESTRICT weights = g.weights;
        const index_t* offset = g.offsets;
        const index_t* const end = offset + g.k;
        const index_t at = y * g.dst_row + i * R * g.dst_pixel;
        // Stores far from the core wait for their cache lines, so those of a later tile are
        // prefetched before the sums of this one.
        if (g.prefetch)
          step::prefetch_c(g.dst + at + tuning<T, Isa>::few_channels_prefetch * R * g.dst_pixel,
                           g.dst_pixel, g.dst_column, all);
        do {
          c_array<const T*, (R + 2) / 3> row;
          step::start_rows(row, src + *offset, stride, pointers);
          step::multiply_by_row(acc, row, stride, 0, weights, pixels);
          weights += g.weights_row;
        } while (++offset != end);
        post.at(0, at).template tile<NV>(acc, g.dst_pixel, g.dst_column, all);
        step::store(acc, g.dst + at, g.dst_pixel, g.dst_column, all);
      }
  }
  /// table[R - 1] is run_tiles<R>.
  using function = void (*)(const tile_grid&, const epilogue::standard<T>&);
  static constexpr auto table = []<int... R>(std::integer_sequence<int, R...>) {
    return std::array<function, sizeof...(R)>{&run_tiles<R + 1>...};
  }(std::make_integer_sequence<int, MR>{});

  /// Computes one panel of output channels for `rows` rows, the first of which starts at `base` in
  /// dst.
  void run_panel(const T* band, const T* weights, const image<T>& dst, index_t base, index_t rows,
                 index_t channel, index_t valid, const epilogue::fused<T>& post, T* scratch) const {
    bool whole = valid == NR && !post.is_custom();
    for (index_t n = 0; whole && n < NR; n += W) whole = dst.contiguous(channel + n, W) == W;
    const index_t first = base + dst.channel(channel),
                  column = dst.channel(channel + W) - dst.channel(channel);
    for (index_t n = 2 * W; whole && n < NR; n += W)
      whole = dst.channel(channel + n) - dst.channel(channel) == n / W * column;
    const index_t src_row = p_.stride[1] * size_[2], tiles = ceil_div(outputs_[2], index_t{MR});
    const index_t least = outputs_[2] / tiles, larger = outputs_[2] % tiles;
    tile_grid g{.src_row = src_row,
                .src_pixel = p_.stride[2],
                .offsets = offsets_.data(),
                .k = k(),
                .weights = weights,
                .weights_row = microkernel::panel::of<T, Isa>(valid, false).row,
                .prefetch = whole && prefetch_};
    // f(first pixel, pixels of a tile, tiles) for each of the two sizes of tiles.
    const auto for_each_size = [&](auto f) {
      if (larger > 0) f(index_t{0}, least + 1, larger);
      f(larger * (least + 1), least, tiles - larger);
    };
    if (whole) {
      g.dst_row = dst.stride[1], g.dst_pixel = dst.stride[2], g.dst_column = column, g.rows = rows;
      for_each_size([&](index_t x, index_t pixels, index_t count) {
        const index_t at = first + x * dst.stride[2];
        g.src = band + x * p_.stride[2], g.dst = dst.data + at, g.tiles = count;
        table.data()[pixels - 1](g, post.standard.at(channel, at));
      });
      return;
    }
    g.dst = scratch, g.dst_pixel = NR, g.dst_column = W, g.rows = 1;
    for (index_t y = 0; y < rows; ++y)
      for_each_size([&](index_t x, index_t pixels, index_t count) {
        for (index_t i = 0; i < count; i += scratch_tiles) {
          const index_t at = x + i * pixels;
          g.src = band + y * src_row + at * p_.stride[2];
          g.tiles = std::min(scratch_tiles, count - i);
          table.data()[pixels - 1](g, {});
          flush<T, Isa>(scratch, g.tiles * pixels, dst,
                        base + y * dst.stride[1] + at * dst.stride[2], dst.stride[2], channel,
                        valid, post);
        }
      });
  }

  conv_problem p_;
  index_t in_, out_;
  index_t outputs_[3];
  index_t rows_;     // of a unit
  index_t size_[3];  // of a unit's copy: d, h, w
  bool prefetch_;    // dst is larger than the caches near the core
  dynamic_array<index_t> offsets_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
