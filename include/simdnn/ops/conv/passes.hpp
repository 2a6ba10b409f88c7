// The passes of convolution: their operands, and the calls of their algorithms.
#pragma once

#include <simdnn/ops/conv/entry_points.hpp>
#include <simdnn/plan/epilogue.hpp>
#include <simdnn/plan/plan.hpp>
#include <simdnn/walk/strided_copy.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, layout Src, layout Dst, class Isa, direction Way>
struct description {
  using problem_type = conv_problem;
  using isa_tag = Isa;
  using functions = entry_points<T, Isa>;
  static constexpr direction way = Way;
  static constexpr const char* name = Way == direction::forward         ? "conv_forward"
                                      : Way == direction::backward_data ? "conv_backward_data"
                                                                        : "conv_backward_weights";
  static conv_problem checked(const conv_problem& p) {
    check_rank(p.size, Src, name);
    return functions::checked(p, name);
  }
  static std::string text(const conv_problem& p) { return functions::text(p); }
  static conv::query query(const conv_problem& p, const policy& policy) {
    return functions::make_query(Src, Dst, p, way, policy.accuracy);
  }
  static chosen_algorithm choose(const conv::query& q, const policy& policy, const char* op) {
    return functions::choose(q, policy, op);
  }
  static auto describe(const conv::query& q, const policy& policy) {
    return functions::describe(q, policy);
  }
  template <layout W>
  static void pack(const chosen_algorithm& chosen, const view<const T, W>& weights, T* packed,
                   executor_ref executor) {
    functions::pack(chosen, way, as_filter(weights), packed, executor);
  }
};

template <class T, layout Src, layout Dst, class Isa>
struct forward : description<T, Src, Dst, Isa, direction::forward> {
  using algorithm_list = forward_algorithms<T, Isa>;
  using operands =
      operand_list<in<"src", T, Src, &conv_problem::src_shape>,
                   weights<"weights", T, any_filter<Src>{}, &conv_problem::weights_shape>,
                   out<"dst", T, Dst, &conv_problem::dst_shape>>;
  using post_ops = after<"dst">;
  static index_t terms(const conv_problem& p) { return p.weights_shape().elements() / p.out; }
  static void run(const conv_problem& p, const chosen_algorithm& chosen,
                  const view<const T, Src>& src, const T* packed, const view<T, Dst>& dst,
                  const epilogue::fused<T>& post, const call_context& call) {
    entry_points<T, Isa>::forward(p, chosen, as_image(src), packed, as_image(dst), post,
                                  call.executor, call.workspace);
  }
};

template <class T, layout Src, layout Dst, class Isa>
struct backward_data : description<T, Src, Dst, Isa, direction::backward_data> {
  using algorithm_list = backward_data_algorithms<T, Isa>;
  using operands =
      operand_list<in<"diff_dst", T, Dst, &conv_problem::dst_shape>,
                   weights<"weights", T, any_filter<Src>{}, &conv_problem::weights_shape>,
                   out<"diff_src", T, Src, &conv_problem::src_shape>>;
  static index_t terms(const conv_problem& p) { return p.weights_shape().elements() / p.in; }
  static void run(const conv_problem& p, const chosen_algorithm& chosen,
                  const view<const T, Dst>& diff_dst, const T* packed, const view<T, Src>& diff_src,
                  const call_context& call) {
    entry_points<T, Isa>::backward_data(p, chosen, as_image(diff_dst), packed, as_image(diff_src),
                                        call.executor, call.workspace);
  }
};

template <class T, layout Src, layout Dst, class Isa>
struct backward_weights : description<T, Src, Dst, Isa, direction::backward_weights> {
  using algorithm_list = backward_weights_algorithms<T, Isa>;
  static shape bias_shape(const conv_problem& p) { return {p.out}; }
  using operands =
      operand_list<in<"src", T, Src, &conv_problem::src_shape>,
                   in<"diff_dst", T, Dst, &conv_problem::dst_shape>,
                   out<"diff_weights", T, any_filter<Src>{}, &conv_problem::weights_shape>,
                   out<"diff_bias", T, layout("x"), &backward_weights::bias_shape, needs::fastest,
                       optional_operand>>;
  static index_t terms(const conv_problem& p) { return p.dst_shape().elements() / p.out; }
  template <layout W>
  static void run(const conv_problem& p, const chosen_algorithm& chosen,
                  const view<const T, Src>& src, const view<const T, Dst>& diff_dst,
                  const view<T, W>& diff_weights, const view<T, "x">* diff_bias,
                  const call_context& call) {
    entry_points<T, Isa>::backward_weights(
        p, chosen, as_image(src), as_image(diff_dst), as_filter(diff_weights),
        diff_bias == nullptr ? nullptr : diff_bias->data(), call.executor, call.workspace);
    zero_padding(diff_weights, call.executor);
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
