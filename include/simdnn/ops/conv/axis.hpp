// axis: one spatial dimension of a sum over taps. The forward pass and each phase of the backward
// pass to the data are the same loop over such axes:
//     dst[first + i * step] = sum over taps t of src[i * advance + t.offset] * weights[t.kernel]
// Elements outside of src are zeros.
#pragma once

#include <algorithm>
#include <simdnn/base/dynamic_array.hpp>
#include <simdnn/base/math.hpp>
#include <simdnn/isa/abi.hpp>
#include <simdnn/ops/conv/problem.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::conv {

struct tap {
  index_t kernel;  ///< index in the kernel
  index_t offset;  ///< in src, from element i * advance
};

struct axis {
  index_t outputs;
  index_t first, step;      ///< output i is element first + i * step of dst
  index_t advance;          ///< in src, from one output to the next
  index_t size;             ///< of src
  dynamic_array<tap> taps;  ///< that read src for at least one output, by ascending offset

  index_t front() const { return taps.front().offset; }
  /// The taps are contiguous in src.
  bool dense() const { return taps.back().offset - taps.front().offset == taps.size() - 1; }
  /// Number of elements of src from the first to the last that n consecutive outputs read.
  index_t reach(index_t n) const {
    return (n - 1) * advance + taps.back().offset - taps.front().offset + 1;
  }

  // A band for n outputs holds all elements that they reach. If the taps are so far apart that one
  // stripe of elements for each tap is smaller, it holds these stripes instead.
  index_t stripe(index_t n) const { return (n - 1) * advance + 1; }
  index_t band_size(index_t n) const { return std::min(reach(n), taps.size() * stripe(n)); }
  /// Position in the band of the element that the first output reads with tap t.
  index_t band_place(index_t t, index_t n) const {
    return band_size(n) == reach(n) ? taps[t].offset - front() : t * stripe(n);
  }
  /// For each position in the band the element of src that it holds, counted from the element that
  /// the first output reads with the first tap.
  dynamic_array<index_t> band_elements(index_t n) const {
    dynamic_array<index_t> elements;
    for (index_t i = 0; i < band_size(n); ++i)
      elements.push_back(
          band_size(n) == reach(n) ? i : taps[i / stripe(n)].offset - front() + i % stripe(n));
    return elements;
  }
};

namespace detail {

// Whether at least one output reads inside of src with a tap of this offset.
inline bool meets(const axis& a, index_t offset) {
  const index_t first = offset < 0 ? ceil_div(-offset, a.advance) : 0;
  return first < a.outputs && first * a.advance + offset < a.size;
}

}  // namespace detail

/// The axis of the forward pass in dimension d of a problem in three dimensions. It has at least
/// one tap, even if all taps read padding only.
inline axis forward_axis(const conv_problem& p, int d) {
  axis a{p.output(d), 0, 1, p.stride[d], p.size[d], {}};
  for (index_t k = 0; k < p.kernel[d]; ++k) {
    const index_t offset = k * p.dilation[d] - p.pad[d];
    if (detail::meets(a, offset)) a.taps.push_back({k, offset});
  }
  if (a.taps.empty()) a.taps.push_back({0, -p.pad[d]});
  return a;
}

/// The axes of the backward pass to the data in dimension d, one for each phase of the stride that
/// has taps. The axis of a phase computes elements x = phase, phase + stride, ... of diff_src. They
/// read diff_dst[(x + pad - k * dilation) / stride] for each k for which the division is exact.
/// There are at most as many axes as taps. Elements at phases without an axis are zeros.
inline dynamic_array<axis> backward_axes(const conv_problem& p, int d) {
  const index_t stride = p.stride[d];
  dynamic_array<std::pair<index_t, tap>> by_phase;
  for (index_t k = 0; k < p.kernel[d]; ++k) {
    const index_t at = k * p.dilation[d] - p.pad[d];  // element of src that output 0 reads
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
