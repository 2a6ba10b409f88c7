// Convolution as an explicit matrix product (im2col). For some output pixels at a time, the
// elements of src that each of them reads are copied into one row of a matrix, and the rows are
// multiplied by the weights. This is the simplest fast algorithm: it takes every problem, and pays
// for the copies. k is [kd][kh][kw][channel].
//
//     forward              dst (pixels,out)      = rows (pixels,k) * weights (k,out)
//     backward to data     rows (pixels,k)       = diff_dst (pixels,out) * weights (out,k)
//                          diff_src             += rows, each at the elements that it was read from
//     backward to weights  diff_weights (k,out)  = rows^T (k,pixels) * diff_dst (pixels,out)
#pragma once

#include <simdnn/epilogue/fused.hpp>
#include <simdnn/isa/long_sum.hpp>
#include <simdnn/ops/conv/multiply.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class im2col {
  using V = vec<T, Isa>;
  static constexpr index_t NR = microkernel::columns<T, Isa>, MR = tuning<T, Isa>::MR;

 public:
  static constexpr const char* name = "im2col";
  static constexpr bool automatic = true;
  static const char* refuses(const query&) { return nullptr; }
  /// In the unit of direct's cost: the products, and a copy of each element of the rows.
  static double cost(const query& q) {
    const conv_problem& p = q.problem;
    const index_t columns = (q.pass == direction::backward_data ? p.in : p.out) / p.groups;
    return p.flops() / 2 *
           (column_fill<T, Isa>(columns, false) / static_cast<double>(NR) +
            1 / static_cast<double>(columns));
  }

  explicit im2col(const query& q) : p_(q.problem), pass_(q.pass) {
    in_ = p_.in / p_.groups;
    out_ = p_.out / p_.groups;
    for (int d = 0; d < 3; ++d) outputs_[d] = p_.output(d);
    k_ = in_ * p_.kernel[0] * p_.kernel[1] * p_.kernel[2];
    const index_t widest = std::max(k_, out_) + NR;
    unit_pixels_ = std::clamp<index_t>(
        tuning<T, Isa>::L2 / (widest * static_cast<index_t>(sizeof(T))), MR, 32 * MR);
    // The summed dimension of the product is cut into segments of KC, whose weights stay in L1.
    const index_t summed = pass_ == direction::backward_data ? out_ : k_,
                  piece = tuning<T, Isa>::KC;
    for (index_t s = 0; s * piece < summed; ++s) segments_.push_back(s * piece);
    cut<T, Isa>(k_blocks_, columns(), 0, summed / piece, piece, 0, summed);
    if (summed % piece != 0)
      cut<T, Isa>(k_blocks_, columns(), summed / piece, 1, summed % piece, summed - summed % piece,
                  summed);
  }

  index_t packed_elements() const { return p_.groups * ceil_div(columns(), NR) * summed() * NR; }
  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    const bool forward = pass_ == direction::forward;
    if (forward) {
      pack_weights<T, Isa>(w, p_.groups, out_, in_, true, packed, executor, k_, false,
                           [&](auto emit) {
                             for_each(p_.kernel[0], p_.kernel[1], p_.kernel[2],
                                      [&](index_t d, index_t h, index_t x) {
                                        for (index_t c = 0; c < in_; ++c) emit(c, d, h, x);
                                      });
                           });
      return;
    }
    // Backward to the data the columns are k: each is a tap and an input channel.
    for (index_t group = 0; group < p_.groups; ++group)
      for (index_t n0 = 0; n0 < k_; n0 += NR, packed += out_ * NR) {
        const auto panel = microkernel::panel::of<T, Isa>(k_ - n0, false);
        for (index_t o = 0; o < out_; ++o)
          for (index_t n = n0; n < n0 + panel.row; ++n)
            packed[panel.at(o, n - n0)] =
                n < k_ ? w.data[w.out.at(group * out_ + o) + w.in.at(n % in_) + tap(w, n / in_)]
                       : T(0);
      }
  }

  index_t workspace_bytes(int workers) const { return workers * worker_bytes(); }

  void forward(const image<const T>& src, const T* packed, const image<T>& dst,
               const epilogue::fused<T>& post, executor_ref executor,
               std::span<std::byte> workspace) const {
    const index_t image_units = ceil_div(pixels(), unit_pixels_);
    const workspace_slices space(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                 "conv");
    parallel_for(executor, p_.batch * p_.groups * image_units,
                 [&](index_t begin, index_t end, index_t worker) {
                   const buffers b(*this, space.template slice<std::byte>(worker));
                   for (index_t unit = begin; unit < end; ++unit) {
                     const index_t n = unit / (p_.groups * image_units),
                                   group = unit / image_units % p_.groups,
                                   first = unit % image_units * unit_pixels_;
                     const index_t count = std::min(unit_pixels_, pixels() - first);
                     gather_rows(src, n, group, first, count, b.rows);
                     const index_t lines = list_lines(dst, n, first, count, b.rows, b.lines);
                     multiply<T, Isa>({.lines = {b.lines, static_cast<std::size_t>(lines)},
                                       .segments = segments_.data(),
                                       .blocks = k_blocks_,
                                       .k = k_,
                                       .advance = 1,
                                       .weights = packed + group * ceil_div(out_, NR) * k_ * NR,
                                       .c_row = dst.stride[2],
                                       .first = group * out_,
                                       .count = out_,
                                       .dst_channels = p_.out,
                                       .scratch = b.scratch,
                                       .in_place_sum = post.reads(dst.data)},
                                      dst, post);
                   }
                 });
  }

  void backward_data(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                     executor_ref executor, std::span<std::byte> workspace) const {
    const workspace_slices space(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                 "conv");
    parallel_for(executor, p_.batch, [&](index_t begin, index_t end, index_t worker) {
      const buffers b(*this, space.template slice<std::byte>(worker));
      for (index_t n = begin; n < end; ++n) {
        for_each(p_.size[0], p_.size[1], p_.size[2], [&](index_t z, index_t y, index_t x) {
          for (index_t c = 0; c < round_up(p_.in, diff_src.block); ++c)
            diff_src.data[diff_src.pixel(n, z, y, x) + diff_src.channel(c)] = 0;
        });
        for (index_t group = 0; group < p_.groups; ++group)
          for (index_t first = 0; first < pixels(); first += unit_pixels_) {
            const index_t count = std::min(unit_pixels_, pixels() - first);
            gather_pixels(diff_dst, n, group, first, count, b.pixels);
            // The rows as an image of one line of pixels with k channels.
            const image<T> rows{b.rows, 0, 1, 1, {0, 0, k_}};
            const output_line<T> line{b.pixels, 0, 0, count, 0};
            multiply<T, Isa>({.lines = {&line, 1},
                              .segments = segments_.data(),
                              .blocks = k_blocks_,
                              .k = out_,
                              .advance = 1,
                              .weights = packed + group * ceil_div(k_, NR) * out_ * NR,
                              .c_row = k_,
                              .first = 0,
                              .count = k_,
                              .dst_channels = k_,
                              .scratch = b.scratch},
                             rows, epilogue::fused<T>{});
            scatter_rows(b.rows, n, group, first, count, diff_src);
          }
      }
    });
  }

  void backward_weights(const image<const T>& src, const image<const T>& diff_dst,
                        const filter<T>& diff_weights, T* diff_bias, executor_ref executor,
                        std::span<std::byte> workspace) const {
    const index_t panels = ceil_div(out_, NR);
    const workspace_slices space(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                 "conv");
    parallel_for(executor, p_.groups * panels, [&](index_t begin, index_t end, index_t worker) {
      const buffers b(*this, space.template slice<std::byte>(worker));
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t group = unit / panels, o = unit % panels * NR, valid = std::min(NR, out_ - o),
                      zero = 0;
        long_sum<V, NR / V::lanes> bias;
        std::fill(b.sums, b.sums + k_ * NR, T(0));
        for (index_t n = 0; n < p_.batch; ++n)
          for (index_t first = 0; first < pixels(); first += unit_pixels_) {
            const index_t count = std::min(unit_pixels_, pixels() - first);
            gather_rows(src, n, group, first, count, b.rows);
            gather_pixels(diff_dst, n, group, first, count, b.pixels);
            microkernel::pack_panel<T, Isa>(b.pixels + o, out_, 1, count, valid, b.scratch);
            if (diff_bias != nullptr)
              for (index_t i = 0; i < count; ++i)
                bias.add([&](auto v, V a) SIMDNN_INLINE_LAMBDA {
                  return a + V::load(b.scratch + i * NR + v * V::lanes);
                });
            microkernel::for_each_tile(k_, MR, [&](index_t m, int rows) {
              const microkernel::operands<T> t{b.rows + m,      k_, &zero,    1,   count, b.scratch,
                                               b.sums + m * NR, NR, V::lanes, true};
              microkernel::dispatch<T, Isa, microkernel::a_order::by_k>(rows, t,
                                                                        epilogue::fused<T>{});
            });
          }
        for (index_t k = 0; k < k_; ++k)
          for (index_t c = 0; c < valid; ++c)
            diff_weights.data[diff_weights.out.at(group * out_ + o + c) +
                              diff_weights.in.at(k % in_) + tap(diff_weights, k / in_)] =
                b.sums[k * NR + c];
        if (diff_bias != nullptr)
          unroll<bias.count>([&](auto v) SIMDNN_INLINE_LAMBDA {
            const index_t c = v * V::lanes, lanes = std::min<index_t>(V::lanes, valid - c);
            if (lanes > 0) bias.total(v).store(diff_bias + group * out_ + o + c, lanes);
          });
      }
    });
  }

 private:
  index_t pixels() const { return outputs_[0] * outputs_[1] * outputs_[2]; }
  index_t summed() const { return pass_ == direction::backward_data ? out_ : k_; }
  index_t columns() const { return pass_ == direction::backward_data ? k_ : out_; }

  // A worker's slice: rows (pixels,k), pixels of diff_dst (pixels,out), scratch (pixels,NR), sums
  // (k,NR) and lines of outputs.
  struct buffers {
    T *rows, *pixels, *scratch, *sums;
    output_line<T>* lines;
    buffers(const im2col& g, std::byte* at) {
      const auto take = [&](index_t elements) {
        T* p = reinterpret_cast<T*>(at);
        at += bytes(elements);
        return p;
      };
      rows = take(g.unit_pixels_ * g.k_);
      pixels = take(g.unit_pixels_ * g.out_);
      scratch = take(g.unit_pixels_ * NR);
      sums = take(g.k_ * NR);
      lines = reinterpret_cast<output_line<T>*>(at);
    }
  };
  static index_t bytes(index_t elements) {
    return round_up(elements * static_cast<index_t>(sizeof(T)), 64);
  }
  index_t worker_bytes() const {
    return bytes(unit_pixels_ * k_) + bytes(unit_pixels_ * out_) + bytes(unit_pixels_ * NR) +
           bytes(k_ * NR) +
           round_up(unit_pixels_ * static_cast<index_t>(sizeof(output_line<T>)), 64);
  }

  template <class U>
  index_t tap(const filter<U>& w, index_t t) const {
    return w.tap(t / (p_.kernel[1] * p_.kernel[2]), t / p_.kernel[2] % p_.kernel[1],
                 t % p_.kernel[2]);
  }

  // Calls f(row, tap, inside, offset of src's pixel) for all taps of `count` output pixels from
  // `first` on. The offset is valid if the tap is inside of src.
  template <class U, class F>
  void for_each_tap(const image<U>& src, index_t n, index_t first, index_t count, F&& f) const {
    for (index_t i = 0; i < count; ++i) {
      const index_t at = first + i, x = at % outputs_[2], y = at / outputs_[2] % outputs_[1],
                    z = at / outputs_[2] / outputs_[1];
      index_t t = 0;
      for_each(p_.kernel[0], p_.kernel[1], p_.kernel[2], [&](index_t kd, index_t kh, index_t kw) {
        const index_t s[3] = {z * p_.stride[0] - p_.pad[0] + kd * p_.dilation[0],
                              y * p_.stride[1] - p_.pad[1] + kh * p_.dilation[1],
                              x * p_.stride[2] - p_.pad[2] + kw * p_.dilation[2]};
        const bool inside = s[0] >= 0 && s[0] < p_.size[0] && s[1] >= 0 && s[1] < p_.size[1] &&
                            s[2] >= 0 && s[2] < p_.size[2];
        f(i, t++, inside, inside ? src.pixel(n, s[0], s[1], s[2]) : 0);
      });
    }
  }
  void gather_rows(const image<const T>& src, index_t n, index_t group, index_t first,
                   index_t count, T* rows) const {
    for_each_tap(src, n, first, count, [&](index_t i, index_t t, bool inside, index_t pixel) {
      T* to = rows + i * k_ + t * in_;
      if (inside)
        copy_channels(src, pixel, group * in_, in_, to);
      else
        std::fill(to, to + in_, T(0));
    });
  }
  void scatter_rows(const T* rows, index_t n, index_t group, index_t first, index_t count,
                    const image<T>& dst) const {
    for_each_tap(dst, n, first, count, [&](index_t i, index_t t, bool inside, index_t pixel) {
      if (!inside) return;
      for (index_t c = 0; c < in_; ++c)
        dst.data[pixel + dst.channel(group * in_ + c)] += rows[i * k_ + t * in_ + c];
    });
  }
  void gather_pixels(const image<const T>& src, index_t n, index_t group, index_t first,
                     index_t count, T* to) const {
    for (index_t at = first; at < first + count; ++at, to += out_)
      copy_channels(src,
                    src.pixel(n, at / outputs_[2] / outputs_[1], at / outputs_[2] % outputs_[1],
                              at % outputs_[2]),
                    group * out_, out_, to);
  }
  static void copy_channels(const image<const T>& src, index_t pixel, index_t c, index_t count,
                            T* to) {
    for (index_t i = 0; i < count;) {
      const index_t run = src.contiguous(c + i, count - i);
      std::copy_n(src.data + pixel + src.channel(c + i), run, to + i);
      i += run;
    }
  }

  // Lists output pixels first .. first + count as lines, one for each row of dst that they touch.
  // Returns the number of lines.
  index_t list_lines(const image<T>& dst, index_t n, index_t first, index_t count, const T* rows,
                     output_line<T>* lines) const {
    index_t l = 0;
    for (index_t i = 0; i < count; ++l) {
      const index_t at = first + i, x = at % outputs_[2],
                    length = std::min(outputs_[2] - x, count - i);
      lines[l] = {rows, i,
                  dst.pixel(n, at / outputs_[2] / outputs_[1], at / outputs_[2] % outputs_[1], x),
                  length, i};
      i += length;
    }
    return l;
  }

  conv_problem p_;
  direction pass_;
  index_t in_, out_, outputs_[3], k_;
  index_t unit_pixels_;  // output pixels of a unit
  dynamic_array<index_t> segments_;
  dynamic_array<k_block> k_blocks_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
