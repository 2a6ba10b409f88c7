// Convolution: forward, and backward to the data and to the weights.
//
//     conv_problem p{.in = 64, .out = 128, .size = {56, 56}, .kernel = {3, 3}, .pad = {1, 1}};
//     conv_forward(p, src, weights, dst, post::bias(b) | post::relu());    one shot
//     conv_plan<float, "nChw16c"> plan{p};                                 many calls
//     auto packed_weights = plan.pack(weights);
//     plan(src, packed_weights, dst, post::bias(b) | post::relu());
//     fixed_conv<float, p, "nChw16c"> small(weights);       p constexpr: conv/fixed.hpp
//
// src is {batch, in, size...}, dst {batch, out, output sizes...}, weights {out, in / groups,
// kernel...}. src and dst have layouts of n, c and one to three of d, h, w, of which c may be
// blocked; weights of o, i and d, h, w, of which o and i may be blocked.
#pragma once

#include <memory>
#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/ops/conv/algorithms.hpp>
#include <simdnn/ops/conv/fixed.hpp>
#include <simdnn/ops/conv/run.hpp>
#include <simdnn/parallel/grain.hpp>
#include <simdnn/plan/operands.hpp>
#include <simdnn/plan/packed.hpp>
#include <simdnn/trace/call_record.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace conv {

/// What the plans with packed weights share; Algorithms is the direction's list.
template <class T, class Algorithms, class Isa>
class weighted_plan {
 public:
  using algorithm_list = Algorithms;
  const conv_problem& problem() const { return problem_; }
  /// The algorithm's name, e.g. "direct".
  const char* algorithm_name() const {
    return std::visit([](const auto& v) { return v.name; }, algorithm_);
  }
  /// Bytes that a call with this many workers needs, if the caller gives the workspace.
  index_t workspace_bytes(int workers) const {
    return std::visit(
        [&](const auto& v) { return v.workspace_bytes(workers) + memory_pool::alignment; },
        algorithm_);
  }
  /// Weights in the order that this plan reads.
  template <tensor_like W>
  packed<T> pack(const W& weights, std::pmr::memory_resource* memory = default_memory(),
                 executor_ref executor = default_executor()) const {
    packed<T> result(algorithm_name(), packed_elements(), memory, op_);
    repack(weights, result, executor);
    return result;
  }
  /// The same into memory that was packed before, as training does after each step.
  template <tensor_like W>
  void repack(const W& weights, packed<T>& into, executor_ref executor = default_executor()) const {
    static_assert(tensor_of<W, T, W::format>, "weights must have the plan's element type");
    const view<const T, W::format> w = weights.as_view();
    check_shape(w, problem_.weights_shape(), op_, "weights");
    check_packed(into);
    executor = for_elements(executor, static_cast<double>(w.shape().elements()));
    const calls::timer timer;
    conv::pack<T>(algorithm_, as_filter(w), into.data(), executor);
    timer.stop(executor, [&] {
      return calls::packing<T, Isa, W::format>(op_, algorithm_name(), problem_.str(), w.shape());
    });
  }

 protected:
  // key, make_trial: see algorithms::measured.
  template <class Key, class MakeTrial>
  weighted_plan(const conv_problem& p, const query& q, const policy& policy, const char* op,
                Key&& key, MakeTrial&& make_trial)
      : problem_(p.checked(op)),
        op_(op),
        algorithm_(
            Algorithms::choose(q, Algorithms::measured(q, policy, op, key, make_trial), op)) {}
  index_t packed_elements() const {
    return std::visit([](const auto& v) { return v.packed_elements(); }, algorithm_);
  }
  void check_packed(const packed<T>& weights) const {
    weights.check(algorithm_name(), packed_elements(), op_, op_);
  }

  conv_problem problem_;
  const char* op_;
  typename Algorithms::chosen algorithm_;
};

}  // namespace conv

/// A chosen way to compute one convolution for operands of these types and layouts. Immutable;
/// callable from many threads.
template <class T, layout Src, layout Dst = Src, class Isa = isa::native>
class conv_plan : public conv::weighted_plan<T, conv::forward_algorithms<T, Isa>, Isa> {
  using base = conv::weighted_plan<T, conv::forward_algorithms<T, Isa>, Isa>;

 public:
  /// Throws error where the problem breaks a rule or the policy's algorithm does not take it.
  explicit conv_plan(const conv_problem& p, const policy& policy = {})
      : base(
            p,
            conv::make_query<Src, Dst>(p.checked("conv_forward"), direction::forward,
                                       policy.accuracy),
            policy, "conv_forward", [&] { return trial_key<T, Isa, Src, Dst>(p.str()); },
            [&] { return trial(p); }) {}
  /// What is said of each algorithm for this problem and policy: {name, eligible, refusal, cost}.
  static auto describe(const conv_problem& p, const policy& policy = {}) {
    return base::algorithm_list::describe(
        conv::make_query<Src, Dst>(p.checked("conv_forward"), direction::forward, policy.accuracy),
        policy);
  }

  /// dst must not share memory with src. Workspace: the given bytes (workspace_bytes), else the
  /// calling thread's arena, which grows once.
  template <tensor_of<T, Src> X, tensor_of<T, Dst> Y, post_op PostOp = post::none>
  void operator()(const X& src, const packed<T>& weights, Y&& dst, const PostOp& ops = {},
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    const view<const T, Src> x = src.as_view();
    const view<T, Dst> y = dst.as_view();
    check_shape(x, this->problem_.src_shape(), this->op_, "src");
    check_shape(y, this->problem_.dst_shape(), this->op_, "dst");
    check_apart(y, this->op_, "dst");
    check_no_overlap(y, x, this->op_, "dst", "src");
    this->check_packed(weights);
    const auto post = lower<Isa>(ops, y, this->problem_.out, this->op_);
    executor = for_work(executor, this->problem_.flops());
    const calls::timer timer;
    conv::forward<T>(this->problem_, this->algorithm_, conv::as_image(x), weights.data(),
                     conv::as_image(y), post, executor, workspace);
    timer.stop(executor, [&] {
      return calls::record<T, Isa, Src, Dst>(this->op_, this->algorithm_name(), this->problem_);
    });
  }

 private:
  static auto trial(const conv_problem& p) {
    return [p, src = trial_tensor<T, Src>(p.src_shape()), dst = trial_tensor<T, Dst>(p.dst_shape()),
            weights = trial_tensor<T, trial_weights<Src>>(p.weights_shape()),
            bias = trial_tensor<T, "x">({p.out})](const policy& one) mutable -> trial_run {
      const auto plan = std::make_shared<const conv_plan>(p, one);
      const auto w = std::make_shared<const packed<T>>(plan->pack(weights));
      return [&, plan, w, executor = trial_executor(one)] {
        (*plan)(src, *w, dst, post::bias(bias) | post::relu(), executor);
      };
    };
  }
};

/// The gradient with respect to src. diff_dst has layout Dst, diff_src layout Src.
template <class T, layout Src, layout Dst = Src, class Isa = isa::native>
class conv_backward_data_plan
    : public conv::weighted_plan<T, conv::backward_data_algorithms<T, Isa>, Isa> {
  using base = conv::weighted_plan<T, conv::backward_data_algorithms<T, Isa>, Isa>;

 public:
  explicit conv_backward_data_plan(const conv_problem& p, const policy& policy = {})
      : base(
            p,
            conv::make_query<Src, Dst>(p.checked("conv_backward_data"), direction::backward_data,
                                       policy.accuracy),
            policy, "conv_backward_data", [&] { return trial_key<T, Isa, Src, Dst>(p.str()); },
            [&] { return trial(p); }) {}
  /// As conv_plan::describe.
  static auto describe(const conv_problem& p, const policy& policy = {}) {
    return base::algorithm_list::describe(
        conv::make_query<Src, Dst>(p.checked("conv_backward_data"), direction::backward_data,
                                   policy.accuracy),
        policy);
  }

  template <tensor_of<T, Dst> Y, tensor_of<T, Src> X>
  void operator()(const Y& diff_dst, const packed<T>& weights, X&& diff_src,
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    const view<const T, Dst> y = diff_dst.as_view();
    const view<T, Src> x = diff_src.as_view();
    check_shape(y, this->problem_.dst_shape(), this->op_, "diff_dst");
    check_shape(x, this->problem_.src_shape(), this->op_, "diff_src");
    check_apart(x, this->op_, "diff_src");
    check_no_overlap(x, y, this->op_, "diff_src", "diff_dst");
    this->check_packed(weights);
    executor = for_work(executor, this->problem_.flops());
    const calls::timer timer;
    conv::backward_data<T>(this->problem_, this->algorithm_, conv::as_image(y), weights.data(),
                           conv::as_image(x), executor, workspace);
    timer.stop(executor, [&] {
      return calls::record<T, Isa, Src, Dst>(this->op_, this->algorithm_name(), this->problem_);
    });
  }

 private:
  static auto trial(const conv_problem& p) {
    return [p, diff_dst = trial_tensor<T, Dst>(p.dst_shape()),
            diff_src = trial_tensor<T, Src>(p.src_shape()),
            weights = trial_tensor<T, trial_weights<Src>>(p.weights_shape())](
               const policy& one) mutable -> trial_run {
      const auto plan = std::make_shared<const conv_backward_data_plan>(p, one);
      const auto w = std::make_shared<const packed<T>>(plan->pack(weights));
      return [&, plan, w, executor = trial_executor(one)] {
        (*plan)(diff_dst, *w, diff_src, executor);
      };
    };
  }
};

/// The gradients with respect to weights and bias; both are overwritten, with zeros in the padding of
/// blocked weights.
template <class T, layout Src, layout Dst = Src, class Isa = isa::native>
class conv_backward_weights_plan {
  static constexpr const char* op = "conv_backward_weights";

 public:
  using algorithm_list = conv::backward_weights_algorithms<T, Isa>;
  explicit conv_backward_weights_plan(const conv_problem& p, const policy& policy = {})
      : problem_(p.checked(op)), algorithm_(choose(problem_, policy)) {}
  /// As conv_plan::describe.
  static auto describe(const conv_problem& p, const policy& policy = {}) {
    return algorithm_list::describe(
        conv::make_query<Src, Dst>(p.checked(op), direction::backward_weights, policy.accuracy),
        policy);
  }

  const conv_problem& problem() const { return problem_; }
  const char* algorithm_name() const {
    return std::visit([](const auto& v) { return v.name; }, algorithm_);
  }
  index_t workspace_bytes(int workers) const {
    return std::visit(
        [&](const auto& v) { return v.workspace_bytes(workers) + memory_pool::alignment; },
        algorithm_);
  }

  template <tensor_of<T, Src> X, tensor_of<T, Dst> Y, tensor_like W>
  void operator()(const X& src, const Y& diff_dst, W&& diff_weights,
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    run(src.as_view(), diff_dst.as_view(), diff_weights.as_view(), nullptr, executor, workspace);
  }
  /// diff_bias: one element an output channel, the sum of diff_dst.
  template <tensor_of<T, Src> X, tensor_of<T, Dst> Y, tensor_like W, tensor_of<T, "x"> B>
  void operator()(const X& src, const Y& diff_dst, W&& diff_weights, B&& diff_bias,
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    const view<T, "x"> b = diff_bias.as_view();
    check_shape(b, shape{problem_.out}, op, "diff_bias");
    check_fastest(b, op, "diff_bias");
    check_no_overlap(b, view<const T, Src>(src.as_view()), op, "diff_bias", "src");
    check_no_overlap(b, view<const T, Dst>(diff_dst.as_view()), op, "diff_bias", "diff_dst");
    check_no_overlap(b, diff_weights.as_view(), op, "diff_bias", "diff_weights");
    run(src.as_view(), diff_dst.as_view(), diff_weights.as_view(), b.data(), executor, workspace);
  }

 private:
  static typename algorithm_list::chosen choose(const conv_problem& p, const policy& policy) {
    const conv::query q =
        conv::make_query<Src, Dst>(p, direction::backward_weights, policy.accuracy);
    const auto key = [&] { return trial_key<T, Isa, Src, Dst>(p.str()); };
    return algorithm_list::choose(
        q, algorithm_list::measured(q, policy, op, key, [&] { return trial(p); }), op);
  }
  static auto trial(const conv_problem& p) {
    return [p, src = trial_tensor<T, Src>(p.src_shape()),
            diff_dst = trial_tensor<T, Dst>(p.dst_shape()),
            diff_weights = trial_tensor<T, trial_weights<Src>>(p.weights_shape()),
            diff_bias = trial_tensor<T, "x">({p.out})](const policy& one) mutable -> trial_run {
      const auto plan = std::make_shared<const conv_backward_weights_plan>(p, one);
      return [&, plan, executor = trial_executor(one)] {
        (*plan)(src, diff_dst, diff_weights, diff_bias, executor);
      };
    };
  }

  template <layout W>
  void run(const view<const T, Src>& x, const view<const T, Dst>& y, const view<T, W>& w, T* bias,
           executor_ref executor, std::span<std::byte> workspace) const {
    check_shape(x, problem_.src_shape(), op, "src");
    check_shape(y, problem_.dst_shape(), op, "diff_dst");
    check_shape(w, problem_.weights_shape(), op, "diff_weights");
    check_apart(w, op, "diff_weights");
    check_no_overlap(w, x, op, "diff_weights", "src");
    check_no_overlap(w, y, op, "diff_weights", "diff_dst");
    executor = for_work(executor, problem_.flops());
    const calls::timer timer;
    conv::backward_weights<T>(problem_, algorithm_, conv::as_image(x), conv::as_image(y),
                              conv::as_filter(w), bias, executor, workspace);
    zero_padding(w, executor);
    timer.stop(executor,
               [&] { return calls::record<T, Isa, Src, Dst>(op, algorithm_name(), problem_); });
  }

  conv_problem problem_;
  typename algorithm_list::chosen algorithm_;
};

/// One shot: plans, packs the weights, runs, and drops both.
template <class Isa = isa::native, tensor_like X, tensor_like W, tensor_like Y,
          post_op PostOp = post::none>
void conv_forward(const conv_problem& p, const X& src, const W& weights, Y&& dst,
                  const PostOp& ops = {}, const policy& policy = {},
                  executor_ref executor = default_executor()) {
  using T = std::remove_const_t<typename X::value_type>;
  const conv_plan<T, X::format, std::remove_cvref_t<Y>::format, Isa> plan(p, policy);
  plan(src, plan.pack(weights, default_memory(), executor), dst, ops, executor);
}
template <class Isa = isa::native, tensor_like Y, tensor_like W, tensor_like X>
void conv_backward_data(const conv_problem& p, const Y& diff_dst, const W& weights, X&& diff_src,
                        const policy& policy = {}, executor_ref executor = default_executor()) {
  using T = std::remove_const_t<typename Y::value_type>;
  const conv_backward_data_plan<T, std::remove_cvref_t<X>::format, Y::format, Isa> plan(p, policy);
  plan(diff_dst, plan.pack(weights, default_memory(), executor), diff_src, executor);
}
template <class Isa = isa::native, tensor_like X, tensor_like Y, tensor_like W>
void conv_backward_weights(const conv_problem& p, const X& src, const Y& diff_dst, W&& diff_weights,
                           const policy& policy = {}, executor_ref executor = default_executor()) {
  using T = std::remove_const_t<typename X::value_type>;
  conv_backward_weights_plan<T, X::format, Y::format, Isa>(p, policy)(src, diff_dst, diff_weights,
                                                                      executor);
}
template <class Isa = isa::native, tensor_like X, tensor_like Y, tensor_like W, tensor_like B>
void conv_backward_weights(const conv_problem& p, const X& src, const Y& diff_dst, W&& diff_weights,
                           B&& diff_bias, const policy& policy = {},
                           executor_ref executor = default_executor()) {
  using T = std::remove_const_t<typename X::value_type>;
  conv_backward_weights_plan<T, X::format, Y::format, Isa>(p, policy)(src, diff_dst, diff_weights,
                                                                      diff_bias, executor);
}

}  // namespace simdnn::inline SIMDNN_ABI

/// KEYWORD is `template` or `extern template` (simdnn/instances.hpp).
#define SIMDNN_CONV_INSTANCES(KEYWORD, T)                                               \
  SIMDNN_CONV_LIST_INSTANCES(KEYWORD, T, forward_algorithms)                            \
  SIMDNN_CONV_LIST_INSTANCES(KEYWORD, T, backward_data_algorithms)                      \
  SIMDNN_CONV_LIST_INSTANCES(KEYWORD, T, backward_weights_algorithms)                   \
  SIMDNN_CONV_PACK_INSTANCES(KEYWORD, T, forward_algorithms)                            \
  SIMDNN_CONV_PACK_INSTANCES(KEYWORD, T, backward_data_algorithms)                      \
  KEYWORD void simdnn::conv::forward(                                                   \
      const simdnn::conv_problem&,                                                      \
      const simdnn::conv::forward_algorithms<T, simdnn::isa::native>::chosen&,          \
      const simdnn::conv::image<const T>&, const T*, const simdnn::conv::image<T>&,     \
      const simdnn::epilogue::fused<T>&, simdnn::executor_ref, std::span<std::byte>);   \
  KEYWORD void simdnn::conv::backward_data(                                             \
      const simdnn::conv_problem&,                                                      \
      const simdnn::conv::backward_data_algorithms<T, simdnn::isa::native>::chosen&,    \
      const simdnn::conv::image<const T>&, const T*, const simdnn::conv::image<T>&,     \
      simdnn::executor_ref, std::span<std::byte>);                                      \
  KEYWORD void simdnn::conv::backward_weights(                                          \
      const simdnn::conv_problem&,                                                      \
      const simdnn::conv::backward_weights_algorithms<T, simdnn::isa::native>::chosen&, \
      const simdnn::conv::image<const T>&, const simdnn::conv::image<const T>&,         \
      const simdnn::conv::filter<T>&, T*, simdnn::executor_ref, std::span<std::byte>);
#define SIMDNN_CONV_LIST_INSTANCES(KEYWORD, T, list)                             \
  KEYWORD simdnn::conv::list<T, simdnn::isa::native>::chosen                     \
  simdnn::conv::list<T, simdnn::isa::native>::choose(const simdnn::conv::query&, \
                                                     const simdnn::policy&, const char*);
#define SIMDNN_CONV_PACK_INSTANCES(KEYWORD, T, list)                                         \
  KEYWORD void simdnn::conv::pack(const simdnn::conv::list<T, simdnn::isa::native>::chosen&, \
                                  const simdnn::conv::filter<const T>&, T*, simdnn::executor_ref);
#if defined(SIMDNN_EXTERN_TEMPLATES)
SIMDNN_CONV_INSTANCES(extern template, float)
SIMDNN_CONV_INSTANCES(extern template, double)
#endif
