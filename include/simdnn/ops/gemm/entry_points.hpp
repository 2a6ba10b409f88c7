// The functions of gemm that are costly to compile and do not depend on the layouts of operands. A
// program can compile them once (cmake/simdnn_instances.cmake), so they are defined out of class: a
// member that is defined in its class is inline and would be compiled wherever it is used.
// inner_product runs them too.
#pragma once

#include <algorithm>
#include <simdnn/ops/gemm/algorithms.hpp>
#include <simdnn/ops/gemm/matrix.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/plan/pass.hpp>
#include <span>
#include <vector>

namespace simdnn::inline SIMDNN_ABI::gemm {

/// Matrices of one size, the next at a distance of `step` elements; step 0 repeats the first.
template <class T>
struct matrices {
  matrix<T> first;
  index_t step;
  matrix<T> operator[](index_t i) const {
    return {first.data + i * step, first.row_stride, first.column_stride};
  }
};

template <class T, class Isa>
struct entry_points {
  using list = all<T, Isa>;

  static chosen_algorithm choose(const gemm_query&, const policy&, const char* op);
  static std::vector<algorithm_description> describe(const gemm_query&, const policy&);

  static void pack(const chosen_algorithm&, matrix<const T> b, T* packed, executor_ref);
  /// c = post_ops(alpha * a * b + beta * c)
  static void run(const chosen_algorithm&, matrix<const T> a, const T* packed, matrix<T> c,
                  const epilogue::fused<T>& post, executor_ref, std::span<std::byte> workspace);

  /// The same if b is not packed: reads b in place, or packs it into the workspace first. `op`
  /// names the caller in errors.
  static void run_unpacked(const char* op, const chosen_algorithm&, matrix<const T> a,
                           matrix<const T> b, matrix<T> c, const epilogue::fused<T>& post,
                           const call_context&);
  static index_t unpacked_workspace(const chosen_algorithm&, int workers);

  /// c[i] = post_ops(alpha * a[i] * b[i] + beta * c[i]) for i < products
  static void run_batch(const char* op, const chosen_algorithm&, index_t products,
                        const matrices<const T>& a, const matrices<const T>& b,
                        const matrices<T>& c, const epilogue::fused<T>& post, const call_context&);
  static index_t batch_workspace(const chosen_algorithm&, int workers);

  /// small's products of more than one tile.
  static void run_small(const small<T, Isa>&, microkernel::unpacked_operands<T>&,
                        const epilogue::fused<T>& post, const T* columns);
  /// blocked's members of these names, for inner_product.
  static void pack_blocked(const blocked<T, Isa>&, matrix<const T> b, T* packed, executor_ref);
  static void run_blocked(const blocked<T, Isa>&, matrix<const T> a, const T* packed, matrix<T> c,
                          const epilogue::fused<T>& post, executor_ref,
                          std::span<std::byte> workspace);

 private:
  static index_t packed_bytes(const chosen_algorithm& chosen) {
    return round_up(chosen.packed_elements() * static_cast<index_t>(sizeof(T)),
                    workspace_slices::alignment);
  }
  // A slice of the workspace for one of the products of a batch.
  static index_t slice_bytes(const chosen_algorithm& chosen) {
    return packed_bytes(chosen) + round_up(chosen.workspace_bytes(1), workspace_slices::alignment);
  }
};

template <class T, class Isa>
chosen_algorithm entry_points<T, Isa>::choose(const gemm_query& q, const policy& policy,
                                              const char* op) {
  return list::choose(q, policy, op);
}
template <class T, class Isa>
std::vector<algorithm_description> entry_points<T, Isa>::describe(const gemm_query& q,
                                                                  const policy& policy) {
  const auto described = list::describe(q, policy);
  return {described.begin(), described.end()};
}

template <class T, class Isa>
void entry_points<T, Isa>::pack(const chosen_algorithm& chosen, matrix<const T> b, T* packed,
                                executor_ref executor) {
  list::visit(chosen, [&](const auto& algorithm) { algorithm.pack(b, packed, executor); });
}
template <class T, class Isa>
void entry_points<T, Isa>::run(const chosen_algorithm& chosen, matrix<const T> a, const T* packed,
                               matrix<T> c, const epilogue::fused<T>& post, executor_ref executor,
                               std::span<std::byte> workspace) {
  list::visit(chosen, [&](const auto& algorithm) {
    algorithm.run(a, packed, c, post, executor, workspace);
  });
}

template <class T, class Isa>
void entry_points<T, Isa>::run_unpacked(const char* op, const chosen_algorithm& chosen,
                                        matrix<const T> a, matrix<const T> b, matrix<T> c,
                                        const epilogue::fused<T>& post, const call_context& call) {
  const auto* const in_place = list::template get_if<small<T, Isa>>(chosen);
  if (in_place != nullptr && in_place->reads_in_place(b)) return in_place->multiply(a, b, c, post);
  const index_t own = chosen.workspace_bytes(std::max(call.executor.concurrency(), 1)) +
                      workspace_slices::alignment;
  const workspace_slices space(packed_bytes(chosen) + own, 1, call.workspace, op);
  T* const packed = space.template slice<T>(0);
  pack(chosen, b, packed, call.executor);
  run(chosen, a, packed, c, post, call.executor,
      {space.template slice<std::byte>(0) + packed_bytes(chosen), static_cast<std::size_t>(own)});
}
template <class T, class Isa>
index_t entry_points<T, Isa>::unpacked_workspace(const chosen_algorithm& chosen, int workers) {
  return packed_bytes(chosen) +
         round_up(chosen.workspace_bytes(workers), workspace_slices::alignment) +
         workspace_slices::alignment;
}

template <class T, class Isa>
void entry_points<T, Isa>::run_batch(const char* op, const chosen_algorithm& chosen,
                                     index_t products, const matrices<const T>& a,
                                     const matrices<const T>& b, const matrices<T>& c,
                                     const epilogue::fused<T>& post, const call_context& call) {
  if (products == 0) return;
  const auto* const in_place = list::template get_if<small<T, Isa>>(chosen);
  if (in_place != nullptr && in_place->reads_in_place(b.first)) {
    parallel_for(call.executor, products, [&](index_t begin, index_t end, index_t) {
      for (index_t i = begin; i < end; ++i)
        in_place->multiply(a[i], b[i], c[i], post.at(0, i * c.step));
    });
    return;
  }
  const bool one_b = b.step == 0;
  const serial alone;
  const workspace_slices space(slice_bytes(chosen), std::max(call.executor.concurrency(), 1),
                               call.workspace, op);
  T* const for_all = space.template slice<T>(0);
  if (one_b) pack(chosen, b.first, for_all, call.executor);
  parallel_for(call.executor, products, [&](index_t begin, index_t end, index_t worker) {
    std::byte* const slice = space.template slice<std::byte>(worker);
    T* const packed = one_b ? for_all : reinterpret_cast<T*>(slice);
    const std::span<std::byte> rest(slice + packed_bytes(chosen),
                                    static_cast<std::size_t>(chosen.workspace_bytes(1)));
    for (index_t i = begin; i < end; ++i) {
      if (!one_b) pack(chosen, b[i], packed, alone);
      run(chosen, a[i], packed, c[i], post.at(0, i * c.step), alone, rest);
    }
  });
}
template <class T, class Isa>
index_t entry_points<T, Isa>::batch_workspace(const chosen_algorithm& chosen, int workers) {
  return workers * slice_bytes(chosen);
}

template <class T, class Isa>
void entry_points<T, Isa>::run_small(const small<T, Isa>& algorithm,
                                     microkernel::unpacked_operands<T>& t,
                                     const epilogue::fused<T>& post, const T* columns) {
  algorithm.multiply_tiles(t, post, columns);
}
template <class T, class Isa>
void entry_points<T, Isa>::pack_blocked(const blocked<T, Isa>& algorithm, matrix<const T> b,
                                        T* packed, executor_ref executor) {
  algorithm.pack(b, packed, executor);
}
template <class T, class Isa>
void entry_points<T, Isa>::run_blocked(const blocked<T, Isa>& algorithm, matrix<const T> a,
                                       const T* packed, matrix<T> c, const epilogue::fused<T>& post,
                                       executor_ref executor, std::span<std::byte> workspace) {
  algorithm.run(a, packed, c, post, executor, workspace);
}

#if defined(SIMDNN_GEMM_FLOAT_INSTANCES)
extern template struct entry_points<float, isa::native>;
#endif
#if defined(SIMDNN_GEMM_DOUBLE_INSTANCES)
extern template struct entry_points<double, isa::native>;
#endif

}  // namespace simdnn::inline SIMDNN_ABI::gemm
