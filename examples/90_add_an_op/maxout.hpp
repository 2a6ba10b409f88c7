// maxout: the largest of `pieces` consecutive channels, in one to three spatial dimensions.
//
//     maxout_problem p{.channels = 32, .pieces = 2, .size = {56, 56}};
//     maxout_forward(p, src, dst, argmax);                        one shot
//     maxout_backward(p, diff_dst, argmax, diff_src);
//     maxout_plan<float, "nChw16c"> plan{p};                      many calls
//     plan(src, dst);  plan(src, dst, argmax);
//
// The forward pass saves `argmax`, a tensor like dst, for the gradient: for each output the number
// j of the largest piece, the first of equal ones. A NaN counts as largest.
//
// All operands have the same layout, such as nchw, nhwc or nChw16c. The elements of one image have
// no gaps between them; images may have any distance from each other.
//
// This operation is an example to copy. In the library the file would be ops/maxout.hpp and the
// folder ops/maxout/.
#pragma once

#include <simdnn/plan/plan.hpp>

#include "maxout/algorithms.hpp"

namespace simdnn::inline SIMDNN_ABI {

namespace maxout {

/// Whether this is a layout of n, c and pixels in which a pixel's place depends only on its number.
constexpr bool takes(const layout& l) {
  const bool images = l.rank() >= 3 && l.dim('n') == 0 && l.dim('c') == 1 &&
                      l.dim('w') == l.rank() - 1 && l.outer_dim(0) == 0;
  const bool channels_first = l.outer_dim(1) == 1, channels_last = l.outer_dim(l.rank() - 1) == 1;
  return images && (l.plain() ? channels_first || channels_last
                              : channels_first && l.block(1) == l.block_size());
}

// What both passes have in common.
template <class T, layout L, class Isa>
struct description {
  static_assert(takes(L), "maxout takes layouts such as nchw, nhwc and nChw16c");
  using problem_type = maxout_problem;
  using isa_tag = Isa;
  using algorithm_list = all<T, L, Isa>;
  static constexpr bool memory_bound = true;
  static index_t pieces(const maxout_problem& p) { return p.pieces; }
};

template <class T, layout L, class Isa>
struct forward : description<T, L, Isa> {
  static constexpr const char* name = "maxout_forward";
  using operands = operand_list<
      in<"src", T, L, &maxout_problem::src_shape, needs::images>,
      out<"dst", T, L, &maxout_problem::dst_shape, needs::images>,
      saved<"argmax", T, L, &maxout_problem::dst_shape, needs::images, optional_operand>>;
};

template <class T, layout L, class Isa>
struct backward : description<T, L, Isa> {
  static constexpr const char* name = "maxout_backward";
  static constexpr direction way = direction::backward_data;
  using operands = operand_list<in<"diff_dst", T, L, &maxout_problem::dst_shape, needs::images>,
                                in<"argmax", T, L, &maxout_problem::dst_shape, needs::images,
                                   indices_below<&description<T, L, Isa>::pieces>>,
                                out<"diff_src", T, L, &maxout_problem::src_shape, needs::images>>;
};

}  // namespace maxout

template <class T, layout L, class Isa = isa::native>
class maxout_plan : public plan<maxout::forward<T, L, Isa>> {
 public:
  using plan<maxout::forward<T, L, Isa>>::plan;
};
template <class T, layout L, class Isa = isa::native>
class maxout_backward_plan : public plan<maxout::backward<T, L, Isa>> {
 public:
  using plan<maxout::backward<T, L, Isa>>::plan;
};

/// dst may be followed by argmax, and then by an executor, a policy or both.
template <class Isa = isa::native, tensor_like Src, tensor_like Dst, class... Rest>
void maxout_forward(const maxout_problem& p, const Src& src, Dst&& dst, Rest&&... rest) {
  run_once<maxout::forward<element_of<Src>, Src::format, Isa>>(p, src, dst, rest...);
}
/// diff_src[n][c * pieces + j][y] = argmax[n][c][y] == j ? diff_dst[n][c][y] : 0.
template <class Isa = isa::native, tensor_like DiffDst, tensor_like Argmax, tensor_like DiffSrc,
          class... Extras>
void maxout_backward(const maxout_problem& p, const DiffDst& diff_dst, const Argmax& argmax,
                     DiffSrc&& diff_src, Extras&&... extras) {
  using pass = maxout::backward<element_of<DiffDst>, DiffDst::format, Isa>;
  run_once<pass>(p, diff_dst, argmax, diff_src, extras...);
}

using maxout_passes = pass_list<maxout::forward<float, "nchw", isa::native>,
                                maxout::backward<float, "nchw", isa::native>>;

}  // namespace simdnn::inline SIMDNN_ABI
