// The taps with which each output, or each element of diff_src, reads inside of the image, in one
// dimension and as affine ranges. For algorithms that skip the padding instead of copying zeros.
#pragma once

#include <algorithm>
#include <numeric>
#include <simdnn/base/dynamic_array.hpp>
#include <simdnn/base/math.hpp>
#include <simdnn/isa/abi.hpp>
#include <simdnn/ops/conv/problem.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

struct range {
  index_t first, count;
  friend bool operator==(const range&, const range&) = default;
};

/// The taps first .. first + count with which output `at` reads inside of the image.
inline range taps_inside(const conv_problem& p, int d, index_t at) {
  const index_t from = at * p.stride[d] - p.pad[d], dilation = p.dilation[d];
  const index_t first = std::min(ceil_div(std::max<index_t>(-from, 0), dilation), p.kernel[d]);
  const index_t end = from >= p.size[d] ? 0 : (p.size[d] - 1 - from) / dilation + 1;
  return {first, std::clamp(end, first, p.kernel[d]) - first};
}
inline dynamic_array<range> taps_inside(const conv_problem& p, int d) {
  dynamic_array<range> all;
  for (index_t at = 0; at < p.output(d); ++at) all.push_back(taps_inside(p, d, at));
  return all;
}

/// Backward to the data, one phase of the stride: element phase + i * stride of diff_src is the sum
/// over t < count of diff_dst[source + i + t * source_step] * weights[tap - t * tap_step].
struct phase_taps {
  index_t phase, elements;  ///< of diff_src
  index_t tap, count;       ///< 0 taps: the elements are zeros
  index_t source;
};

/// The distance of the taps of a phase from each other, in the kernel and in diff_dst.
inline index_t tap_step(const conv_problem& p, int d) {
  return p.stride[d] / std::gcd(p.stride[d], p.dilation[d]);
}
inline index_t source_step(const conv_problem& p, int d) {
  return p.dilation[d] / std::gcd(p.stride[d], p.dilation[d]);
}

/// The phases of all elements of diff_src.
inline dynamic_array<phase_taps> phases_of(const conv_problem& p, int d) {
  const index_t stride = p.stride[d], size = p.size[d], step = tap_step(p, d);
  dynamic_array<phase_taps> all;
  for (index_t phase = 0; phase < std::min(stride, size); ++phase)
    all.push_back({phase, (size - phase - 1) / stride + 1, 0, 0, 0});
  // The first `step` taps have different phases, and tap k + step has the phase of tap k.
  for (index_t k = 0; k < std::min(step, p.kernel[d]); ++k) {
    const index_t at = k * p.dilation[d] - p.pad[d], phase = at - floor_div(at, stride) * stride;
    if (phase >= size) continue;
    phase_taps& f = all[phase];
    f.count = (p.kernel[d] - 1 - k) / step + 1;
    f.tap = k + (f.count - 1) * step;
    f.source = (phase + p.pad[d] - f.tap * p.dilation[d]) / stride;
  }
  return all;
}

/// The taps with which one element of diff_src reads inside of diff_dst: `count` taps from
/// diff_dst[source] and weights[tap] on, with the distances of the element's phase.
struct target_taps {
  index_t tap, count, source;
};
/// For each element of diff_src.
inline dynamic_array<target_taps> target_taps_of(const conv_problem& p, int d) {
  const dynamic_array<phase_taps> phases = phases_of(p, d);
  const index_t by = source_step(p, d), step = tap_step(p, d), outputs = p.output(d);
  dynamic_array<target_taps> all;
  for (index_t x = 0; x < p.size[d]; ++x) {
    const phase_taps& f = phases[x % p.stride[d]];
    const index_t at = f.source + x / p.stride[d];
    const index_t first = std::min(ceil_div(std::max<index_t>(-at, 0), by), f.count);
    const index_t end = at >= outputs ? 0 : (outputs - 1 - at) / by + 1;
    all.push_back({f.tap - first * step, std::clamp(end, first, f.count) - first, at + first * by});
  }
  return all;
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
