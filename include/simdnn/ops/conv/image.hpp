// image and filter: a convolution's operands as its algorithms see them, pointers and strides for
// any layout. Both have three spatial dimensions; missing ones come first and have size 1.
#pragma once

#include <algorithm>
#include <simdnn/base/math.hpp>
#include <simdnn/isa/abi.hpp>
#include <simdnn/tensor/view.hpp>
#include <simdnn/walk/contiguity.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

/// src, dst or one of their gradients.
template <class T>
struct image {
  T* data;
  index_t batch_stride;
  index_t block;           ///< channels of a block of the layout; 1 if it is plain
  index_t channel_stride;  ///< from one block of channels to the next
  index_t stride[3];       ///< d, h, w

  /// Offset of channel c from channel 0 of the same pixel.
  index_t channel(index_t c) const { return c / block * channel_stride + c % block; }
  index_t pixel(index_t n, index_t d, index_t h, index_t w) const {
    return n * batch_stride + d * stride[0] + h * stride[1] + w * stride[2];
  }
  /// Number of contiguous channels from c on, at most `count`.
  index_t contiguous(index_t c, index_t count) const {
    if (block == 1 && channel_stride == 1) return count;
    return count < block - c % block ? count : block - c % block;
  }
  /// Whether an image with this many channels and columns is contiguous as `needed`.
  bool is(contiguity needed, index_t channels, index_t width) const {
    if (needed == contiguity::channels) return block > 1 || adjacent(channels, channel_stride);
    return needed == contiguity::any || adjacent(width, stride[2]);
  }
};

/// Zeroes the padding after the last of `channels` in its block, for `count` pixels. The first
/// pixel is at data + at; the others follow at a distance of `step`.
template <class T>
void clear_padding(const image<T>& dst, index_t channels, index_t at, index_t count, index_t step) {
  const index_t behind = channels % dst.block;
  if (behind == 0) return;
  T* const to = dst.data + at + dst.channel(channels);
  for (index_t i = 0; i < count; ++i) std::fill_n(to + i * step, dst.block - behind, T(0));
}

/// Zeroes all `channels` of `count` pixels of one row, and the padding of their last block. The
/// row's first pixel is at data + row; the i-th pixel to clear is in column column(i).
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

/// Weights or their gradient, {o, i of a group, [kd,] [kh,] kw}. o and i may be blocked.
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
/// Any layout of a filter; `usual` is the plain one for the rank of Src.
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

/// Calls f(z, y, x) for all z < d, y < h and x < w, x fastest.
template <class F>
void for_each(index_t d, index_t h, index_t w, F&& f) {
  for (index_t z = 0; z < d; ++z)
    for (index_t y = 0; y < h; ++y)
      for (index_t x = 0; x < w; ++x) f(z, y, x);
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
