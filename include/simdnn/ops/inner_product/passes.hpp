// inner_product's passes: their operands, and the calls of their algorithms.
#pragma once

#include <simdnn/ops/inner_product/algorithms.hpp>
#include <simdnn/plan/epilogue.hpp>
#include <simdnn/plan/plan.hpp>

namespace simdnn::inline SIMDNN_ABI::inner_product {

template <class T, layout Src, class Isa, direction Way>
struct description {
  static_assert(is_src_layout<Src>(),
                "inner_product: src has a layout of n, c and up to three of d, h, w, n outermost, "
                "of which only c may be blocked, such as \"nc\", \"nchw\", \"nhwc\", \"nChw16c\"");
  using problem_type = inner_product_problem;
  using isa_tag = Isa;
  using algorithm_list = all<T, Src, Isa>;
  static constexpr direction way = Way;

  static inner_product::query query(const inner_product_problem& p, const policy& policy) {
    return {p, Way, policy.accuracy};
  }
  template <layout W>
  static void pack(const chosen_algorithm& chosen, const view<const T, W>& weights, T* packed,
                   executor_ref executor) {
    algorithm_list::visit(chosen, [&](const auto& a) { a.pack(weights, packed, executor); });
  }
};

template <class T, layout Src, class Isa>
struct forward : description<T, Src, Isa, direction::forward> {
  static constexpr const char* name = pass_name(direction::forward);
  using operands =
      operand_list<in<"src", T, Src, &inner_product_problem::src_shape, needs::images>,
                   weights<"weights", T, any_weights<Src>{}, &inner_product_problem::weights_shape>,
                   out<"dst", T, layout("nc"), &inner_product_problem::dst_shape, needs::fastest>>;
  using post_ops = after<"dst">;
  static index_t terms(const inner_product_problem& p) {
    return p.weights_shape().elements() / p.out;
  }
  static void run(const inner_product_problem&, const chosen_algorithm& chosen,
                  const view<const T, Src>& src, const T* packed, const view<T, "nc">& dst,
                  const epilogue::fused<T>& post, const call_context& call) {
    all<T, Src, Isa>::visit(chosen, [&](const auto& a) {
      a.forward(src, packed, dst, post, call.executor, call.workspace);
    });
  }
};

template <class T, layout Src, class Isa>
struct backward_data : description<T, Src, Isa, direction::backward_data> {
  static constexpr const char* name = pass_name(direction::backward_data);
  using operands = operand_list<
      in<"diff_dst", T, layout("nc"), &inner_product_problem::dst_shape, needs::fastest>,
      weights<"weights", T, any_weights<Src>{}, &inner_product_problem::weights_shape>,
      out<"diff_src", T, Src, &inner_product_problem::src_shape, needs::images>>;
  static index_t terms(const inner_product_problem& p) { return p.out; }
  static void run(const inner_product_problem&, const chosen_algorithm& chosen,
                  const view<const T, "nc">& diff_dst, const T* packed,
                  const view<T, Src>& diff_src, const call_context& call) {
    all<T, Src, Isa>::visit(chosen, [&](const auto& a) {
      a.backward_data(diff_dst, packed, diff_src, call.executor, call.workspace);
    });
  }
};

template <class T, layout Src, class Isa>
struct backward_weights : description<T, Src, Isa, direction::backward_weights> {
  static constexpr const char* name = pass_name(direction::backward_weights);
  static shape bias_shape(const inner_product_problem& p) { return {p.out}; }
  using operands = operand_list<
      in<"src", T, Src, &inner_product_problem::src_shape, needs::images>,
      in<"diff_dst", T, layout("nc"), &inner_product_problem::dst_shape, needs::fastest>,
      out<"diff_weights", T, plain_weights<Src>{}, &inner_product_problem::weights_shape>,
      out<"diff_bias", T, layout("x"), &backward_weights::bias_shape, needs::fastest,
          optional_operand>>;
  static index_t terms(const inner_product_problem& p) { return p.batch; }
  template <layout W>
  static void run(const inner_product_problem&, const chosen_algorithm& chosen,
                  const view<const T, Src>& src, const view<const T, "nc">& diff_dst,
                  const view<T, W>& diff_weights, const view<T, "x">* diff_bias,
                  const call_context& call) {
    T* const bias = diff_bias == nullptr ? nullptr : diff_bias->data();
    all<T, Src, Isa>::visit(chosen, [&](const auto& a) {
      a.backward_weights(src, diff_dst, diff_weights, bias, call.executor, call.workspace);
    });
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::inner_product
