// axis: one spatial dimension of a sum over taps. The forward pass and each phase of the backward
// pass to the data are the same loop over such axes:
//     dst[first + i * step] = sum over taps t of src[i * advance + t.offset] * weights[t.kernel]
// with zeros outside of src.
#pragma once

#include <algorithm>
#include <simdnn/base/dynamic_array.hpp>
#include <simdnn/base/math.hpp>
#include <simdnn/isa/abi.hpp>
#include <simdnn/ops/conv/problem.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::conv {

struct tap {
  index_t kernel;  ///< its place in the weights
  index_t offset;  ///< in src, from the output's own place
};

struct axis {
  index_t outputs;
  index_t first, step;      ///< where the outputs lie in dst
  index_t advance;          ///< in src, from one output to the next
  index_t size;             ///< of src
  dynamic_array<tap> taps;  ///< by ascending offset; those that meet src at some output

  index_t front() const { return taps.front().offset; }
  /// The taps are contiguous in src.
  bool dense() const { return taps.back().offset - taps.front().offset == taps.size() - 1; }
  /// Elements of src from the first that n outputs see to the last.
  index_t reach(index_t n) const {
    return (n - 1) * advance + taps.back().offset - taps.front().offset + 1;
  }

  // A band for n outputs holds all of what they reach, or, if the taps are farther apart, a stripe
  // for each tap.
  index_t stripe(index_t n) const { return (n - 1) * advance + 1; }
  index_t band_size(index_t n) const { return std::min(reach(n), taps.size() * stripe(n)); }
  /// Where in such a band the first output's element under tap t is.
  index_t band_place(index_t t, index_t n) const {
    return band_size(n) == reach(n) ? taps[t].offset - front() : t * stripe(n);
  }
  /// For each place of such a band the element of src, counted from the one under the first tap.
  dynamic_array<index_t> band_elements(index_t n) const {
    dynamic_array<index_t> elements;
    for (index_t i = 0; i < band_size(n); ++i)
      elements.push_back(
          band_size(n) == reach(n) ? i : taps[i / stripe(n)].offset - front() + i % stripe(n));
    return elements;
  }
};

namespace detail {

// Whether some output meets src under a tap with this offset.
inline bool meets(const axis& a, index_t offset) {
  const index_t first = offset < 0 ? ceil_div(-offset, a.advance) : 0;
  return first < a.outputs && first * a.advance + offset < a.size;
}

}  // namespace detail

/// Dimension d of the forward pass; the problem is in three dimensions. Has one tap at least.
inline axis forward_axis(const conv_problem& p, int d) {
  axis a{p.output(d), 0, 1, p.stride[d], p.size[d], {}};
  for (index_t k = 0; k < p.kernel[d]; ++k) {
    const index_t offset = k * p.dilation[d] - p.pad[d];
    if (detail::meets(a, offset)) a.taps.push_back({k, offset});
  }
  if (a.taps.empty()) a.taps.push_back({0, -p.pad[d]});
  return a;
}

/// Dimension d of the backward pass to the data: an axis for each phase of the stride that has taps,
/// of the elements of diff_src at phase, phase + stride, ... Element x = phase + i * stride takes
/// diff_dst[(x + pad - k * dilation) / stride] for those k that divide. No more axes than taps;
/// elements at other phases are zeros.
inline dynamic_array<axis> backward_axes(const conv_problem& p, int d) {
  const index_t stride = p.stride[d];
  dynamic_array<std::pair<index_t, tap>> by_phase;
  for (index_t k = 0; k < p.kernel[d]; ++k) {
    const index_t at = k * p.dilation[d] - p.pad[d];  // of src, under output 0
    const index_t phase = at - floor_div(at, stride) * stride;
    if (phase < p.size[d]) by_phase.push_back({phase, {k, -floor_div(at, stride)}});
  }
  std::sort(by_phase.begin(), by_phase.end(), [](const auto& x, const auto& y) {
    return std::pair(x.first, x.second.offset) < std::pair(y.first, y.second.offset);
  });
  dynamic_array<axis> axes;
  for (const auto& [phase, t] : by_phase) {
    const axis a{(p.size[d] - phase - 1) / stride + 1, phase, stride, 1, p.output(d), {}};
    if (!detail::meets(a, t.offset)) continue;
    if (axes.empty() || axes.back().first != phase) axes.push_back(a);
    axes.back().taps.push_back(t);
  }
  return axes;
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
