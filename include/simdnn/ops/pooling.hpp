// pooling: the largest element or the mean of a window that slides over an image, in one to three
// spatial dimensions.
//
//     pooling_problem p{.channels = 64, .size = {56, 56}, .kernel = {2, 2}, .stride = {2, 2}};
//     pooling_plan<float, "nChw16c"> pool(p);
//     pool.forward(x, y);               // or pool.forward(x, y, argmax), for training
//     pool.backward(dy, argmax, dx);      // pool.backward(dy, dx) for the averages
//
// `argmax`, a tensor like dst, is the workspace of max pooling: forward writes for each output the
// number of the tap that was largest (kd * KH * KW + kh * KW + kw; of equal ones the first), which
// is exact in float. The averages neither write nor read it.
#pragma once

#include <simdnn/ops/pooling/algorithms.hpp>
#include <simdnn/parallel/grain.hpp>
#include <simdnn/plan/same_layout.hpp>
#include <simdnn/trace/call_record.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// Immutable; may be called from many threads at once. Each call throws error where an operand's
/// shape is not the problem's, its fastest dimension has a stride other than 1, or results share
/// memory with operands.
template <class T, layout Src, layout Dst = Src, class Isa = isa::native>
class pooling_plan {
  static_assert(
      Src.dim('n') == 0 && Src.dim('c') == 1 && Src.dim('w') == Src.rank() - 1 &&
          Dst.rank() == Src.rank() && Dst.letter(2) == Src.letter(2),
      "pooling takes layouts of n, c and one to three spatial dimensions: ncw, nchw, nhwc, "
      "ncdhw, nChw16c ...");
  static_assert(Src == Dst, "pooling's src and dst have one layout: reorder one of them");
  static constexpr const char* forward_op = "pooling_forward";
  static constexpr const char* backward_op = "pooling_backward";

 public:
  using algorithm_list = pooling::all<T, Src, Isa>;

  /// Throws error where the problem breaks a rule or the policy asks for an algorithm that refuses.
  explicit pooling_plan(const pooling_problem& p, const policy& policy = {})
      : problem_(check_rank(p)),
        chosen_(algorithm_list::choose(problem_, policy, "pooling_plan")) {}
  /// What is said of each algorithm for this problem and policy: {name, eligible, refusal, cost}.
  static auto describe(const pooling_problem& p, const policy& policy = {}) {
    return algorithm_list::describe(check_rank(p), policy);
  }

  /// With every default written out.
  const pooling_problem& problem() const { return problem_; }
  const char* algorithm_name() const {
    return std::visit([](const auto& v) { return v.name; }, chosen_);
  }

  template <tensor_of<T, Src> S, tensor_of<T, Dst> D>
  void forward(const S& src, D&& dst, executor_ref executor = default_executor()) const {
    run_forward(src.as_view(), dst.as_view(), nullptr, executor);
  }
  /// Fills argmax too.
  template <tensor_of<T, Src> S, tensor_of<T, Dst> D, tensor_of<T, Dst> W>
  void forward(const S& src, D&& dst, W&& argmax,
               executor_ref executor = default_executor()) const {
    const view<T, Dst> t = argmax.as_view();
    run_forward(src.as_view(), dst.as_view(), &t, executor);
  }
  /// The same as forward.
  template <class... Arguments>
  void operator()(Arguments&&... arguments) const {
    forward(std::forward<Arguments>(arguments)...);
  }

  /// The averages'; for max pooling an error.
  template <tensor_of<T, Dst> G, tensor_of<T, Src> R>
  void backward(const G& diff_dst, R&& diff_src, executor_ref executor = default_executor()) const {
    if (problem_.kind == pooling_kind::max)
      throw_error(backward_op, "argmax", "max pooling needs what forward wrote", "is missing");
    run_backward(diff_dst.as_view(), nullptr, diff_src.as_view(), executor);
  }
  template <tensor_of<T, Dst> G, tensor_of<T, Dst> W, tensor_of<T, Src> R>
  void backward(const G& diff_dst, const W& argmax, R&& diff_src,
                executor_ref executor = default_executor()) const {
    const view<const T, Dst> t = argmax.as_view();
    run_backward(diff_dst.as_view(), &t, diff_src.as_view(), executor);
  }

 private:
  static pooling_problem check_rank(const pooling_problem& p) {
    const pooling_problem checked = p.checked("pooling_plan");
    if (checked.rank() != Src.rank() - 2)
      throw_error("pooling_plan", "size",
                  "layout " + std::string(Src.text()) + " has " + std::to_string(Src.rank() - 2) +
                      " spatial dimensions",
                  "is " + p.size.str());
    return checked;
  }
  template <class U, layout L>
  static void check(const view<U, L>& operand, const shape& expected, const char* op,
                    const char* argument) {
    check_given(operand, op, argument);
    check_shape(operand, expected, op, argument);
    check_fastest(operand, op, argument);
  }

  void run_forward(const view<const T, Src>& src, const view<T, Dst>& dst,
                   const view<T, Dst>* argmax, executor_ref executor) const {
    check(src, problem_.src_shape(), forward_op, "src");
    check(dst, problem_.dst_shape(), forward_op, "dst");
    check_apart(dst, forward_op, "dst");
    check_no_overlap(dst, src, forward_op, "dst", "src");
    if (argmax != nullptr) {
      check(*argmax, problem_.dst_shape(), forward_op, "argmax");
      check_apart(*argmax, forward_op, "argmax");
      check_no_overlap(*argmax, src, forward_op, "argmax", "src");
      check_no_overlap(*argmax, dst, forward_op, "argmax", "dst");
    }
    executor = for_elements(executor, problem_.elements());
    const calls::timer timer;
    std::visit([&](const auto& v) { v.forward(src, dst, argmax, executor); }, chosen_);
    timer.stop(executor, [&] { return record(forward_op, argmax != nullptr); });
  }
  void run_backward(const view<const T, Dst>& diff_dst, const view<const T, Dst>* argmax,
                    const view<T, Src>& diff_src, executor_ref executor) const {
    check(diff_dst, problem_.dst_shape(), backward_op, "diff_dst");
    check(diff_src, problem_.src_shape(), backward_op, "diff_src");
    check_apart(diff_src, backward_op, "diff_src");
    check_no_overlap(diff_src, diff_dst, backward_op, "diff_src", "diff_dst");
    if (problem_.kind != pooling_kind::max) argmax = nullptr;
    if (argmax != nullptr) {
      check(*argmax, problem_.dst_shape(), backward_op, "argmax");
      check_no_overlap(diff_src, *argmax, backward_op, "diff_src", "argmax");
    }
    executor = for_elements(executor, problem_.elements());
    const calls::timer timer;
    std::visit([&](const auto& v) { v.backward(diff_dst, argmax, diff_src, executor); }, chosen_);
    timer.stop(executor, [&] { return record(backward_op, argmax != nullptr); });
  }

  call_record record(const char* op, bool with_argmax) const {
    call_record call = calls::record<T, Isa, Src, Dst>(op, algorithm_name(), problem_);
    call.problem += std::string("_n") + to_name(problem_.kind);
    if (with_argmax) call.bytes += static_cast<double>(problem_.dst_shape().elements()) * sizeof(T);
    return call;
  }

  pooling_problem problem_;
  typename algorithm_list::chosen chosen_;
};

namespace pooling {

template <class Src, class Dst, class Isa>
using plan_of = pooling_plan<std::remove_const_t<typename Src::value_type>, Src::format,
                             std::remove_cvref_t<Dst>::format, Isa>;

}  // namespace pooling

/// A plan's forward, once.
template <class Isa = isa::native, tensor_like Src, tensor_like Dst>
void pooling_forward(const pooling_problem& p, const Src& src, Dst&& dst, const policy& policy = {},
                     executor_ref executor = default_executor()) {
  pooling::plan_of<Src, Dst, Isa>(p, policy).forward(src, dst, executor);
}
template <class Isa = isa::native, tensor_like Src, tensor_like Dst, tensor_like Argmax>
void pooling_forward(const pooling_problem& p, const Src& src, Dst&& dst, Argmax&& argmax,
                     const policy& policy = {}, executor_ref executor = default_executor()) {
  pooling::plan_of<Src, Dst, Isa>(p, policy).forward(src, dst, argmax, executor);
}
/// A plan's backward, once.
template <class Isa = isa::native, tensor_like DiffDst, tensor_like DiffSrc>
void pooling_backward(const pooling_problem& p, const DiffDst& diff_dst, DiffSrc&& diff_src,
                      const policy& policy = {}, executor_ref executor = default_executor()) {
  using plan = pooling::plan_of<std::remove_cvref_t<DiffSrc>, DiffDst, Isa>;
  plan(p, policy).backward(diff_dst, diff_src, executor);
}
template <class Isa = isa::native, tensor_like DiffDst, tensor_like Argmax, tensor_like DiffSrc>
void pooling_backward(const pooling_problem& p, const DiffDst& diff_dst, const Argmax& argmax,
                      DiffSrc&& diff_src, const policy& policy = {},
                      executor_ref executor = default_executor()) {
  using plan = pooling::plan_of<std::remove_cvref_t<DiffSrc>, DiffDst, Isa>;
  plan(p, policy).backward(diff_dst, argmax, diff_src, executor);
}

}  // namespace simdnn::inline SIMDNN_ABI
