// gemm_batch: many products of one size, c[i] = post_ops(alpha * a[i] * b[i] + beta * c[i]).
//
//     gemm_batch_forward({.m = m, .n = n, .k = k}, a, b, c, post::bias(bias));    one shot
//     gemm_batch_plan<float> plan{{.m = m, .n = n, .k = k}};                      many calls
//     plan(a, b, c, post::bias(bias));
//
// a is {batch, m, k}, b {batch, k, n}, or {1, k, n} for all, c {batch, m, n}, of layout "abc";
// transposed matrices are of layout "acb". The matrices may lie anywhere that strides can say: one
// behind the other, or side by side as the heads of attention do. Post-ops see columns as channels.
#pragma once

#include <memory>
#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/ops/gemm/algorithms.hpp>
#include <simdnn/parallel/grain.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/trace/call_record.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// A chosen way to compute the products, one of gemm's algorithms. Immutable; callable from many
/// threads. The products are dealt out to the workers, each to one of them: fewer products than
/// workers are better left to gemm.
template <class T, layout A = "abc", layout B = "abc", class Isa = isa::native>
class gemm_batch_plan {
  static_assert((A == layout("abc") || A == layout("acb")) &&
                    (B == layout("abc") || B == layout("acb")),
                "gemm_batch: a and b have layout \"abc\" (rows) or \"acb\" (columns)");
  static constexpr const char* op = "gemm_batch";

 public:
  using algorithm_list = gemm::all<T, Isa>;
  /// Throws error where the problem breaks a rule or the policy's algorithm does not take it.
  explicit gemm_batch_plan(const gemm_problem& p, const policy& policy = {})
      : problem_(p.checked(op)), algorithm_(choose(problem_, policy)) {}
  /// As gemm_plan::describe, of one product.
  static auto describe(const gemm_problem& p, const policy& policy = {}) {
    return algorithm_list::describe(gemm_query{p.checked(op), policy.accuracy}, policy);
  }

  /// Of one product.
  const gemm_problem& problem() const { return problem_; }
  const char* algorithm_name() const {
    return std::visit([](const auto& v) { return v.name; }, algorithm_);
  }
  /// Bytes that a call with this many workers needs, if the caller gives the workspace.
  index_t workspace_bytes(int workers) const {
    return std::visit(
        [&](const auto& v) { return workers * slice_bytes(v) + memory_pool::alignment; },
        algorithm_);
  }

  /// c's columns are neighbours in memory; its matrices share no memory with each other, with a or
  /// with b. The batch is c's first size; it may be 0. The algorithm `small` reads b in place where
  /// its columns are neighbours; else each b, or the one for all, is packed into the workspace: the
  /// given bytes (workspace_bytes), else the calling thread's arena, which grows once. A post::sum
  /// has the shape and strides of c.
  template <tensor_of<T, A> X, tensor_of<T, B> W, tensor_of<T, "abc"> Y,
            post_op PostOp = post::none>
  void operator()(const X& a, const W& b, Y&& c, const PostOp& ops = {},
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    const view<const T, A> va = a.as_view();
    const view<const T, B> vb = b.as_view();
    const view<T, "abc"> vc = c.as_view();
    const index_t batch = vc.size(0);
    const bool one_b = vb.size(0) == 1;
    check_sizes(vc, {batch, problem_.m, problem_.n}, "c");
    check_sizes(va, {batch, problem_.m, problem_.k}, "a");
    check_sizes(vb, {one_b ? 1 : batch, problem_.k, problem_.n}, "b");
    check_neighbours<'c'>(vc, op, "c");
    check_apart(vc, op, "c");
    check_no_overlap(vc, va, op, "c", "a");
    check_no_overlap(vc, vb, op, "c", "b");

    const auto post = lower<Isa>(ops, vc, problem_.n, op);
    executor = for_work(executor, static_cast<double>(batch) * problem_.flops());
    const calls::timer timer;
    run(va, vb, vc, post, executor, workspace);
    timer.stop(executor, [&] {
      call_record call = calls::record<T, Isa, A, B>(op, algorithm_name(), problem_);
      call.problem = "batch" + std::to_string(batch) + ':' + call.problem;
      call.flops *= static_cast<double>(batch);
      call.bytes = static_cast<double>(va.shape().elements() + vb.shape().elements() +
                                       vc.shape().elements()) *
                   sizeof(T);
      return call;
    });
  }

 private:
  template <class PostOp>
  void run(const view<const T, A>& va, const view<const T, B>& vb, const view<T, "abc">& vc,
           const PostOp& post, executor_ref executor, std::span<std::byte> workspace) const {
    const index_t batch = vc.size(0);
    const bool one_b = vb.size(0) == 1;
    const auto* const small = std::get_if<gemm::small<T, Isa>>(&algorithm_);
    if (small != nullptr && small->reads_in_place(nth(vb, 0))) {
      parallel_for(executor, batch, [&](index_t begin, index_t end, index_t) {
        for (index_t i = begin; i < end; ++i)
          small->multiply(nth(va, i), nth(vb, i), nth(vc, i), post.at(0, i * vc.stride(0)));
      });
      return;
    }
    std::visit(
        [&](const auto& v) {
          const serial alone;
          const workspace_slices space(slice_bytes(v), std::max(executor.concurrency(), 1),
                                       workspace, op);
          T* const for_all = space.template slice<T>(0);
          if (one_b) v.pack(nth(vb, 0), for_all, executor);
          parallel_for(executor, batch, [&](index_t begin, index_t end, index_t worker) {
            std::byte* const slice = space.template slice<std::byte>(worker);
            T* const packed = one_b ? for_all : reinterpret_cast<T*>(slice);
            const std::span<std::byte> rest(slice + packed_bytes(v),
                                            static_cast<std::size_t>(v.workspace_bytes(1)));
            for (index_t i = begin; i < end; ++i) {
              if (!one_b) v.pack(nth(vb, i), packed, alone);
              v.run(nth(va, i), packed, nth(vc, i), post.at(0, i * vc.stride(0)), alone, rest);
            }
          });
        },
        algorithm_);
  }

  static typename algorithm_list::chosen choose(const gemm_problem& p, const policy& policy) {
    const gemm_query q{p, policy.accuracy};
    const auto key = [&] { return trial_key<T, Isa, A, B>(p.str()); };
    return algorithm_list::choose(
        q, algorithm_list::measured(q, policy, op, key, [&] { return trial(p); }), op);
  }
  static auto trial(const gemm_problem& p) {
    constexpr index_t batch = 16;
    return [p, a = trial_tensor<T, A>({batch, p.m, p.k}), b = trial_tensor<T, B>({batch, p.k, p.n}),
            c = trial_tensor<T, "abc">({batch, p.m, p.n}),
            bias = trial_tensor<T, "x">({p.n})](const policy& one) mutable -> trial_run {
      const auto plan = std::make_shared<const gemm_batch_plan>(p, one);
      return [&, plan, executor = trial_executor(one)] {
        (*plan)(a, b, c, post::bias(bias) | post::relu(), executor);
      };
    };
  }

  template <class U, layout L>
  static void check_sizes(const view<U, L>& v, const shape& expected, const char* argument) {
    if (v.shape() != expected)
      throw_error(op, argument, "the problem and the batch say " + expected.str(),
                  "is " + v.shape().str());
  }

  /// Matrix i of a batch; the only one stands for all.
  template <class U, layout L>
  static matrix<U> nth(const view<U, L>& v, index_t i) {
    // Matrices without elements have no memory to count from.
    const index_t at = v.empty() || v.size(0) == 1 ? 0 : i * v.stride(0);
    return {v.data() + at, v.stride(1), v.stride(2)};
  }

  // A worker's slice: a packed b, then what the algorithm itself takes.
  template <class Algorithm>
  static index_t packed_bytes(const Algorithm& v) {
    return round_up(v.packed_elements() * static_cast<index_t>(sizeof(T)), memory_pool::alignment);
  }
  template <class Algorithm>
  static index_t slice_bytes(const Algorithm& v) {
    return packed_bytes(v) + round_up(v.workspace_bytes(1), memory_pool::alignment);
  }

  gemm_problem problem_;
  typename algorithm_list::chosen algorithm_;
};

/// One shot: plans, runs, and drops the plan.
template <class Isa = isa::native, tensor_like X, tensor_like W, tensor_like Y,
          post_op PostOp = post::none>
void gemm_batch_forward(const gemm_problem& p, const X& a, const W& b, Y&& c,
                        const PostOp& ops = {}, const policy& policy = {},
                        executor_ref executor = default_executor()) {
  using T = std::remove_const_t<typename std::remove_cvref_t<Y>::value_type>;
  const gemm_batch_plan<T, X::format, W::format, Isa> plan(p, policy);
  plan(a, b, c, ops, executor);
}

}  // namespace simdnn::inline SIMDNN_ABI
