// axis: one spatial dimension of a sum over taps. The forward pass and each phase of the backward
// pass to the data are the same loop over such axes:
//     dst[first + i * step] = sum over taps t of src[i * advance + t.offset] * weights[t.kernel]
// with zeros outside of src.
#pragma once

#include <algorithm>
#include <simdnn/base/math.hpp>
#include <simdnn/isa/abi.hpp>
#include <simdnn/ops/conv/problem.hpp>
#include <vector>

namespace simdnn::inline SIMDNN_ABI::conv {

struct tap {
  index_t kernel;  ///< its place in the weights
  index_t offset;  ///< in src, from the output's own place
};

struct axis {
  index_t outputs;
  index_t first, step;    ///< where the outputs lie in dst
  index_t advance;        ///< in src, from one output to the next
  index_t size;           ///< of src
  std::vector<tap> taps;  ///< by ascending offset

  index_t front() const { return taps.front().offset; }
  /// Elements of src that n outputs see.
  index_t reach(index_t n) const {
    return (n - 1) * advance + taps.back().offset - taps.front().offset + 1;
  }
  /// The taps are neighbours in src.
  bool dense() const {
    return taps.back().offset - taps.front().offset == static_cast<index_t>(taps.size()) - 1;
  }
};

/// Dimension d of the forward pass; the problem is in three dimensions.
inline axis forward_axis(const conv_problem& p, int d) {
  axis a{p.output(d), 0, 1, p.stride[d], p.size[d], {}};
  for (index_t k = 0; k < p.kernel[d]; ++k) a.taps.push_back({k, k * p.dilation[d] - p.pad[d]});
  return a;
}

/// Dimension d of the backward pass to the data, for the elements of diff_src at phase, phase +
/// stride, ... Element x = phase + i * stride takes diff_dst[(x + pad - k * dilation) / stride] for
/// those k that divide. There may be no tap at all: these elements are zeros.
inline axis backward_axis(const conv_problem& p, int d, index_t phase) {
  const index_t stride = p.stride[d];
  axis a{phase < p.size[d] ? (p.size[d] - phase - 1) / stride + 1 : 0,
         phase,
         stride,
         1,
         p.output(d),
         {}};
  for (index_t k = p.kernel[d] - 1; k >= 0; --k) {
    const index_t from = phase + p.pad[d] - k * p.dilation[d];
    if (floor_div(from, stride) * stride == from) a.taps.push_back({k, floor_div(from, stride)});
  }
  std::sort(a.taps.begin(), a.taps.end(),
            [](const tap& x, const tap& y) { return x.offset < y.offset; });
  return a;
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
