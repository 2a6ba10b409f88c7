// gemm: c = post_ops(alpha * a * b + beta * c). c is stored by rows.
//
//     gemm_forward({.m = m, .n = n, .k = k}, a, b, c);              one shot
//     gemm_plan<float> plan{{.m = m, .n = n, .k = k}};              many calls
//     auto packed_b = plan.pack(b);
//     plan(a, packed_b, c, post::bias(bias) | post::relu());
//     plan(a, b, c);                                                packs b, if necessary
//     gemm_backward_data(p, diff_c, b, diff_a);                     diff_a = alpha * diff_c * b'
//     gemm_backward_weights(p, a, diff_c, diff_b);                  diff_b = alpha * a' * diff_c
//
//     gemm_batch_forward(p, a, b, c);                               many products: gemm/batch.hpp
//     fixed_gemm<float, gemm_problem{.m = 8, .n = 8, .k = 8}>(a, b, c);    compile-time sizes
//
// a is {m, k}, b {k, n}, c {m, n}. A transposed operand has layout "ba". Operands that are written
// have contiguous columns ("ab") or rows ("ba"). For post-ops, columns are channels.
#pragma once

#include <simdnn/ops/gemm/batch.hpp>
#include <simdnn/ops/gemm/fixed.hpp>
#include <simdnn/ops/gemm/passes.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class T, layout A = "ab", layout B = "ab", class Isa = isa::native>
class gemm_plan : public plan<gemm::forward<T, A, B, Isa>> {
 public:
  using plan<gemm::forward<T, A, B, Isa>>::plan;
};
template <class T, layout DiffC = "ab", layout B = "ab", layout DiffA = "ab",
          class Isa = isa::native>
class gemm_backward_data_plan : public plan<gemm::backward_data<T, DiffC, B, DiffA, Isa>> {
 public:
  using plan<gemm::backward_data<T, DiffC, B, DiffA, Isa>>::plan;
};
template <class T, layout A = "ab", layout DiffC = "ab", layout DiffB = "ab",
          class Isa = isa::native>
class gemm_backward_weights_plan : public plan<gemm::backward_weights<T, A, DiffC, DiffB, Isa>> {
 public:
  using plan<gemm::backward_weights<T, A, DiffC, DiffB, Isa>>::plan;
};

template <class Isa = isa::native, tensor_like A, class B, tensor_like C, class... Extras>
void gemm_forward(const gemm_problem& p, const A& a, const B& b, C&& c, Extras&&... extras) {
  run_once<gemm::forward<element_of<A>, A::format, B::format, Isa>>(p, a, b, c, extras...);
}

/// The caller handles the gradients of beta and of post-ops.
template <class Isa = isa::native, tensor_like G, tensor_like B, tensor_like D, class... Extras>
void gemm_backward_data(const gemm_problem& p, const G& diff_c, const B& b, D&& diff_a,
                        Extras&&... extras) {
  using pass =
      gemm::backward_data<element_of<G>, G::format, B::format, std::remove_cvref_t<D>::format, Isa>;
  run_once<pass>(p, diff_c, b, diff_a, extras...);
}

/// The same for the gradient of b.
template <class Isa = isa::native, tensor_like A, tensor_like G, tensor_like D, class... Extras>
void gemm_backward_weights(const gemm_problem& p, const A& a, const G& diff_c, D&& diff_b,
                           Extras&&... extras) {
  using pass = gemm::backward_weights<element_of<A>, A::format, G::format,
                                      std::remove_cvref_t<D>::format, Isa>;
  run_once<pass>(p, a, diff_c, diff_b, extras...);
}

using gemm_passes = pass_list<gemm::forward<float, "ab", "ab", isa::native>,
                              gemm::backward_data<float, "ab", "ab", "ab", isa::native>,
                              gemm::backward_weights<float, "ab", "ab", "ab", isa::native>,
                              gemm::batch<float, "abc", "abc", isa::native>>;

}  // namespace simdnn::inline SIMDNN_ABI
