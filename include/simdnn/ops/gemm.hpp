// gemm: c = post_ops(alpha * a * b + beta * c), c stored by rows.
//
//     gemm({.m = m, .n = n, .k = k}, a, b, c);                      one shot
//     gemm_plan<float> plan{{.m = m, .n = n, .k = k}};              many calls
//     auto packed_b = plan.pack(b);
//     plan(a, packed_b, c, post::bias(bias) | post::relu());
//
// A transposed operand is one of layout "ba". Post-ops see columns as channels.
#pragma once

#include <simdnn/ops/gemm/variants.hpp>
#include <simdnn/ops/operands.hpp>
#include <simdnn/ops/packed.hpp>
#include <simdnn/post_ops/post_op.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// A chosen way to compute one problem for operands of these types. Immutable; callable from many threads.
template <class T, layout A = "ab", layout B = "ab", class Isa = isa::native>
class gemm_plan {
  static_assert((A == layout("ab") || A == layout("ba")) && (B == layout("ab") || B == layout("ba")),
                "gemm: a and b have layout \"ab\" (rows) or \"ba\" (columns)");

 public:
  /// Throws error where the problem breaks a rule or the policy's variant does not take it.
  explicit gemm_plan(const gemm_problem& p, const policy& wanted = {})
      : problem_(p.checked("gemm")),
        variant_(gemm::all<T, Isa>::choose(gemm_query{problem_, wanted.accuracy}, wanted, "gemm")) {}

  const gemm_problem& problem() const { return problem_; }
  const char* variant_name() const {
    return std::visit([](const auto& v) { return v.name; }, variant_);
  }
  /// Bytes that a call with this many workers needs, if the caller gives the workspace.
  index_t workspace_bytes(int workers) const {
    return std::visit([&](const auto& v) { return v.workspace_bytes(workers) + memory_pool::alignment; }, variant_);
  }

  /// b {k, n} in the order that this plan reads.
  template <tensor_of<T, B> X>
  packed<T> pack(const X& b, std::pmr::memory_resource* memory = default_memory(),
                 executor_ref executor = default_executor()) const {
    packed<T> result(variant_name(), packed_elements(), memory);
    repack(b, result, executor);
    return result;
  }
  template <tensor_of<T, B> X>
  void repack(const X& b, packed<T>& into, executor_ref executor = default_executor()) const {
    const view<const T, B> v = b.as_view();
    check_shape(v, problem_.b_shape(), "gemm", "b");
    into.check(variant_name(), packed_elements(), "gemm");
    std::visit([&](const auto& variant) { variant.pack(as_matrix(v), into.data(), executor); }, variant_);
  }

  /// a {m, k}, c {m, n}; c must not share memory with a. Workspace: the given bytes (workspace_bytes), else
  /// the calling thread's arena, which grows once.
  template <tensor_of<T, A> X, tensor_of<T, "ab"> Y, post_op PostOp = post::none>
  void operator()(const X& a, const packed<T>& b, Y&& c, const PostOp& ops = {},
                  executor_ref executor = default_executor(), std::span<std::byte> given = {}) const {
    const view<const T, A> va = a.as_view();
    const view<T, "ab"> vc = c.as_view();
    check_shape(va, problem_.a_shape(), "gemm", "a");
    check_shape(vc, problem_.c_shape(), "gemm", "c");
    check_no_overlap(vc, va, "gemm", "c", "a");
    b.check(variant_name(), packed_elements(), "gemm");
    const auto post = lower(ops, vc, problem_.n, "gemm");
    std::visit(
        [&](const auto& v) { v.run(as_matrix(va), b.data(), as_matrix(vc), post, executor, given); }, variant_);
  }

 private:
  index_t packed_elements() const {
    return std::visit([](const auto& v) { return v.packed_elements(); }, variant_);
  }

  gemm_problem problem_;
  typename gemm::all<T, Isa>::chosen variant_;
};

/// One shot: plans, packs b, runs, and drops both.
template <class Isa = isa::native, tensor_like X, tensor_like W, tensor_like Y, post_op PostOp = post::none>
void gemm_forward(const gemm_problem& p, const X& a, const W& b, Y&& c, const PostOp& ops = {},
                  const policy& wanted = {}, executor_ref executor = default_executor()) {
  using T = std::remove_const_t<typename std::remove_cvref_t<Y>::value_type>;
  const gemm_plan<T, X::format, W::format, Isa> plan(p, wanted);
  plan(a, plan.pack(b, default_memory(), executor), c, ops, executor);
}

}  // namespace simdnn::inline SIMDNN_ABI
