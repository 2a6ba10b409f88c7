// image and filter: what the convolutions' algorithms see of their operands, pointers and strides for
// any layout and number of spatial dimensions. Missing dimensions come first and have size 1.
#pragma once

#include <algorithm>
#include <simdnn/base/math.hpp>
#include <simdnn/isa/abi.hpp>
#include <simdnn/tensor/view.hpp>
#include <simdnn/walk/contiguity.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

/// src, dst and their gradients. Channels lie in blocks: 1 for plain layouts.
template <class T>
struct image {
  T* data;
  index_t batch_stride;
  index_t block;           ///< channels that are neighbours in memory; 1 where the layout is plain
  index_t channel_stride;  ///< from one block of channels to the next
  index_t stride[3];       ///< d, h, w

  /// Elements from a pixel's channel 0 to its channel c.
  index_t channel(index_t c) const { return c / block * channel_stride + c % block; }
  index_t pixel(index_t n, index_t d, index_t h, index_t w) const {
    return n * batch_stride + d * stride[0] + h * stride[1] + w * stride[2];
  }
  /// How many channels from c on, at most `count`, are neighbours in memory.
  index_t contiguous(index_t c, index_t count) const {
    if (block == 1 && channel_stride == 1) return count;
    return count < block - c % block ? count : block - c % block;
  }
  /// Whether an image of this size is as an algorithm needs it.
  bool is(contiguity needed, index_t channels, index_t width) const {
    if (needed == contiguity::channels) return block > 1 || adjacent(channels, channel_stride);
    return needed == contiguity::any || adjacent(width, stride[2]);
  }
};

/// Zeros behind the last one of `channels`, in its block, for `count` pixels of which the first
/// lies at data + at and the others `step` apart.
template <class T>
void clear_padding(const image<T>& dst, index_t channels, index_t at, index_t count, index_t step) {
  const index_t behind = channels % dst.block;
  if (behind == 0) return;
  T* const to = dst.data + at + dst.channel(channels);
  for (index_t i = 0; i < count; ++i) std::fill_n(to + i * step, dst.block - behind, T(0));
}

/// Zeros all `channels`, and the padding of their last block, of `count` pixels in one row. The row's
/// first pixel is at data + row; pixel i of those to clear is in column column(i).
template <class T, class Column>
void clear_pixels(const image<T>& dst, index_t channels, index_t row, index_t count,
                  Column column) {
  const index_t all = round_up(channels, dst.block);
  for (index_t c = 0; c < all;) {
    const index_t run = dst.contiguous(c, all - c);
    T* const to = dst.data + row + dst.channel(c);
    for (index_t i = 0; i < count; ++i) std::fill_n(to + column(i) * dst.stride[2], run, T(0));
    c += run;
  }
}

template <layout L>
constexpr bool is_image_layout() {
  const bool known = L.dim('n') == 0 && L.dim('c') == 1 && L.dim('w') == L.rank() - 1 &&
                     L.rank() >= 3 && (L.rank() < 4 || L.dim('h') == L.rank() - 2) &&
                     (L.rank() < 5 || L.dim('d') == 2) && L.rank() <= 5;
  return known && L.block_size() == L.block(1);
}

template <class T, layout L>
image<T> as_image(const view<T, L>& v) {
  static_assert(is_image_layout<L>(),
                "a convolution's src and dst have a layout of n, c and one to three of d, h, w, of "
                "which only c may "
                "be blocked, such as \"nchw\", \"nhwc\", \"nChw16c\", \"ncw\", \"nCdhw16c\"");
  constexpr index_t block = L.block(1);
  return {
      v.data(), v.stride('n'), block, v.stride('c'), {v.stride('d'), v.stride('h'), v.stride('w')}};
}

/// weights and their gradient: {o, i per group, [kd,] [kh,] kw}; o and i may be blocked.
template <class T>
struct filter {
  T* data;
  struct channel {
    index_t block, stride, inner;
    index_t at(index_t c) const { return c / block * stride + c % block * inner; }
  } out, in;
  index_t stride[3];  ///< kd, kh, kw

  index_t tap(index_t d, index_t h, index_t w) const {
    return d * stride[0] + h * stride[1] + w * stride[2];
  }
};

constexpr bool is_filter_layout(const layout& l) {
  return l.dim('o') == 0 && l.dim('i') == 1 && l.dim('w') == l.rank() - 1 && l.rank() >= 3 &&
         l.block_size() == l.block(0) * l.block(1);
}
/// Weights for a src of this layout: any filter's.
template <layout Src>
struct any_filter {
  static constexpr layout usual = Src.rank() == 3   ? layout("oiw")
                                  : Src.rank() == 4 ? layout("oihw")
                                                    : layout("oidhw");
  static constexpr bool fits(const layout& l) { return is_filter_layout(l); }
};

template <class T, layout L>
filter<T> as_filter(const view<T, L>& v) {
  static_assert(is_filter_layout(L),
                "a convolution's weights have a layout of o, i and one to three of d, h, w, of "
                "which only o and i may "
                "be blocked, such as \"oihw\", \"hwio\", \"OIhw16i16o\"");
  return {v.data(),
          {L.block(0), v.stride('o'), L.block_stride(0)},
          {L.block(1), v.stride('i'), L.block_stride(1)},
          {v.stride('d'), v.stride('h'), v.stride('w')}};
}

/// f(z, y, x) for each place of a box.
template <class F>
void for_each(index_t d, index_t h, index_t w, F&& f) {
  for (index_t z = 0; z < d; ++z)
    for (index_t y = 0; y < h; ++y)
      for (index_t x = 0; x < w; ++x) f(z, y, x);
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
