// band: the part of one image that a work unit reads, copied into L2 with the padding written out:
//
//     [channel block][d][h][w][channel]    blocks of 16 channels; the last has those that are left
//
// Tiles read the band only, so src's layout, borders and strides do not matter to them.
#pragma once

#include <cstring>
#include <simdnn/ops/conv/axis.hpp>
#include <simdnn/ops/conv/image.hpp>
#include <simdnn/parallel/parallel_for.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

/// Blocks of 16 channels. The last block is shorter if 16 does not divide the number of channels,
/// so that the few channels of a first layer are not padded.
struct channel_blocks {
  static constexpr index_t size = 16;
  index_t channels;

  index_t count() const { return (channels + size - 1) / size; }
  index_t length(index_t block) const { return std::min(size, channels - block * size); }
};

struct band {
  channel_blocks channels;
  index_t size[3];  ///< d, h, w, padding included
  /// The planes and the rows of src that the band holds, counted from the first: all that the unit
  /// reaches, or, if taps are far apart, only those that a tap reads.
  dynamic_array<index_t> rows[2];

  /// The band of `in` channels for this many planes, rows and columns of outputs.
  static band of(index_t in, const dynamic_array<axis>& axes, index_t planes, index_t lines,
                 index_t columns) {
    return {{in},
            {axes[0].band_size(planes), axes[1].band_size(lines), axes[2].reach(columns)},
            {axes[0].band_elements(planes), axes[1].band_elements(lines)}};
  }
  index_t pixels() const { return size[0] * size[1] * size[2]; }
  index_t elements() const { return channels.channels * pixels(); }
  /// Offset of pixel (d, h, w) in block b. Its channels are contiguous, and so are the pixels of a
  /// row.
  index_t at(index_t b, index_t d, index_t h, index_t w) const {
    return b * channel_blocks::size * pixels() +
           ((d * size[1] + h) * size[2] + w) * channels.length(b);
  }

  /// Copies image n, its channels from c0 on, to the band. The band's first pixel is pixel `from`
  /// of the image, whose size is `extent`; pixels outside of the image become zeros. Only blocks
  /// first .. first + count are written.
  template <class T>
  void fill(T* to, const image<const T>& src, const index_t (&extent)[3], index_t n, index_t c0,
            const index_t (&from)[3], index_t first, index_t count) const {
    for (index_t b = first; b < first + count; ++b) {
      const index_t length = channels.length(b), c = c0 + b * channel_blocks::size;
      const index_t w_begin = std::clamp<index_t>(-from[2], 0, size[2]);
      const index_t w_end = std::clamp<index_t>(extent[2] - from[2], w_begin, size[2]);
      for (index_t d = 0; d < size[0]; ++d)
        for (index_t h = 0; h < size[1]; ++h) {
          T* row = to + at(b, d, h, 0);
          const index_t sd = from[0] + rows[0][d], sh = from[1] + rows[1][h];
          if (sd < 0 || sd >= extent[0] || sh < 0 || sh >= extent[1] || w_begin == w_end) {
            std::fill_n(row, size[2] * length, T(0));
            continue;
          }
          std::fill_n(row, w_begin * length, T(0));
          copy_row(row + w_begin * length, src, src.data + src.pixel(n, sd, sh, from[2] + w_begin),
                   c, length, w_end - w_begin);
          std::fill_n(row + w_end * length, (size[2] - w_end) * length, T(0));
        }
    }
  }

 private:
  template <class T>
  static void copy_row(T* row, const image<const T>& src, const T* pixel, index_t c, index_t length,
                       index_t count) {
    const index_t step = src.stride[2];
    if (src.contiguous(c, length) == length) {
      const T* from = pixel + src.channel(c);
      if (step == length) {
        std::copy_n(from, count * length, row);
      } else if (length == channel_blocks::size) {  // a size known at compile time needs no call
        for (index_t w = 0; w < count; ++w)
          std::memcpy(row + w * length, from + w * step, channel_blocks::size * sizeof(T));
      } else if (length == channel_blocks::size / 2) {
        for (index_t w = 0; w < count; ++w)
          std::memcpy(row + w * length, from + w * step, channel_blocks::size / 2 * sizeof(T));
      } else {
        for (index_t w = 0; w < count; ++w)
          for (index_t i = 0; i < length; ++i) row[w * length + i] = from[w * step + i];
      }
      return;
    }
    for (index_t i = 0; i < length; ++i) {
      const T* from = pixel + src.channel(c + i);
      for (index_t w = 0; w < count; ++w) row[w * length + i] = from[w * step];
    }
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
