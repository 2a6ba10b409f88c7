// gemm_batch: many products of one size, c[i] = post_ops(alpha * a[i] * b[i] + beta * c[i]).
//
//     gemm_batch_forward({.m = m, .n = n, .k = k}, a, b, c, post::bias(bias));    one shot
//     gemm_batch_plan<float> plan{{.m = m, .n = n, .k = k}};                      many calls
//     plan(a, b, c, post::bias(bias));
//
// a is {batch, m, k}, b is {batch, k, n}, or {1, k, n} for all products, and c is {batch, m, n}, of
// layout "abc". Transposed matrices have layout "acb". The batch is c's first size; it may be 0.
// c's columns are contiguous. Other strides are free: matrices may follow each other or be
// interleaved, as the heads of attention are. Columns are the channels of post-ops.
//
// Each product is computed by one worker, so gemm is better if there are fewer products than
// workers. The algorithm `small` reads b in place if its columns are contiguous; otherwise each b,
// or the one for all products, is packed into the workspace.
#pragma once

#include <simdnn/ops/gemm/passes.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace gemm {

template <class T, layout A, layout B, class Isa>
struct batch : description<T, Isa> {
  static_assert((A == layout("abc") || A == layout("acb")) &&
                    (B == layout("abc") || B == layout("acb")),
                "gemm_batch: a and b have layout \"abc\" (rows) or \"acb\" (columns)");
  static constexpr const char* name = "gemm_batch";
  static constexpr index_t trial_batch = 16;
  using operands = operand_list<in<"a", T, A, no_shape>, in<"b", T, B, no_shape>,
                                inout<"c", T, layout("abc"), no_shape, needs::fastest>>;
  using post_ops = after<"c">;
  using a_view = view<const T, A>;
  using b_view = view<const T, B>;
  using c_view = view<T, "abc">;

  static index_t terms(const gemm_problem& p) { return p.k; }
  static shape trial_shape(const gemm_problem& p, std::size_t operand) {
    return operand == 0   ? shape{trial_batch, p.m, p.k}
           : operand == 1 ? shape{trial_batch, p.k, p.n}
                          : shape{trial_batch, p.m, p.n};
  }
  static void check(const gemm_problem& p, const a_view& a, const b_view& b, const c_view& c) {
    const index_t products = c.size(0);
    const auto expect = [](const shape& got, const shape& expected, const char* operand) {
      if (got != expected) throw_error(name, operand, "shape " + expected.str(), got.str());
    };
    expect(c.shape(), {products, p.m, p.n}, "c");
    expect(a.shape(), {products, p.m, p.k}, "a");
    expect(b.shape(), {b.size(0) == 1 ? 1 : products, p.k, p.n}, "b");
  }
  static double work(const gemm_problem& p, const a_view&, const b_view&, const c_view& c) {
    return static_cast<double>(c.size(0)) * p.flops();
  }
  static void complete(call_record& call, const a_view&, const b_view&, const c_view& c) {
    call.problem = "batch" + std::to_string(c.size(0)) + ':' + call.problem;
    call.flops *= static_cast<double>(c.size(0));
  }
  static index_t workspace_bytes(const gemm_problem&, const chosen_algorithm& chosen, int workers) {
    return entry_points<T, Isa>::batch_workspace(chosen, workers);
  }
  static void run(const gemm_problem&, const chosen_algorithm& chosen, const a_view& a,
                  const b_view& b, const c_view& c, const epilogue::fused<T>& post,
                  const call_context& call) {
    entry_points<T, Isa>::run_batch(name, chosen, c.size(0), all_of(a), all_of(b), all_of(c), post,
                                    call);
  }

 private:
  template <class U, layout L>
  static matrices<U> all_of(const view<U, L>& v) {
    // Matrices without elements may have no memory, so their pointer must not be moved.
    return {{v.data(), v.stride(1), v.stride(2)}, v.empty() || v.size(0) == 1 ? 0 : v.stride(0)};
  }
};

}  // namespace gemm

/// The problem is that of one product.
template <class T, layout A = "abc", layout B = "abc", class Isa = isa::native>
class gemm_batch_plan : public plan<gemm::batch<T, A, B, Isa>> {
 public:
  using plan<gemm::batch<T, A, B, Isa>>::plan;
};

template <class Isa = isa::native, tensor_like A, tensor_like B, tensor_like C, class... Extras>
void gemm_batch_forward(const gemm_problem& p, const A& a, const B& b, C&& c, Extras&&... extras) {
  run_once<gemm::batch<element_of<A>, A::format, B::format, Isa>>(p, a, b, c, extras...);
}

}  // namespace simdnn::inline SIMDNN_ABI
