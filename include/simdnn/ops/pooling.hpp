// pooling: the largest element or the mean of a window that slides over an image, in one to three
// spatial dimensions.
//
//     pooling_problem p{.channels = 64, .size = {56, 56}, .kernel = {2, 2}, .stride = {2, 2}};
//     pooling_forward(p, src, dst);                               one shot
//     pooling_backward(p, diff_dst, argmax, diff_src);
//     pooling_plan<float, "nChw16c"> plan{p};                     many calls
//     plan(src, dst);  plan(src, dst, argmax);
//
// `argmax`, a tensor like dst, is what max pooling saves for its gradient. For each output, forward
// writes the number of the kernel position with the largest element, kd * KH * KW + kh * KW + kw,
// or the first such position if several are equal. These numbers are exact in float. Average
// pooling neither writes nor reads argmax; pass `none`: pooling_backward(p, diff_dst, none,
// diff_src).
//
// src and dst have the same layout, of n, c and one to three spatial dimensions. In a plain layout,
// the fastest dimension must have stride 1.
#pragma once

#include <simdnn/ops/pooling/algorithms.hpp>
#include <simdnn/plan/plan.hpp>
#include <simdnn/walk/strided_copy.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace pooling {

template <class T, layout L, class Isa>
struct description {
  static_assert(
      L.dim('n') == 0 && L.dim('c') == 1 && L.dim('w') == L.rank() - 1 && L.rank() >= 3,
      "pooling takes layouts of n, c and one to three spatial dimensions: ncw, nchw, nhwc, "
      "ncdhw, nChw16c ...");
  using problem_type = pooling_problem;
  using isa_tag = Isa;
  using algorithm_list = all<T, L, Isa>;
  static constexpr bool memory_bound = true;

  static index_t terms(const pooling_problem& p) { return joined({}, p.kernel).elements(); }
  static std::string text(const pooling_problem& p) { return p.str() + "_n" + to_name(p.kind); }
};

template <class T, layout L, class Isa>
struct forward : description<T, L, Isa> {
  static constexpr const char* name = "pooling_forward";
  using operands = operand_list<
      in<"src", T, L, &pooling_problem::src_shape, needs::fastest>,
      out<"dst", T, L, &pooling_problem::dst_shape, needs::fastest>,
      saved<"argmax", T, L, &pooling_problem::dst_shape, needs::fastest, optional_operand>>;
  static void run(const pooling_problem&, const chosen_algorithm& chosen,
                  const view<const T, L>& src, const view<T, L>& dst, const view<T, L>* argmax,
                  const call_context& call) {
    forward::algorithm_list::visit(
        chosen, [&](const auto& a) { a.forward(src, dst, argmax, call.executor, call.workspace); });
    // In the padding of blocks, the maxima are zero because src is. Their positions are not zero if
    // there is a pad.
    if (argmax != nullptr) zero_padding(*argmax, call.executor);
  }
};

template <class T, layout L, class Isa>
struct backward : description<T, L, Isa> {
  static constexpr const char* name = "pooling_backward";
  static constexpr direction way = direction::backward_data;
  using operands = operand_list<in<"diff_dst", T, L, &pooling_problem::dst_shape, needs::fastest>,
                                in<"argmax", T, L, &pooling_problem::dst_shape, needs::fastest,
                                   optional_operand, indices_below<&description<T, L, Isa>::terms>>,
                                out<"diff_src", T, L, &pooling_problem::src_shape, needs::fastest>>;
  static void check(const pooling_problem& p, const view<const T, L>&,
                    const view<const T, L>& argmax, const view<T, L>&) {
    if (p.kind == pooling_kind::max && argmax.shape().rank() == 0)
      throw_error(name, "argmax", "what the forward pass of max pooling saved", "none");
  }
  static void run(const pooling_problem& p, const chosen_algorithm& chosen,
                  const view<const T, L>& diff_dst, const view<const T, L>* argmax,
                  const view<T, L>& diff_src, const call_context& call) {
    if (p.kind != pooling_kind::max) argmax = nullptr;
    backward::algorithm_list::visit(chosen, [&](const auto& a) {
      a.backward(diff_dst, argmax, diff_src, call.executor, call.workspace);
    });
  }
};

}  // namespace pooling

template <class T, layout L, class Isa = isa::native>
class pooling_plan : public plan<pooling::forward<T, L, Isa>> {
 public:
  using plan<pooling::forward<T, L, Isa>>::plan;
};
template <class T, layout L, class Isa = isa::native>
class pooling_backward_plan : public plan<pooling::backward<T, L, Isa>> {
 public:
  using plan<pooling::backward<T, L, Isa>>::plan;
};

template <class Isa = isa::native, tensor_like Src, tensor_like Dst, class... Rest>
void pooling_forward(const pooling_problem& p, const Src& src, Dst&& dst, Rest&&... rest) {
  run_once<pooling::forward<element_of<Src>, Src::format, Isa>>(p, src, dst, rest...);
}
template <class Isa = isa::native, tensor_like DiffDst, class Argmax, tensor_like DiffSrc,
          class... Extras>
void pooling_backward(const pooling_problem& p, const DiffDst& diff_dst, const Argmax& argmax,
                      DiffSrc&& diff_src, Extras&&... extras) {
  using pass = pooling::backward<element_of<DiffDst>, DiffDst::format, Isa>;
  run_once<pass>(p, diff_dst, argmax, diff_src, extras...);
}

using pooling_passes = pass_list<pooling::forward<float, "nChw16c", isa::native>,
                                 pooling::backward<float, "nChw16c", isa::native>>;

}  // namespace simdnn::inline SIMDNN_ABI
