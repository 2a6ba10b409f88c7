// activation: dst = f(src), element by element. f is one of function::relu, leaky_relu, elu, tanh,
// sigmoid and clamp, or any callable that takes vec, float and double alike.
//
//     activation_forward(function::tanh{}, src, dst);                        one shot
//     activation_plan<function::tanh, float, "nchw"> plan{{src.shape()}};    many calls
//     plan(src, dst);
//
// All operands have the same layout, shape and strides, which may be any. The padding of blocks
// stays zero.
#pragma once

#include <simdnn/epilogue/functions.hpp>
#include <simdnn/ops/activation/algorithms.hpp>
#include <simdnn/plan/plan.hpp>
#include <simdnn/problem/tensor_problem.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class F>
struct activation_problem : tensor_problem {
  F function = {};

  activation_problem checked(const char* op) const {
    tensor_problem::checked(op);
    return *this;
  }
};

namespace activation {

template <class F, class T, layout L, class Isa>
struct description {
  using problem_type = activation_problem<F>;
  using isa_tag = Isa;
  using algorithm_list = all<F, T, L, Isa>;
  static constexpr bool memory_bound = true;
  static shape query(const problem_type& p, const policy&) { return p.sizes; }
};

/// dst may be src itself.
template <class F, class T, layout L, class Isa>
struct forward : description<F, T, L, Isa> {
  static constexpr const char* name = "activation_forward";
  using operands = operand_list<
      in<"src", T, L, &tensor_problem::tensor_shape>,
      out<"dst", T, L, &tensor_problem::tensor_shape, like<"src">, in_place_of<"src">>>;
  static void run(const activation_problem<F>& p, const chosen_algorithm& chosen,
                  const view<const T, L>& src, const view<T, L>& dst, const call_context& call) {
    forward::algorithm_list::visit(
        chosen, [&](const auto& a) { a.forward(p.function, src, dst, call.executor); });
  }
};

/// diff_src = f.gradient(diff_dst, src, dst). diff_src may be any of the other operands itself.
template <class F, class T, layout L, class Isa>
struct backward : description<F, T, L, Isa> {
  static constexpr const char* name = "activation_backward";
  static constexpr direction way = direction::backward_data;
  using operands =
      operand_list<in<"diff_dst", T, L, &tensor_problem::tensor_shape, like<"src">>,
                   in<"src", T, L, &tensor_problem::tensor_shape>,
                   in<"dst", T, L, &tensor_problem::tensor_shape, like<"src">>,
                   out<"diff_src", T, L, &tensor_problem::tensor_shape, like<"src">,
                       in_place_of<"diff_dst">, in_place_of<"src">, in_place_of<"dst">>>;
  static void run(const activation_problem<F>& p, const chosen_algorithm& chosen,
                  const view<const T, L>& diff_dst, const view<const T, L>& src,
                  const view<const T, L>& dst, const view<T, L>& diff_src,
                  const call_context& call) {
    backward::algorithm_list::visit(chosen, [&](const auto& a) {
      a.backward(p.function, diff_dst, src, dst, diff_src, call.executor);
    });
  }
};

}  // namespace activation

template <class F, class T, layout L, class Isa = isa::native>
class activation_plan : public plan<activation::forward<F, T, L, Isa>> {
 public:
  using plan<activation::forward<F, T, L, Isa>>::plan;
};
template <class F, class T, layout L, class Isa = isa::native>
class activation_backward_plan : public plan<activation::backward<F, T, L, Isa>> {
 public:
  using plan<activation::backward<F, T, L, Isa>>::plan;
};

template <class Isa = isa::native, class F, tensor_like Src, tensor_like Dst, class... Extras>
void activation_forward(const F& f, const Src& src, Dst&& dst, Extras&&... extras) {
  using pass = activation::forward<F, element_of<Src>, Src::format, Isa>;
  run_once<pass>({{src.as_view().shape()}, f}, src, dst, extras...);
}

/// After a forward pass in place, pass dst as src too. tanh, sigmoid, clamp and relu read only dst.
/// leaky_relu and elu read src only for its sign, which is dst's if slope and alpha are positive.
template <class Isa = isa::native, class F, tensor_like DiffDst, tensor_like Src, tensor_like Dst,
          tensor_like DiffSrc, class... Extras>
void activation_backward(const F& f, const DiffDst& diff_dst, const Src& src, const Dst& dst,
                         DiffSrc&& diff_src, Extras&&... extras) {
  using pass = activation::backward<F, element_of<Src>, Src::format, Isa>;
  run_once<pass>({{src.as_view().shape()}, f}, diff_dst, src, dst, diff_src, extras...);
}

using activation_passes =
    pass_list<activation::forward<function::relu, float, "nChw16c", isa::native>,
              activation::backward<function::relu, float, "nChw16c", isa::native>>;

}  // namespace simdnn::inline SIMDNN_ABI
