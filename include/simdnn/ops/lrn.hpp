// lrn: local response normalisation across channels, as in AlexNet and ONNX.
//
//     dst[n][c][y] = src[n][c][y] * s[n][c][y]^-beta
//     s[n][c][y] = k + alpha / local_size * sum over j in c's window of src[n][j][y]^2
//
//     lrn_problem p{.batch = 8, .channels = 96, .size = {55, 55}, .local_size = 5, .k = 2};
//     lrn_forward(p, src, dst);                                   one shot
//     lrn_backward(p, diff_dst, src, diff_src);
//     lrn_plan<float, "nchw"> plan{p};  plan(src, dst);           many calls
//
// The window of channel c is c - floor((local_size - 1) / 2) .. c + ceil((local_size - 1) / 2),
// without those outside 0 .. C - 1.
//
// Layouts have n, c and up to three spatial dimensions; only the channels may be blocked. If the
// channels are the fastest dimension, they must be contiguous. In a pixel, a NaN makes NaN of all
// channels whose windows contain it; an infinity makes NaN of its own channel only. Squares must
// not overflow.
#pragma once

#include <simdnn/ops/lrn/algorithms.hpp>
#include <simdnn/plan/plan.hpp>

namespace simdnn::inline SIMDNN_ABI {
namespace lrn {

template <class T, layout L, class Isa>
struct description {
  static_assert(L.dim('n') == 0 && L.dim('c') == 1 && (L.rank() == 2 || L.dim('w') == L.rank() - 1),
                "lrn takes layouts of n, c and up to three spatial dimensions: nc, nchw, nhwc, "
                "nChw16c ...");
  static_assert(contiguity_of(L) != contiguity::any,
                "lrn takes layouts in which nothing but the channels is blocked");
  using problem_type = lrn_problem;
  using isa_tag = Isa;
  using algorithm_list = all<T, L, Isa>;
  static constexpr bool memory_bound = true;
  static index_t terms(const lrn_problem& p) { return p.local_size; }
};

template <class T, layout L, class Isa>
struct forward : description<T, L, Isa> {
  static constexpr const char* name = "lrn_forward";
  using operands = operand_list<in<"src", T, L, &lrn_problem::src_shape, needs::channels>,
                                out<"dst", T, L, &lrn_problem::src_shape, like<"src">>>;
};

template <class T, layout L, class Isa>
struct backward : description<T, L, Isa> {
  static constexpr const char* name = "lrn_backward";
  static constexpr direction way = direction::backward_data;
  using operands = operand_list<
      in<"diff_dst", T, L, &lrn_problem::src_shape, like<"src">>,
      in<"src", T, L, &lrn_problem::src_shape, needs::channels>,
      out<"diff_src", T, L, &lrn_problem::src_shape, like<"src">, in_place_of<"diff_dst">>>;
};

}  // namespace lrn
template <class T, layout L, class Isa = isa::native>
class lrn_plan : public plan<lrn::forward<T, L, Isa>> {
 public:
  using plan<lrn::forward<T, L, Isa>>::plan;
};
template <class T, layout L, class Isa = isa::native>
class lrn_backward_plan : public plan<lrn::backward<T, L, Isa>> {
 public:
  using plan<lrn::backward<T, L, Isa>>::plan;
};

/// src and dst are {batch, channels, size...}. They have the same layout and strides, and share no
/// memory. Extras: a policy, an executor, a workspace.
template <class Isa = isa::native, tensor_like Src, tensor_like Dst, class... Extras>
void lrn_forward(const lrn_problem& p, const Src& src, Dst&& dst, Extras&&... extras) {
  run_once<lrn::forward<element_of<Src>, Src::format, Isa>>(p, src, dst, extras...);
}

/// The gradient with respect to src, for which s is computed again. diff_src may be diff_dst
/// itself.
template <class Isa = isa::native, tensor_like DiffDst, tensor_like Src, tensor_like DiffSrc,
          class... Extras>
void lrn_backward(const lrn_problem& p, const DiffDst& diff_dst, const Src& src, DiffSrc&& diff_src,
                  Extras&&... extras) {
  using pass = lrn::backward<element_of<Src>, Src::format, Isa>;
  run_once<pass>(p, diff_dst, src, diff_src, extras...);
}

using lrn_passes = pass_list<lrn::forward<float, "nChw16c", isa::native>,
                             lrn::backward<float, "nChw16c", isa::native>>;

}  // namespace simdnn::inline SIMDNN_ABI
