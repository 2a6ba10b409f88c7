// conv_pool: a two-dimensional convolution and 2x2 max pooling of its results with stride 2, in one
// operation, which never stores the convolution's results as a whole:
//     dst[n][c][y][x] = max over i, j in 0..1 of post_ops(conv(src))[n][c][2 y + i][2 x + j]
//
//     conv_problem p{.in = 64, .out = 64, .size = {224, 224}, .kernel = {3, 3}, .pad = {1, 1}};
//     conv_pool_forward(p, src, weights, dst, post::bias(b) | post::relu());    one shot
//     conv_pool_plan<float, "nChw16c"> plan{p};                                 many calls
//     auto packed_weights = plan.pack(weights);
//     tensor<float, "nChw16c"> dst(plan.shape_of("dst"));
//     plan(src, packed_weights, dst, post::bias(b) | post::relu());
//
// src is {batch, in, h, w}, weights {out, in / groups, kh, kw}, dst {batch, out, oh / 2, ow / 2},
// where oh and ow are the convolution's output sizes. If one of them is odd, the last row or column
// is dropped, as in pooling without padding. Layouts are those of conv; dst's channels or pixels
// must be contiguous. Post-ops are applied to the convolution's results, before pooling. All are
// allowed but post::sum, whose residual would have the size of results that are never stored.
#pragma once

#include <simdnn/ops/conv_pool/banded.hpp>
#include <simdnn/plan/epilogue.hpp>
#include <simdnn/plan/plan.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace conv_pool {

template <class PostOp>
inline constexpr bool sums = false;
template <class... Ops>
inline constexpr bool sums<post::sequence<Ops...>> = (sums<Ops> || ...);
template <class T, layout L>
inline constexpr bool sums<post::sum_op<T, L>> = true;

/// The algorithms are those of the forward convolution, constructed for a band of the problem.
template <class T, layout Src, layout Dst, class Isa>
struct forward {
  static_assert(Src.rank() == 4 && Dst.rank() == 4 &&
                    (!Dst.plain() || Dst.letter(Dst.outer_dim(3)) == 'c' ||
                     Dst.letter(Dst.outer_dim(3)) == 'w'),
                "conv_pool takes layouts of n, c, h and w, such as \"nchw\", \"nhwc\" or "
                "\"nChw16c\"; dst's channels or pixels are contiguous");
  static constexpr const char* name = "conv_pool_forward";
  using problem_type = conv_problem;
  using isa_tag = Isa;
  using algorithm_list = conv::forward_algorithms<T, Isa>;
  using operands =
      operand_list<in<"src", T, Src, &conv_problem::src_shape>,
                   weights<"weights", T, conv::any_filter<Src>{}, &conv_problem::weights_shape>,
                   out<"dst", T, Dst, &conv_pool::dst_shape, needs::fastest>>;
  using post_ops = after<"dst">;
  template <class PostOps>
  static constexpr void takes() {
    static_assert(!sums<PostOps>,
                  "conv_pool takes no post::sum: the convolution's results, of whose size the "
                  "residual is, are never stored");
  }

  static conv_problem checked(const conv_problem& problem) {
    const conv_problem p = problem.checked(name);
    check_rank(p.size, Src, name);
    if (p.output(0) < 2 || p.output(1) < 2)
      throw_error(name, "output", "at least 2x2", spatial{p.output(0), p.output(1)}.str());
    return p;
  }
  static bands cut(const conv_problem& p, const policy& policy) {
    return cut_into_bands<T, Isa>(
        conv::make_query(Src, Dst, p, direction::forward, policy.accuracy));
  }
  static conv::query query(const conv_problem& p, const policy& policy) {
    return cut(p, policy).convolution;
  }
  static chosen_algorithm choose(const conv::query& q, const policy& policy, const char* op) {
    return conv::entry_points<T, Isa>::choose(q, policy, op);
  }
  static auto describe(const conv::query& q, const policy& policy) {
    return conv::entry_points<T, Isa>::describe(q, policy);
  }
  static index_t terms(const conv_problem& p) { return p.weights_shape().elements() / p.out; }
  static auto prepare(const conv_problem& p) { return banded<T, Src, Dst, Isa>(cut(p, {})); }
  template <class Banded>
  static index_t workspace_bytes(const Banded& b, const chosen_algorithm& chosen, int workers) {
    return b.workspace_bytes(chosen, workers);
  }
  template <layout W>
  static void pack(const chosen_algorithm& chosen, const view<const T, W>& weights, T* packed,
                   executor_ref executor) {
    conv::entry_points<T, Isa>::pack(chosen, direction::forward, conv::as_filter(weights), packed,
                                     executor);
  }
  template <class Banded>
  static void run(const Banded& b, const chosen_algorithm& chosen, const view<const T, Src>& src,
                  const T* packed, const view<T, Dst>& dst, const epilogue::fused<T>& post,
                  const call_context& call) {
    b.forward(chosen, src, packed, dst, post, call.executor, call.workspace);
  }
};

}  // namespace conv_pool

/// Weights must be packed by a conv_pool_plan, not by a conv_plan.
template <class T, layout Src, layout Dst = Src, class Isa = isa::native>
class conv_pool_plan : public plan<conv_pool::forward<T, Src, Dst, Isa>> {
 public:
  using plan<conv_pool::forward<T, Src, Dst, Isa>>::plan;
};

template <class Isa = isa::native, tensor_like Src, class Weights, tensor_like Dst, class... Extras>
void conv_pool_forward(const conv_problem& p, const Src& src, const Weights& weights, Dst&& dst,
                       Extras&&... extras) {
  using pass =
      conv_pool::forward<element_of<Src>, Src::format, std::remove_cvref_t<Dst>::format, Isa>;
  run_once<pass>(p, src, weights, dst, extras...);
}

using conv_pool_passes = pass_list<conv_pool::forward<float, "nChw16c", "nChw16c", isa::native>>;

}  // namespace simdnn::inline SIMDNN_ABI
