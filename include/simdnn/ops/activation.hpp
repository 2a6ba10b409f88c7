// activation: dst = f(src), element by element, with f one of function::relu, leaky_relu, elu,
// tanh, sigmoid and clamp, or any callable that takes vec, float and double alike.
//
// Operands have one layout, shape and strides; any layout and any strides will do. Blocks' padding
// is left zero.
#pragma once

#include <simdnn/epilogue/functions.hpp>
#include <simdnn/ops/activation/algorithms.hpp>
#include <simdnn/parallel/grain.hpp>
#include <simdnn/plan/same_layout.hpp>
#include <simdnn/trace/call_record.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace activation {

template <class A, class B>
constexpr void require_same_layout() {
  static_assert(std::is_same_v<std::remove_const_t<typename A::value_type>,
                               std::remove_const_t<typename B::value_type>>,
                "activation takes operands of one element type");
  static_assert(A::format == B::format, "activation takes operands of one layout");
}

}  // namespace activation

/// dst = f(src). dst may be src itself; other overlap is an error, as is a dst of another shape or
/// other strides.
template <class Isa = isa::native, class F, tensor_like Src, tensor_like Dst>
void activation_forward(const F& f, const Src& src, Dst&& dst,
                        executor_ref executor = default_executor()) {
  using D = std::remove_cvref_t<Dst>;
  activation::require_same_layout<Src, D>();
  constexpr const char* op = "activation_forward";
  using T = typename D::value_type;
  const view<const T, D::format> x = src.as_view();
  const view<T, D::format> y = dst.as_view();
  check_given(x, op, "src");
  check_same_layout(y, x, op, "dst", "src");
  check_same_or_apart(y, x, op, "dst", "src");
  if (x.empty()) return;
  executor = for_elements(executor, static_cast<double>(x.shape().elements()));
  using direct = activation::direct<F, T, D::format, Isa>;
  const calls::timer timer;
  direct(x.shape()).forward(f, x, y, executor);
  timer.stop(executor, [&] {
    return calls::record<T, Isa, D::format>(op, direct::name, x.shape().str(),
                                            2 * static_cast<double>(x.shape().elements()));
  });
}

/// diff_src = f.gradient(diff_dst, src, dst). diff_src may be any of the others itself; other
/// overlap is an error. After a forward pass in place give dst as src too: tanh, sigmoid, clamp and
/// relu look at dst alone, leaky_relu and elu only at src's sign, which is dst's where slope and
/// alpha are positive.
template <class Isa = isa::native, class F, tensor_like DiffDst, tensor_like Src, tensor_like Dst,
          tensor_like DiffSrc>
void activation_backward(const F& f, const DiffDst& diff_dst, const Src& src, const Dst& dst,
                         DiffSrc&& diff_src, executor_ref executor = default_executor()) {
  using R = std::remove_cvref_t<DiffSrc>;
  activation::require_same_layout<DiffDst, R>();
  activation::require_same_layout<Src, R>();
  activation::require_same_layout<Dst, R>();
  constexpr const char* op = "activation_backward";
  using T = typename R::value_type;
  const view<const T, R::format> g = diff_dst.as_view(), x = src.as_view(), y = dst.as_view();
  const view<T, R::format> r = diff_src.as_view();
  check_given(x, op, "src");
  check_same_layout(g, x, op, "diff_dst", "src");
  check_same_layout(y, x, op, "dst", "src");
  check_same_layout(r, x, op, "diff_src", "src");
  check_same_or_apart(r, g, op, "diff_src", "diff_dst");
  check_same_or_apart(r, x, op, "diff_src", "src");
  check_same_or_apart(r, y, op, "diff_src", "dst");
  if (x.empty()) return;
  executor = for_elements(executor, static_cast<double>(x.shape().elements()));
  using direct = activation::direct<F, T, R::format, Isa>;
  const calls::timer timer;
  direct(x.shape()).backward(f, g, x, y, r, executor);
  timer.stop(executor, [&] {
    return calls::record<T, Isa, R::format>(op, direct::name, x.shape().str(),
                                            4 * static_cast<double>(x.shape().elements()));
  });
}

}  // namespace simdnn::inline SIMDNN_ABI
