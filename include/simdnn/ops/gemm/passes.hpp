// gemm's passes: their operands, and the calls of their algorithms.
#pragma once

#include <simdnn/ops/gemm/algorithms.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/plan/epilogue.hpp>
#include <simdnn/plan/plan.hpp>

namespace simdnn::inline SIMDNN_ABI::gemm {

/// Computes c = a * b with an algorithm that reads b in place, or packs it into the workspace
/// first.
template <class T, class Isa, class Chosen>
void multiply_unpacked(const char* op, const Chosen& chosen, matrix<const T> a, matrix<const T> b,
                       matrix<T> c, const epilogue::fused<T>& post, const call_context& call) {
  const auto* const in_place = std::get_if<small<T, Isa>>(&chosen);
  if (in_place != nullptr && in_place->reads_in_place(b)) return in_place->multiply(a, b, c, post);
  std::visit(
      [&](const auto& algorithm) {
        const index_t packed_bytes =
            round_up(algorithm.packed_elements() * static_cast<index_t>(sizeof(T)),
                     workspace_slices::alignment);
        const index_t own = algorithm.workspace_bytes(std::max(call.executor.concurrency(), 1)) +
                            workspace_slices::alignment;
        const workspace_slices space(packed_bytes + own, 1, call.workspace, op);
        T* const packed = space.template slice<T>(0);
        algorithm.pack(b, packed, call.executor);
        algorithm.run(
            a, packed, c, post, call.executor,
            {space.template slice<std::byte>(0) + packed_bytes, static_cast<std::size_t>(own)});
      },
      chosen);
}
template <class T, class Chosen>
index_t unpacked_workspace(const Chosen& chosen, int workers) {
  return std::visit(
      [&](const auto& algorithm) {
        return round_up(algorithm.packed_elements() * static_cast<index_t>(sizeof(T)),
                        workspace_slices::alignment) +
               round_up(algorithm.workspace_bytes(workers), workspace_slices::alignment) +
               workspace_slices::alignment;
      },
      chosen);
}

template <class T, class Isa>
struct description {
  using problem_type = gemm_problem;
  using isa_tag = Isa;
  using algorithm_list = all<T, Isa>;
  static gemm_query query(const gemm_problem& p, const policy& policy) {
    return {p, policy.accuracy};
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

  template <class Chosen>
  static void pack(const Chosen& chosen, const view<const T, B>& b, T* packed,
                   executor_ref executor) {
    std::visit([&](const auto& algorithm) { algorithm.pack(as_matrix(b), packed, executor); },
               chosen);
  }
  template <class Chosen>
  SIMDNN_INLINE static bool reads_in_place(const Chosen& chosen, const view<const T, B>& b) {
    const auto* const algorithm = std::get_if<small<T, Isa>>(&chosen);
    return algorithm != nullptr && algorithm->reads_in_place(as_matrix(b));
  }
  template <class Chosen>
  SIMDNN_INLINE static void run(const gemm_problem&, const Chosen& chosen,
                                const view<const T, A>& a, const T* b, const view<T, "ab">& c,
                                const epilogue::fused<T>& post, const call_context& call) {
    const auto multiply = [&](const auto& algorithm) {
      algorithm.run(as_matrix(a), b, as_matrix(c), post, call.executor, call.workspace);
    };
    // std::visit takes as long as a small product.
    if (const auto* const algorithm = std::get_if<small<T, Isa>>(&chosen))
      multiply(*algorithm);
    else
      std::visit(multiply, chosen);
  }
  template <class Chosen>
  SIMDNN_INLINE static void run(const gemm_problem&, const Chosen& chosen,
                                const view<const T, A>& a, const view<const T, B>& b,
                                const view<T, "ab">& c, const epilogue::fused<T>& post,
                                const call_context&) {
    std::get_if<small<T, Isa>>(&chosen)->multiply(as_matrix(a), as_matrix(b), as_matrix(c), post);
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
  template <class Chosen>
  static index_t workspace_bytes(const gemm_problem&, const Chosen& chosen, int workers) {
    return unpacked_workspace<T>(chosen, workers);
  }
  template <class Chosen>
  static void multiply(const char* op, const Chosen& chosen, matrix<const T> x, matrix<const T> y,
                       matrix<T> dst, const call_context& call) {
    const epilogue::fused<T> nothing;
    if constexpr (D == layout("ab"))
      multiply_unpacked<T, Isa>(op, chosen, x, y, dst, nothing, call);
    else
      multiply_unpacked<T, Isa>(op, chosen, y.transposed(), x.transposed(), dst.transposed(),
                                nothing, call);
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
  template <class Chosen>
  static void run(const gemm_problem&, const Chosen& chosen, const view<const T, G>& diff_c,
                  const view<const T, B>& b, const view<T, D>& diff_a, const call_context& call) {
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
  template <class Chosen>
  static void run(const gemm_problem&, const Chosen& chosen, const view<const T, A>& a,
                  const view<const T, G>& diff_c, const view<T, D>& diff_b,
                  const call_context& call) {
    backward_weights::multiply(name, chosen, as_matrix(a).transposed(), as_matrix(diff_c),
                               as_matrix(diff_b), call);
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::gemm
