// query: what the choice of a convolution's algorithm depends on; and helpers for the algorithms'
// refuses().
#pragma once

#include <simdnn/isa/abi.hpp>
#include <simdnn/ops/conv/problem.hpp>
#include <simdnn/plan/policy.hpp>
#include <simdnn/tensor/layout.hpp>
#include <simdnn/walk/contiguity.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

/// The same problem in three spatial dimensions with all fields filled in. Missing dimensions come
/// first and have size 1.
inline conv_problem in_three_dimensions(conv_problem p) {
  p = p.checked();
  const auto widen = [&](spatial& s, index_t otherwise) {
    spatial wide = spatial::all(3, otherwise);
    for (int d = 0; d < p.rank(); ++d) wide[3 - p.rank() + d] = s[d];
    return wide;
  };
  conv_problem q = p;
  q.kernel = widen(p.kernel, 1);
  q.stride = widen(p.stride, 1);
  q.pad = widen(p.pad, 0);
  q.pad_end = widen(p.pad_end, 0);
  q.dilation = widen(p.dilation, 1);
  q.size = widen(p.size, 1);
  return q;
}

/// What the choice of an algorithm depends on.
struct query {
  conv_problem problem;  ///< in three dimensions
  direction pass = direction::forward;
  simdnn::accuracy accuracy = simdnn::accuracy::normal;
  bool src_plain_channels = false;  ///< src's channels are neither blocked nor innermost (nchw)
  index_t src_block = 1;            ///< block of src's channels
  bool dst_plain_channels = false;  ///< the same for dst
  index_t dst_block = 1;
  bool band = false;  ///< the images are rows of larger ones, in place (conv_pool)
};

inline query make_query(const layout& src, const layout& dst, const conv_problem& p, direction pass,
                        simdnn::accuracy accuracy) {
  const auto plain = [](const layout& l) { return contiguity_of(l) == contiguity::pixels; };
  return {.problem = in_three_dimensions(p),
          .pass = pass,
          .accuracy = accuracy,
          .src_plain_channels = plain(src),
          .src_block = src.block(1),
          .dst_plain_channels = plain(dst),
          .dst_block = dst.block(1)};
}
/// Whether a workspace of `bytes` for each worker is in proportion to the operands. Sizes are
/// double, so that their products do not overflow.
inline bool in_proportion(const conv_problem& p, double bytes) {
  constexpr double always = 64 << 20, times = 16, bytes_an_element = 8;
  return bytes <= always || bytes <= times * bytes_an_element * p.elements();
}
/// Number of elements of src, padding included, from the first to the last that so many consecutive
/// outputs read in dimension d.
inline double reach(const conv_problem& p, int d, double outputs) {
  return (outputs - 1) * static_cast<double>(p.stride[d]) +
         static_cast<double>(p.kernel[d] - 1) * static_cast<double>(p.dilation[d]) + 1;
}

template <layout Src, layout Dst>
query make_query(const conv_problem& p, direction pass, simdnn::accuracy accuracy) {
  return make_query(Src, Dst, p, pass, accuracy);
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
