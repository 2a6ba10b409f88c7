// gemm's passes: their operands, and the calls of their algorithms.
#pragma once

#include <simdnn/ops/gemm/entry_points.hpp>
#include <simdnn/plan/epilogue.hpp>
#include <simdnn/plan/plan.hpp>

namespace simdnn::inline SIMDNN_ABI::gemm {

template <class T, class Isa>
struct description {
  using problem_type = gemm_problem;
  using isa_tag = Isa;
  using algorithm_list = all<T, Isa>;
  using functions = entry_points<T, Isa>;
  static gemm_query query(const gemm_problem& p, const policy& policy) {
    return {p, policy.accuracy};
  }
  static chosen_algorithm choose(const gemm_query& q, const policy& policy, const char* op) {
    return functions::choose(q, policy, op);
  }
  static auto describe(const gemm_query& q, const policy& policy) {
    return functions::describe(q, policy);
  }
};

/// c = post_ops(alpha * a * b + beta * c). b is packed or a view. `small` reads a view in place if
/// its columns are contiguous, and nothing is allocated.
template <class T, layout A, layout B, class Isa>
struct forward : description<T, Isa> {
  static_assert((A == layout("ab") || A == layout("ba")) &&
                    (B == layout("ab") || B == layout("ba")),
                "gemm: a and b have layout \"ab\" (rows) or \"ba\" (columns)");
  static constexpr const char* name = "gemm";
  using operands =
      operand_list<in<"a", T, A, &gemm_problem::a_shape>,
                   weights<"b", T, B, &gemm_problem::b_shape>,
                   inout<"c", T, layout("ab"), &gemm_problem::c_shape, needs::fastest>>;
  using post_ops = after<"c">;
  static index_t terms(const gemm_problem& p) { return p.k; }

  static void pack(const chosen_algorithm& chosen, const view<const T, B>& b, T* packed,
                   executor_ref executor) {
    entry_points<T, Isa>::pack(chosen, as_matrix(b), packed, executor);
  }
  SIMDNN_INLINE static bool reads_in_place(const chosen_algorithm& chosen,
                                           const view<const T, B>& b) {
    const auto* const algorithm = all<T, Isa>::template get_if<small<T, Isa>>(chosen);
    return algorithm != nullptr && algorithm->reads_in_place(as_matrix(b));
  }
  SIMDNN_INLINE static void run(const gemm_problem&, const chosen_algorithm& chosen,
                                const view<const T, A>& a, const T* b, const view<T, "ab">& c,
                                const epilogue::fused<T>& post, const call_context& call) {
    // A call of the entry point takes as long as a small product.
    if (const auto* const algorithm = all<T, Isa>::template get_if<small<T, Isa>>(chosen))
      algorithm->run(as_matrix(a), b, as_matrix(c), post, call.executor, call.workspace);
    else
      entry_points<T, Isa>::run(chosen, as_matrix(a), b, as_matrix(c), post, call.executor,
                                call.workspace);
  }
  SIMDNN_INLINE static void run(const gemm_problem&, const chosen_algorithm& chosen,
                                const view<const T, A>& a, const view<const T, B>& b,
                                const view<T, "ab">& c, const epilogue::fused<T>& post,
                                const call_context&) {
    all<T, Isa>::template get_if<small<T, Isa>>(chosen)->multiply(as_matrix(a), as_matrix(b),
                                                                  as_matrix(c), post);
  }
};

/// A gradient as a product, dst {rows, columns} = alpha * x * y, summed over `depth`. A dst of
/// layout "ba" is computed as its transpose, y' * x'.
template <class T, layout D, class Isa>
struct gradient : description<T, Isa> {
  static_assert(D == layout("ab") || D == layout("ba"),
                "gemm: gradients have layout \"ab\" (rows) or \"ba\" (columns)");
  static gemm_query product(const gemm_problem& p, index_t rows, index_t columns, index_t depth,
                            const policy& policy) {
    if (D == layout("ba")) std::swap(rows, columns);
    return {{.m = rows, .n = columns, .k = depth, .alpha = p.alpha}, policy.accuracy};
  }
  static index_t workspace_bytes(const gemm_problem&, const chosen_algorithm& chosen, int workers) {
    return entry_points<T, Isa>::unpacked_workspace(chosen, workers);
  }
  static void multiply(const char* op, const chosen_algorithm& chosen, matrix<const T> x,
                       matrix<const T> y, matrix<T> dst, const call_context& call) {
    const epilogue::fused<T> nothing;
    if constexpr (D == layout("ab"))
      entry_points<T, Isa>::run_unpacked(op, chosen, x, y, dst, nothing, call);
    else
      entry_points<T, Isa>::run_unpacked(op, chosen, y.transposed(), x.transposed(),
                                         dst.transposed(), nothing, call);
  }
};

/// diff_a {m, k} = alpha * diff_c * b'
template <class T, layout G, layout B, layout D, class Isa>
struct backward_data : gradient<T, D, Isa> {
  static constexpr const char* name = "gemm_backward_data";
  static constexpr direction way = direction::backward_data;
  using operands = operand_list<in<"diff_c", T, G, &gemm_problem::c_shape>,
                                in<"b", T, B, &gemm_problem::b_shape>,
                                out<"diff_a", T, D, &gemm_problem::a_shape, needs::fastest>>;
  static gemm_query query(const gemm_problem& p, const policy& policy) {
    return backward_data::product(p, p.m, p.k, p.n, policy);
  }
  static index_t terms(const gemm_problem& p) { return p.n; }
  static void run(const gemm_problem&, const chosen_algorithm& chosen,
                  const view<const T, G>& diff_c, const view<const T, B>& b,
                  const view<T, D>& diff_a, const call_context& call) {
    backward_data::multiply(name, chosen, as_matrix(diff_c), as_matrix(b).transposed(),
                            as_matrix(diff_a), call);
  }
};

/// diff_b {k, n} = alpha * a' * diff_c
template <class T, layout A, layout G, layout D, class Isa>
struct backward_weights : gradient<T, D, Isa> {
  static constexpr const char* name = "gemm_backward_weights";
  static constexpr direction way = direction::backward_weights;
  using operands = operand_list<in<"a", T, A, &gemm_problem::a_shape>,
                                in<"diff_c", T, G, &gemm_problem::c_shape>,
                                out<"diff_b", T, D, &gemm_problem::b_shape, needs::fastest>>;
  static gemm_query query(const gemm_problem& p, const policy& policy) {
    return backward_weights::product(p, p.k, p.n, p.m, policy);
  }
  static index_t terms(const gemm_problem& p) { return p.m; }
  static void run(const gemm_problem&, const chosen_algorithm& chosen, const view<const T, A>& a,
                  const view<const T, G>& diff_c, const view<T, D>& diff_b,
                  const call_context& call) {
    backward_weights::multiply(name, chosen, as_matrix(a).transposed(), as_matrix(diff_c),
                               as_matrix(diff_b), call);
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::gemm
