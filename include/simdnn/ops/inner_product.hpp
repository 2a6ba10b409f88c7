// inner_product: dst {n, o} = post_ops(src {n, inputs} * weights' {inputs, o}), a fully connected
// layer.
//
//     inner_product_problem p{.batch = 8, .in = 256, .out = 4096, .size = {6, 6}};
//     inner_product_forward(p, src, weights, dst, post::bias(b) | post::relu());    one shot
//     inner_product_plan<float, "nChw16c"> plan{p};                                 many calls
//     auto w = plan.pack(weights);
//     plan(src, w, dst, post::bias(b));
//     inner_product_backward_data(p, diff_dst, weights, diff_src);
//     inner_product_backward_weights(p, src, diff_dst, diff_weights, diff_bias);
//
// src and diff_src are read and written in place, in layouts such as "nc", "nchw", "nhwc",
// "nChw16c", "ncdhw"; weights come in any layout of o, i and src's d, h, w; dst and diff_dst are
// "nc".
#pragma once

#include <memory>
#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/ops/inner_product/algorithms.hpp>
#include <simdnn/parallel/grain.hpp>
#include <simdnn/plan/operands.hpp>
#include <simdnn/plan/packed.hpp>
#include <simdnn/trace/call_record.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace inner_product {

// What the plans of all passes share.
template <class T, layout Src, class Isa>
class plan {
  static_assert(is_src_layout<Src>(),
                "inner_product: src has a layout of n, c and up to three of d, h, w, n outermost, "
                "of which only c "
                "may be blocked, such as \"nc\", \"nchw\", \"nhwc\", \"nChw16c\"");

 public:
  using algorithm_list = all<T, Src, Isa>;
  const inner_product_problem& problem() const { return problem_; }
  const char* algorithm_name() const {
    return std::visit([](const auto& v) { return v.name; }, algorithm_);
  }
  /// Bytes that a call with this many workers needs, if the caller gives the workspace.
  index_t workspace_bytes(int workers) const {
    return std::visit(
        [&](const auto& v) { return v.workspace_bytes(workers) + memory_pool::alignment; },
        algorithm_);
  }

 protected:
  // make_trial: see algorithms::measured.
  template <class MakeTrial>
  plan(const inner_product_problem& p, const policy& policy, direction pass, MakeTrial&& make_trial)
      : op_(op_name(pass)),
        problem_(fitting(p, op_)),
        algorithm_(choose(problem_, policy, pass, op_, make_trial)) {}

  static auto describe(const inner_product_problem& p, const policy& policy, direction pass) {
    return algorithm_list::describe(query{fitting(p, op_name(pass)), pass, policy.accuracy},
                                    policy);
  }

  template <class U>
  void check_src(const view<U, Src>& src, const char* argument) const {
    check_shape(src, problem_.src_shape(), op_, argument);
    if (!gapless(src))
      throw_error(op_, argument, "the elements of one image must follow each other",
                  "has gaps inside an image");
  }
  template <class U>
  void check_dst(const view<U, "nc">& dst, const char* argument) const {
    check_shape(dst, problem_.dst_shape(), op_, argument);
    check_neighbours<'c'>(dst, op_, argument);
  }
  template <class U, layout W>
  void check_weights(const view<U, W>& weights, const char* argument) const {
    static_assert(is_weights_layout<W, Src>(),
                  "inner_product: weights have a layout of o, i and the spatial dimensions of src, "
                  "such as \"oi\", "
                  "\"oihw\"");
    check_shape(weights, problem_.weights_shape(), op_, argument);
  }

  template <class MakeTrial>
  static typename algorithm_list::chosen choose(const inner_product_problem& p,
                                                const policy& policy, direction pass,
                                                const char* op, MakeTrial& make_trial) {
    const query q{p, pass, policy.accuracy};
    const auto key = [&] { return trial_key<T, Isa, Src>(p.str()); };
    return algorithm_list::choose(q, algorithm_list::measured(q, policy, op, key, make_trial), op);
  }
  static inner_product_problem fitting(const inner_product_problem& p, const char* op) {
    if (p.size.rank != Src.rank() - 2)
      throw_error(op, "size",
                  "src's layout " + std::string(Src.text()) + " has " +
                      std::to_string(Src.rank() - 2) + " spatial dimensions",
                  "is " + (p.size.empty() ? "empty" : p.size.str()));
    return p.checked(op);
  }

  call_record record() const { return calls::record<T, Isa, Src>(op_, algorithm_name(), problem_); }

  const char* op_;
  inner_product_problem problem_;
  typename algorithm_list::chosen algorithm_;
};

// Those that read weights.
template <class T, layout Src, class Isa>
class weights_plan : public plan<T, Src, Isa> {
 public:
  /// weights in the order that this plan reads.
  template <tensor_like W>
  packed<T> pack(const W& weights, std::pmr::memory_resource* memory = default_memory(),
                 executor_ref executor = default_executor()) const {
    packed<T> result(packed_name(), packed_elements(), memory);
    repack(weights, result, executor);
    return result;
  }
  template <tensor_like W>
  void repack(const W& weights, packed<T>& into, executor_ref executor = default_executor()) const {
    const view<const T, W::format> v = weights.as_view();
    this->check_weights(v, "weights");
    check_packed(into);
    executor = for_elements(executor, static_cast<double>(v.shape().elements()));
    const calls::timer timer;
    std::visit([&](const auto& algorithm) { algorithm.pack(v, into.data(), executor); },
               this->algorithm_);
    timer.stop(executor, [&] {
      return calls::packing<T, Isa, W::format>(this->op_, this->algorithm_name(),
                                               this->problem_.str(), v.shape());
    });
  }

 protected:
  using plan<T, Src, Isa>::plan;
  void check_packed(const packed<T>& weights) const {
    weights.check(packed_name(), packed_elements(), this->op_);
  }

 private:
  const char* packed_name() const {
    return std::visit([](const auto& v) { return v.packed_name(); }, this->algorithm_);
  }
  index_t packed_elements() const {
    return std::visit([](const auto& v) { return v.packed_elements(); }, this->algorithm_);
  }
};

}  // namespace inner_product

/// A chosen way to compute one problem forward. Immutable; callable from many threads.
template <class T, layout Src = "nc", class Isa = isa::native>
class inner_product_plan : public inner_product::weights_plan<T, Src, Isa> {
 public:
  /// Throws error where the problem breaks a rule or the policy's algorithm does not take it.
  explicit inner_product_plan(const inner_product_problem& p, const policy& policy = {})
      : inner_product::weights_plan<T, Src, Isa>(p, policy, direction::forward,
                                                 [&] { return trial(p); }) {}
  /// What is said of each algorithm for this problem and policy: {name, eligible, refusal, cost}.
  static auto describe(const inner_product_problem& p, const policy& policy = {}) {
    return inner_product::plan<T, Src, Isa>::describe(p, policy, direction::forward);
  }

  /// dst must not share memory with src. Workspace: the given bytes (workspace_bytes), else the
  /// calling thread's arena, which grows once.
  template <tensor_of<T, Src> X, tensor_of<T, "nc"> Y, post_op PostOp = post::none>
  void operator()(const X& src, const packed<T>& weights, Y&& dst, const PostOp& ops = {},
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    const view<const T, Src> from = src.as_view();
    const view<T, "nc"> to = dst.as_view();
    this->check_src(from, "src");
    this->check_dst(to, "dst");
    check_apart(to, this->op_, "dst");
    check_no_overlap(to, from, this->op_, "dst", "src");
    this->check_packed(weights);
    const auto post = lower<Isa>(ops, to, this->problem_.out, this->op_);
    executor = for_work(executor, this->problem_.flops());
    const calls::timer timer;
    std::visit(
        [&](const auto& v) { v.forward(from, weights.data(), to, post, executor, workspace); },
        this->algorithm_);
    timer.stop(executor, [&] { return this->record(); });
  }

 private:
  static auto trial(const inner_product_problem& p) {
    return
        [p, src = trial_tensor<T, Src>(p.src_shape()), dst = trial_tensor<T, "nc">(p.dst_shape()),
         weights = trial_tensor<T, trial_weights<Src>>(p.weights_shape()),
         bias = trial_tensor<T, "x">({p.out})](const policy& one) mutable -> trial_run {
          const auto plan = std::make_shared<const inner_product_plan>(p, one);
          const auto w = std::make_shared<const packed<T>>(plan->pack(weights));
          return [&, plan, w, executor = trial_executor(one)] {
            (*plan)(src, *w, dst, post::bias(bias) | post::relu(), executor);
          };
        };
  }
};

/// The gradient with respect to src; otherwise as inner_product_plan.
template <class T, layout Src = "nc", class Isa = isa::native>
class inner_product_backward_data_plan : public inner_product::weights_plan<T, Src, Isa> {
 public:
  explicit inner_product_backward_data_plan(const inner_product_problem& p,
                                            const policy& policy = {})
      : inner_product::weights_plan<T, Src, Isa>(p, policy, direction::backward_data,
                                                 [&] { return trial(p); }) {}
  /// As inner_product_plan::describe.
  static auto describe(const inner_product_problem& p, const policy& policy = {}) {
    return inner_product::plan<T, Src, Isa>::describe(p, policy, direction::backward_data);
  }

  template <tensor_of<T, "nc"> G, tensor_of<T, Src> X>
  void operator()(const G& diff_dst, const packed<T>& weights, X&& diff_src,
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    const view<const T, "nc"> from = diff_dst.as_view();
    const view<T, Src> to = diff_src.as_view();
    this->check_dst(from, "diff_dst");
    this->check_src(to, "diff_src");
    check_apart(to, this->op_, "diff_src");
    check_no_overlap(to, from, this->op_, "diff_src", "diff_dst");
    this->check_packed(weights);
    executor = for_work(executor, this->problem_.flops());
    const calls::timer timer;
    std::visit(
        [&](const auto& v) { v.backward_data(from, weights.data(), to, executor, workspace); },
        this->algorithm_);
    timer.stop(executor, [&] { return this->record(); });
  }

 private:
  static auto trial(const inner_product_problem& p) {
    return [p, diff_dst = trial_tensor<T, "nc">(p.dst_shape()),
            diff_src = trial_tensor<T, Src>(p.src_shape()),
            weights = trial_tensor<T, trial_weights<Src>>(p.weights_shape())](
               const policy& one) mutable -> trial_run {
      const auto plan = std::make_shared<const inner_product_backward_data_plan>(p, one);
      const auto w = std::make_shared<const packed<T>>(plan->pack(weights));
      return [&, plan, w, executor = trial_executor(one)] {
        (*plan)(diff_dst, *w, diff_src, executor);
      };
    };
  }
};

/// The gradients with respect to weights and bias; otherwise as inner_product_plan. An empty batch
/// gives zeros.
template <class T, layout Src = "nc", class Isa = isa::native>
class inner_product_backward_weights_plan : public inner_product::plan<T, Src, Isa> {
 public:
  explicit inner_product_backward_weights_plan(const inner_product_problem& p,
                                               const policy& policy = {})
      : inner_product::plan<T, Src, Isa>(p, policy, direction::backward_weights,
                                         [&] { return trial(p); }) {}
  /// As inner_product_plan::describe.
  static auto describe(const inner_product_problem& p, const policy& policy = {}) {
    return inner_product::plan<T, Src, Isa>::describe(p, policy, direction::backward_weights);
  }

  /// diff_weights has a plain layout.
  template <tensor_of<T, Src> X, tensor_of<T, "nc"> G, tensor_like W>
  void operator()(const X& src, const G& diff_dst, W&& diff_weights,
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    run(src, diff_dst, diff_weights, nullptr, executor, workspace);
  }
  /// diff_bias {out}, its elements side by side.
  template <tensor_of<T, Src> X, tensor_of<T, "nc"> G, tensor_like W, tensor_of<T, "x"> B>
  void operator()(const X& src, const G& diff_dst, W&& diff_weights, B&& diff_bias,
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    const view<T, "x"> bias = diff_bias.as_view();
    check_shape(bias, shape{this->problem_.out}, this->op_, "diff_bias");
    check_neighbours<'x'>(bias, this->op_, "diff_bias");
    check_no_overlap(bias, view<const T, Src>(src.as_view()), this->op_, "diff_bias", "src");
    check_no_overlap(bias, view<const T, "nc">(diff_dst.as_view()), this->op_, "diff_bias",
                     "diff_dst");
    check_no_overlap(bias, diff_weights.as_view(), this->op_, "diff_bias", "diff_weights");
    run(src, diff_dst, diff_weights, bias.data(), executor, workspace);
  }

 private:
  static auto trial(const inner_product_problem& p) {
    return [p, src = trial_tensor<T, Src>(p.src_shape()),
            diff_dst = trial_tensor<T, "nc">(p.dst_shape()),
            diff_weights = trial_tensor<T, trial_weights<Src>>(p.weights_shape()),
            diff_bias = trial_tensor<T, "x">({p.out})](const policy& one) mutable -> trial_run {
      const auto plan = std::make_shared<const inner_product_backward_weights_plan>(p, one);
      return [&, plan, executor = trial_executor(one)] {
        (*plan)(src, diff_dst, diff_weights, diff_bias, executor);
      };
    };
  }

  template <class X, class G, class W>
  void run(const X& src, const G& diff_dst, W& diff_weights, T* diff_bias, executor_ref executor,
           std::span<std::byte> workspace) const {
    constexpr layout weights = std::remove_cvref_t<W>::format;
    static_assert(weights.plain(),
                  "inner_product: diff_weights has a plain layout, such as \"oi\", \"oihw\"");
    const view<const T, Src> from = src.as_view();
    const view<const T, "nc"> diff = diff_dst.as_view();
    const view<T, weights> to = diff_weights.as_view();
    this->check_src(from, "src");
    this->check_dst(diff, "diff_dst");
    this->check_weights(to, "diff_weights");
    check_apart(to, this->op_, "diff_weights");
    check_no_overlap(to, from, this->op_, "diff_weights", "src");
    check_no_overlap(to, diff, this->op_, "diff_weights", "diff_dst");
    executor = for_work(executor, this->problem_.flops());
    const calls::timer timer;
    std::visit(
        [&](const auto& v) { v.backward_weights(from, diff, to, diff_bias, executor, workspace); },
        this->algorithm_);
    timer.stop(executor, [&] { return this->record(); });
  }
};

/// One shot: plans, packs, runs, and drops both.
template <class Isa = isa::native, tensor_like X, tensor_like W, tensor_like Y,
          post_op PostOp = post::none>
void inner_product_forward(const inner_product_problem& p, const X& src, const W& weights, Y&& dst,
                           const PostOp& ops = {}, const policy& policy = {},
                           executor_ref executor = default_executor()) {
  using T = typename std::remove_cvref_t<Y>::value_type;
  const inner_product_plan<T, X::format, Isa> plan(p, policy);
  plan(src, plan.pack(weights, default_memory(), executor), dst, ops, executor);
}

template <class Isa = isa::native, tensor_like G, tensor_like W, tensor_like X>
void inner_product_backward_data(const inner_product_problem& p, const G& diff_dst,
                                 const W& weights, X&& diff_src, const policy& policy = {},
                                 executor_ref executor = default_executor()) {
  using D = std::remove_cvref_t<X>;
  const inner_product_backward_data_plan<typename D::value_type, D::format, Isa> plan(p, policy);
  plan(diff_dst, plan.pack(weights, default_memory(), executor), diff_src, executor);
}

template <class Isa = isa::native, tensor_like X, tensor_like G, tensor_like W>
void inner_product_backward_weights(const inner_product_problem& p, const X& src, const G& diff_dst,
                                    W&& diff_weights, const policy& policy = {},
                                    executor_ref executor = default_executor()) {
  using T = typename std::remove_cvref_t<W>::value_type;
  inner_product_backward_weights_plan<T, X::format, Isa>(p, policy)(src, diff_dst, diff_weights,
                                                                    executor);
}
template <class Isa = isa::native, tensor_like X, tensor_like G, tensor_like W, tensor_like B>
void inner_product_backward_weights(const inner_product_problem& p, const X& src, const G& diff_dst,
                                    W&& diff_weights, B&& diff_bias, const policy& policy = {},
                                    executor_ref executor = default_executor()) {
  using T = typename std::remove_cvref_t<W>::value_type;
  inner_product_backward_weights_plan<T, X::format, Isa>(p, policy)(src, diff_dst, diff_weights,
                                                                    diff_bias, executor);
}

}  // namespace simdnn::inline SIMDNN_ABI
