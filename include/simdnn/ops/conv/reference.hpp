// The loop nests of the definition, accumulating in double.
#pragma once

#include <simdnn/epilogue/fused.hpp>
#include <simdnn/ops/conv/image.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::conv {

/// The element of src that output y reads with tap k in dimension d, or -1 in the padding.
inline index_t source(const conv_problem& p, int d, index_t y, index_t k) {
  const index_t x = y * p.stride[d] - p.pad[d] + k * p.dilation[d];
  return x >= 0 && x < p.size[d] ? x : -1;
}

template <class T>
class reference {
 public:
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const query&) { return nullptr; }
  static double cost(const query& q) { return q.problem.flops(); }

  explicit reference(const query& q) : p_(q.problem) {}

  index_t packed_elements() const { return p_.out * (p_.in / p_.groups) * taps(); }
  /// [o][i][kd][kh][kw]
  void pack(const filter<const T>& w, T* packed, executor_ref) const {
    for (index_t o = 0; o < p_.out; ++o)
      for (index_t i = 0; i < p_.in / p_.groups; ++i)
        for_each(p_.kernel[0], p_.kernel[1], p_.kernel[2], [&](index_t d, index_t h, index_t x) {
          *packed++ = w.data[w.out.at(o) + w.in.at(i) + w.tap(d, h, x)];
        });
  }
  index_t workspace_bytes(int) const { return 0; }

  void forward(const image<const T>& src, const T* packed, const image<T>& dst,
               const epilogue::fused<T>& post, executor_ref executor, std::span<std::byte>) const {
    const index_t in = p_.in / p_.groups, out = p_.out / p_.groups;
    parallel_for(executor, p_.batch * p_.out, [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t n = unit / p_.out, o = unit % p_.out, group = o / out;
        for_each(p_.output(0), p_.output(1), p_.output(2), [&](index_t z, index_t y, index_t x) {
          double sum = 0;
          for (index_t i = 0; i < in; ++i)
            for_each(
                p_.kernel[0], p_.kernel[1], p_.kernel[2], [&](index_t kd, index_t kh, index_t kw) {
                  const index_t sz = source(p_, 0, z, kd), sy = source(p_, 1, y, kh),
                                sx = source(p_, 2, x, kw);
                  if (sz < 0 || sy < 0 || sx < 0) return;
                  sum += static_cast<double>(
                             src.data[src.pixel(n, sz, sy, sx) + src.channel(group * in + i)]) *
                         static_cast<double>(packed[(o * in + i) * taps() + tap(kd, kh, kw)]);
                });
          const index_t at = dst.pixel(n, z, y, x) + dst.channel(o);
          dst.data[at] = static_cast<T>(post(sum, epilogue::where<>{o, at, 1}));
        });
        clear_padding(dst, n, o);
      }
    });
  }

  void backward_data(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                     executor_ref executor, std::span<std::byte>) const {
    const index_t in = p_.in / p_.groups, out = p_.out / p_.groups;
    parallel_for(executor, p_.batch * p_.in, [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t n = unit / p_.in, c = unit % p_.in, group = c / in;
        for_each(p_.size[0], p_.size[1], p_.size[2], [&](index_t z, index_t y, index_t x) {
          double sum = 0;
          for (index_t o = group * out; o < (group + 1) * out; ++o)
            for_each(
                p_.kernel[0], p_.kernel[1], p_.kernel[2], [&](index_t kd, index_t kh, index_t kw) {
                  const index_t oz = target(0, z, kd), oy = target(1, y, kh), ox = target(2, x, kw);
                  if (oz < 0 || oy < 0 || ox < 0) return;
                  sum += static_cast<double>(
                             diff_dst.data[diff_dst.pixel(n, oz, oy, ox) + diff_dst.channel(o)]) *
                         static_cast<double>(packed[(o * in + c % in) * taps() + tap(kd, kh, kw)]);
                });
          diff_src.data[diff_src.pixel(n, z, y, x) + diff_src.channel(c)] = static_cast<T>(sum);
        });
        if (c + 1 == p_.in)
          for_each(p_.size[0], p_.size[1], p_.size[2], [&](index_t z, index_t y, index_t x) {
            for (index_t pad = p_.in; pad % diff_src.block != 0; ++pad)
              diff_src.data[diff_src.pixel(n, z, y, x) + diff_src.channel(pad)] = 0;
          });
      }
    });
  }

  /// diff_bias has one element for each output channel; it may be null.
  void backward_weights(const image<const T>& src, const image<const T>& diff_dst,
                        const filter<T>& diff_weights, T* diff_bias, executor_ref executor,
                        std::span<std::byte>) const {
    const index_t in = p_.in / p_.groups, out = p_.out / p_.groups;
    parallel_for(executor, p_.out, [&](index_t begin, index_t end, index_t) {
      for (index_t o = begin; o < end; ++o) {
        for (index_t i = 0; i < in; ++i)
          for_each(
              p_.kernel[0], p_.kernel[1], p_.kernel[2], [&](index_t kd, index_t kh, index_t kw) {
                double sum = 0;
                for (index_t n = 0; n < p_.batch; ++n)
                  for_each(
                      p_.output(0), p_.output(1), p_.output(2),
                      [&](index_t z, index_t y, index_t x) {
                        const index_t sz = source(p_, 0, z, kd), sy = source(p_, 1, y, kh),
                                      sx = source(p_, 2, x, kw);
                        if (sz < 0 || sy < 0 || sx < 0) return;
                        sum += static_cast<double>(src.data[src.pixel(n, sz, sy, sx) +
                                                            src.channel(o / out * in + i)]) *
                               static_cast<double>(
                                   diff_dst.data[diff_dst.pixel(n, z, y, x) + diff_dst.channel(o)]);
                      });
                diff_weights.data[diff_weights.out.at(o) + diff_weights.in.at(i) +
                                  diff_weights.tap(kd, kh, kw)] = static_cast<T>(sum);
              });
        if (diff_bias == nullptr) continue;
        double sum = 0;
        for (index_t n = 0; n < p_.batch; ++n)
          for_each(p_.output(0), p_.output(1), p_.output(2), [&](index_t z, index_t y, index_t x) {
            sum += static_cast<double>(
                diff_dst.data[diff_dst.pixel(n, z, y, x) + diff_dst.channel(o)]);
          });
        diff_bias[o] = static_cast<T>(sum);
      }
    });
  }

 private:
  index_t taps() const { return p_.kernel[0] * p_.kernel[1] * p_.kernel[2]; }
  index_t tap(index_t d, index_t h, index_t w) const {
    return (d * p_.kernel[1] + h) * p_.kernel[2] + w;
  }
  // The output that reads element x of src with tap k, or -1.
  index_t target(int d, index_t x, index_t k) const {
    const index_t from = x + p_.pad[d] - k * p_.dilation[d];
    return from >= 0 && from % p_.stride[d] == 0 && from / p_.stride[d] < p_.output(d)
               ? from / p_.stride[d]
               : -1;
  }
  // Zeroes the padding after the last channel of dst.
  void clear_padding(const image<T>& dst, index_t n, index_t o) const {
    if (o + 1 != p_.out) return;
    for_each(p_.output(0), p_.output(1), p_.output(2), [&](index_t z, index_t y, index_t x) {
      for (index_t pad = p_.out; pad % dst.block != 0; ++pad)
        dst.data[dst.pixel(n, z, y, x) + dst.channel(pad)] = 0;
    });
  }

  conv_problem p_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
