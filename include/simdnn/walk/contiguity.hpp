// What is contiguous in memory: the channels of a pixel (nhwc; in nChw16c within each block) or the
// pixels of a channel (nchw). Operations use it to choose what their vectors hold; a convolution's
// algorithms use it to state what they need of an operand.
#pragma once

#include <simdnn/tensor/layout.hpp>

namespace simdnn {

enum class contiguity {
  any,       ///< of a layout: neither of the others; as a requirement of an algorithm: none
  channels,  ///< a pixel's channels, in blocked layouts within each block
  pixels     ///< a channel's pixels along the fastest dimension
};

/// The contiguity of dense tensors of this layout; never `any` if at most the channels are blocked.
/// A view may have other strides: adjacent() tells whether they leave gaps.
constexpr contiguity contiguity_of(const layout& l) {
  if (l.plain()) {
    const char fastest = layout_detail::lower(l.tag[l.rank() - 1]);
    return fastest == 'c' ? contiguity::channels : contiguity::pixels;
  }
  const int c = l.dim('c');
  return c >= 0 && l.block(c) == l.block_size() ? contiguity::channels : contiguity::any;
}

/// Whether `size` elements, each `stride` after the one before, have no gaps between them.
constexpr bool adjacent(index_t size, index_t stride) { return size <= 1 || stride == 1; }

}  // namespace simdnn
