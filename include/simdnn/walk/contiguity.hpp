// What is contiguous in memory: a pixel's channels (nhwc; block by block in nChw16c) or the pixels of
// a channel (nchw). Operations choose by it what their vectors hold, and a convolution's algorithms
// say with it what they need of an operand.
#pragma once

#include <simdnn/tensor/layout.hpp>

namespace simdnn {

enum class contiguity {
  any,       ///< of a layout: neither of the others; of an algorithm's needs: nothing is needed
  channels,  ///< a pixel's channels, in blocked layouts within each block
  pixels     ///< a channel's pixels along the fastest dimension
};

/// What a dense tensor of this layout has: never `any` for a layout in which at most the channels
/// are blocked. A view may have strides of its own: adjacent() says whether they leave gaps.
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
