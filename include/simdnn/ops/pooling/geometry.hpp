// A problem and its operands as pooling's loops need them: always with three spatial dimensions.
// Missing dimensions come first and have size 1.
#pragma once

#include <algorithm>
#include <simdnn/ops/pooling/problem.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/tensor/view.hpp>

namespace simdnn::inline SIMDNN_ABI::pooling {

/// begin <= x < end
struct index_range {
  index_t begin, end;
  constexpr index_t size() const { return end - begin; }
};

struct geometry {
  index_t batch, channels;
  index_t size[3] = {1, 1, 1}, outputs[3] = {1, 1, 1}, kernel[3] = {1, 1, 1};
  index_t stride[3] = {1, 1, 1}, pad[3] = {0, 0, 0};
  pooling_kind kind;

  /// `p` must come from checked(), which fills in its defaults.
  explicit geometry(const pooling_problem& p) : batch(p.batch), channels(p.channels), kind(p.kind) {
    for (int d = 0; d < p.rank(); ++d) {
      const int to = 3 - p.rank() + d;
      size[to] = p.size[d];
      outputs[to] = p.output(d);
      kernel[to] = p.kernel[d];
      stride[to] = p.stride[d];
      pad[to] = p.pad[d];
    }
  }
  /// Kernel positions of output o that are inside src; at least one.
  index_range taps(int d, index_t o) const {
    const index_t first = o * stride[d] - pad[d];
    return {std::max<index_t>(0, -first), std::min(kernel[d], size[d] - first)};
  }
  /// Outputs whose windows contain input i; there may be none.
  index_range windows(int d, index_t i) const {
    const index_t behind = i + pad[d] - kernel[d] + 1;
    const index_t begin = behind > 0 ? ceil_div(behind, stride[d]) : 0;
    return {begin, std::max(begin, std::min(outputs[d], (i + pad[d]) / stride[d] + 1))};
  }
  index_t volume() const { return kernel[0] * kernel[1] * kernel[2]; }
  /// An upper bound of the number of windows that contain one input.
  index_t most_windows(int d) const { return std::min(ceil_div(kernel[d], stride[d]), outputs[d]); }
  /// Dimension d's factor of the divisor of an output's sum.
  index_t divisor(int d, index_t o) const {
    return kind == pooling_kind::average_padded ? kernel[d] : taps(d, o).size();
  }
  index_t divisor(index_t od, index_t oh, index_t ow) const {
    return divisor(0, od) * divisor(1, oh) * divisor(2, ow);
  }
  /// Calls f(image, block, d, h, worker) for every row of images of the size `rows`, in parallel.
  /// An image has `blocks` blocks of channels.
  template <class F>
  void for_each_row(index_t blocks, const index_t (&rows)[3], executor_ref executor, F f) const {
    parallel_for(executor, batch * blocks * rows[0] * rows[1],
                 [&](index_t begin, index_t end, index_t worker) {
                   for (index_t unit = begin; unit < end; ++unit) {
                     const index_t plane = unit / (rows[0] * rows[1]);
                     f(plane / blocks, plane % blocks, unit / rows[1] % rows[0], unit % rows[1],
                       worker);
                   }
                 });
  }
  /// The number of a kernel position; positions are numbered row by row.
  index_t tap(index_t kd, index_t kh, index_t kw) const {
    return (kd * kernel[1] + kh) * kernel[2] + kw;
  }
};

/// A view without its layout in the type. It has the strides of images, of channels (or blocks of
/// them) and of pixels.
template <class T>
struct operand {
  T* data = nullptr;
  index_t n = 0, c = 0, spatial[3] = {};

  operand() = default;
  template <layout L>
  explicit operand(const view<T, L>& v)
      : data(v.data()),
        n(v.stride('n')),
        c(v.stride('c')),
        spatial{v.stride('d'), v.stride('h'), v.stride('w')} {}

  T* row(index_t image, index_t channel, index_t d, index_t h) const {
    return data + image * n + channel * c + d * spatial[0] + h * spatial[1];
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::pooling
