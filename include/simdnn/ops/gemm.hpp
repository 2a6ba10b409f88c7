// gemm: c = post_ops(alpha * a * b + beta * c), c stored by rows.
//
//     gemm_forward({.m = m, .n = n, .k = k}, a, b, c);              one shot
//     gemm_plan<float> plan{{.m = m, .n = n, .k = k}};              many calls
//     auto packed_b = plan.pack(b);
//     plan(a, packed_b, c, post::bias(bias) | post::relu());
//     plan(a, b, c);                                                b as it lies
//     gemm_backward_data(p, diff_c, b, diff_a);                     diff_a = alpha * diff_c * b'
//     gemm_backward_weights(p, a, diff_c, diff_b);                  diff_b = alpha * a' * diff_c
//
//     gemm_batch_forward(p, a, b, c);                               many products: gemm/batch.hpp
//     fixed_gemm<float, gemm_problem{.m = 8, .n = 8, .k = 8}>(a, b, c);    sizes known when compiling
// A transposed operand is one of layout "ba". Post-ops see columns as channels.
#pragma once

#include <memory>
#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/ops/gemm/algorithms.hpp>
#include <simdnn/ops/gemm/batch.hpp>
#include <simdnn/ops/gemm/fixed.hpp>
#include <simdnn/parallel/grain.hpp>
#include <simdnn/plan/operands.hpp>
#include <simdnn/plan/packed.hpp>
#include <simdnn/trace/call_record.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// A chosen way to compute one problem for operands of these types. Immutable; callable from many
/// threads.
template <class T, layout A = "ab", layout B = "ab", class Isa = isa::native>
class gemm_plan {
  static_assert((A == layout("ab") || A == layout("ba")) &&
                    (B == layout("ab") || B == layout("ba")),
                "gemm: a and b have layout \"ab\" (rows) or \"ba\" (columns)");

 public:
  using algorithm_list = gemm::all<T, Isa>;
  /// Throws error where the problem breaks a rule or the policy's algorithm does not take it. Calls
  /// are recorded as ones of `op`.
  explicit gemm_plan(const gemm_problem& p, const policy& policy = {}, const char* op = "gemm")
      : problem_(p.checked("gemm")), op_(op), algorithm_(choose(problem_, policy)) {}
  /// What is said of each algorithm for this problem and policy: {name, eligible, refusal, cost}.
  static auto describe(const gemm_problem& p, const policy& policy = {}) {
    return algorithm_list::describe(gemm_query{p.checked("gemm"), policy.accuracy}, policy);
  }

  const gemm_problem& problem() const { return problem_; }
  const char* algorithm_name() const {
    return std::visit([](const auto& v) { return v.name; }, algorithm_);
  }
  /// Bytes that a call with this many workers needs, if the caller gives the workspace.
  index_t workspace_bytes(int workers) const {
    return std::visit(
        [&](const auto& v) { return v.workspace_bytes(workers) + memory_pool::alignment; },
        algorithm_);
  }

  /// b {k, n} in the order that this plan reads.
  template <tensor_of<T, B> X>
  packed<T> pack(const X& b, std::pmr::memory_resource* memory = default_memory(),
                 executor_ref executor = default_executor()) const {
    packed<T> result(algorithm_name(), packed_elements(), memory);
    repack(b, result, executor);
    return result;
  }
  template <tensor_of<T, B> X>
  void repack(const X& b, packed<T>& into, executor_ref executor = default_executor()) const {
    const auto v = checked<B>(b, problem_.k, problem_.n, "b");
    into.check(algorithm_name(), packed_elements(), "gemm");
    executor = for_elements(executor, static_cast<double>(problem_.k * problem_.n));
    const calls::timer timer;
    std::visit([&](const auto& algorithm) { algorithm.pack(v, into.data(), executor); },
               algorithm_);
    timer.stop(executor, [&] {
      return calls::packing<T, Isa, B>(op_, algorithm_name(), problem_.str(), problem_.b_shape());
    });
  }

  /// a {m, k}, c {m, n}, its columns neighbours in memory; c must not share memory with a.
  /// Workspace: the given bytes (workspace_bytes), else the calling thread's arena, which grows
  /// once.
  template <tensor_of<T, A> X, tensor_of<T, "ab"> Y, post_op PostOp = post::none>
  void operator()(const X& a, const packed<T>& b, Y&& c, const PostOp& ops = {},
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    const auto from = checked<A>(a, problem_.m, problem_.k, "a");
    const auto to = checked_c(c, a, from);
    const auto post = lower_for(c, ops);
    executor = for_work(executor, problem_.flops());
    const auto run = [&](const auto& v) {
      b.check(v.name, v.packed_elements(), "gemm");
      v.run(from, b.data(), to, post, executor, workspace);
    };
    const calls::timer timer;
    // Not by way of std::visit: a small product takes no longer than that.
    if (const auto* algorithm = std::get_if<gemm::small<T, Isa>>(&algorithm_))
      run(*algorithm);
    else
      std::visit(run, algorithm_);
    timer.stop(executor, [&] { return record(); });
  }

  /// The same with b {k, n} as it lies. The algorithm `small` reads it in place where its columns are
  /// neighbours, and then nothing is allocated; else b is packed first, into memory of
  /// default_memory(). c must not share memory with b.
  template <tensor_of<T, A> X, tensor_of<T, B> W, tensor_of<T, "ab"> Y, post_op PostOp = post::none>
  void operator()(const X& a, const W& b, Y&& c, const PostOp& ops = {},
                  executor_ref executor = default_executor()) const {
    const auto weights = checked<B>(b, problem_.k, problem_.n, "b");
    const auto* const algorithm = std::get_if<gemm::small<T, Isa>>(&algorithm_);
    if (algorithm == nullptr || !algorithm->reads_in_place(weights))
      return (*this)(a, pack(b, default_memory(), executor), c, ops, executor);
    const auto from = checked<A>(a, problem_.m, problem_.k, "a");
    const auto to = checked_c(c, a, from);
    if (!ranges_apart(weights, problem_.k, problem_.n, to, problem_.m, problem_.n))
      check_no_overlap(view<T, "ab">(c.as_view()), view<const T, B>(b.as_view()), "gemm", "c", "b");
    const auto post = lower_for(c, ops);
    const calls::timer timer;
    algorithm->multiply(from, weights, to, post);
    timer.stop(serial{}, [&] { return record(); });
  }

 private:
  call_record record() const {
    return calls::record<T, Isa, A, B>(op_, algorithm_name(), problem_);
  }
  static typename algorithm_list::chosen choose(const gemm_problem& p, const policy& policy) {
    const gemm_query q{p, policy.accuracy};
    const auto key = [&] { return trial_key<T, Isa, A, B>(p.str()); };
    return algorithm_list::choose(
        q, algorithm_list::measured(q, policy, "gemm", key, [&] { return trial(p); }), "gemm");
  }
  static auto trial(const gemm_problem& p) {
    return [p, a = trial_tensor<T, A>(p.a_shape()), b = trial_tensor<T, B>(p.b_shape()),
            c = trial_tensor<T, "ab">(p.c_shape()),
            bias = trial_tensor<T, "x">({p.n})](const policy& one) mutable -> trial_run {
      const auto plan = std::make_shared<const gemm_plan>(p, one);
      const auto w = std::make_shared<const packed<T>>(plan->pack(b));
      return [&, plan, w, executor = trial_executor(one)] {
        (*plan)(a, *w, c, post::bias(bias) | post::relu(), executor);
      };
    };
  }

  // The checks of operands in two parts: what passes is seen at once, from a few numbers; whether
  // the rest breaks a rule and which, is looked into by functions that take views.
  template <layout L, class X>
  static matrix<const T> checked(const X& x, index_t rows, index_t columns, const char* argument) {
    if (!has_shape(x, rows, columns)) [[unlikely]]
      refuse_shape<const T, L>(x.as_view(), rows, columns, argument);
    return matrix_of<const T>(x);
  }
  template <class Y, class X>
  matrix<T> checked_c(Y& c, const X& a, matrix<const T> from) const {
    if (!has_shape(c, problem_.m, problem_.n)) [[unlikely]]
      refuse_shape<T, "ab">(c.as_view(), problem_.m, problem_.n, "c");
    const auto to = matrix_of<T>(c);
    if ((problem_.n > 1 && to.column_stride != 1) ||
        (problem_.m > 1 && to.row_stride < problem_.n) ||
        !ranges_apart(from, problem_.m, problem_.k, to, problem_.m, problem_.n)) [[unlikely]]
      check_exactly(c.as_view(), a.as_view());
    return to;
  }
  template <class U, layout L>
  SIMDNN_NOINLINE static void refuse_shape(const view<U, L>& v, index_t rows, index_t columns,
                                           const char* argument) {
    check_shape(v, {rows, columns}, "gemm", argument);
  }
  SIMDNN_NOINLINE static void check_exactly(const view<T, "ab">& c, const view<const T, A>& a) {
    check_neighbours<'b'>(c, "gemm", "c");
    check_apart(c, "gemm", "c");
    check_no_overlap(c, a, "gemm", "c", "a");
  }
  template <class Y, class PostOp>
  auto lower_for(Y& c, const PostOp& ops) const {
    if constexpr (std::is_same_v<PostOp, post::none>)
      return epilogue::fused<T>{};
    else
      return lower<Isa>(ops, view<T, "ab">(c.as_view()), problem_.n, "gemm");
  }
  index_t packed_elements() const {
    return std::visit([](const auto& v) { return v.packed_elements(); }, algorithm_);
  }

  gemm_problem problem_;
  const char* op_;
  typename algorithm_list::chosen algorithm_;
};

/// One shot: plans, packs b where the algorithm wants it so, runs, and drops both.
template <class Isa = isa::native, tensor_like X, tensor_like W, tensor_like Y,
          post_op PostOp = post::none>
void gemm_forward(const gemm_problem& p, const X& a, const W& b, Y&& c, const PostOp& ops = {},
                  const policy& policy = {}, executor_ref executor = default_executor()) {
  using T = std::remove_const_t<typename std::remove_cvref_t<Y>::value_type>;
  const gemm_plan<T, X::format, W::format, Isa> plan(p, policy);
  plan(a, b, c, ops, executor);
}

namespace gemm {

// dst = alpha * x * y for `op`, dst by rows or by columns: then its transpose is y' * x'.
template <class Isa, class T, layout X, layout Y, layout D>
void product(const char* op, double alpha, const view<const T, X>& x, const view<const T, Y>& y,
             const view<T, D>& dst, const policy& policy, executor_ref executor) {
  if constexpr (D == layout("ab")) {
    const gemm_problem p{.m = dst.size(0), .n = dst.size(1), .k = x.size(1), .alpha = alpha};
    gemm_plan<T, X, Y, Isa>(p, policy, op)(x, y, dst, post::none{}, executor);
  } else {
    product<Isa>(op, alpha, transposed(y), transposed(x), transposed(dst), policy, executor);
  }
}

}  // namespace gemm

/// The gradient with respect to a: diff_a {m, k} = alpha * diff_c * b'. Any operand may be of
/// layout "ab" or "ba"; diff_a shares memory with none of the others. beta and post-ops are the
/// caller's business.
template <class Isa = isa::native, tensor_like G, tensor_like W, tensor_like X>
void gemm_backward_data(const gemm_problem& p, const G& diff_c, const W& b, X&& diff_a,
                        const policy& policy = {}, executor_ref executor = default_executor()) {
  constexpr const char* op = "gemm_backward_data";
  using T = typename std::remove_cvref_t<X>::value_type;
  const view<const T, G::format> vg = diff_c.as_view();
  const view<const T, W::format> vb = b.as_view();
  const view<T, std::remove_cvref_t<X>::format> va = diff_a.as_view();
  p.checked(op);
  check_shape(vg, p.c_shape(), op, "diff_c");
  check_shape(vb, p.b_shape(), op, "b");
  check_shape(va, p.a_shape(), op, "diff_a");
  check_neighbours<std::remove_cvref_t<X>::format.tag[1]>(va, op, "diff_a");
  check_apart(va, op, "diff_a");
  check_no_overlap(va, vg, op, "diff_a", "diff_c");
  check_no_overlap(va, vb, op, "diff_a", "b");
  gemm::product<Isa>(op, p.alpha, vg, transposed(vb), va, policy, executor);
}

/// The gradient with respect to b: diff_b {k, n} = alpha * a' * diff_c; otherwise as above.
template <class Isa = isa::native, tensor_like X, tensor_like G, tensor_like W>
void gemm_backward_weights(const gemm_problem& p, const X& a, const G& diff_c, W&& diff_b,
                           const policy& policy = {}, executor_ref executor = default_executor()) {
  constexpr const char* op = "gemm_backward_weights";
  using T = typename std::remove_cvref_t<W>::value_type;
  const view<const T, X::format> va = a.as_view();
  const view<const T, G::format> vg = diff_c.as_view();
  const view<T, std::remove_cvref_t<W>::format> vb = diff_b.as_view();
  p.checked(op);
  check_shape(va, p.a_shape(), op, "a");
  check_shape(vg, p.c_shape(), op, "diff_c");
  check_shape(vb, p.b_shape(), op, "diff_b");
  check_neighbours<std::remove_cvref_t<W>::format.tag[1]>(vb, op, "diff_b");
  check_apart(vb, op, "diff_b");
  check_no_overlap(vb, va, op, "diff_b", "a");
  check_no_overlap(vb, vg, op, "diff_b", "diff_c");
  gemm::product<Isa>(op, p.alpha, transposed(va), vg, vb, policy, executor);
}

}  // namespace simdnn::inline SIMDNN_ABI
