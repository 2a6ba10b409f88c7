// conv_pool: a convolution in two dimensions and max pooling of its results, 2x2 with stride 2, in
// one operation that never stores the convolution's results as a whole:
//     dst[n][c][y][x] = max over i, j in 0..1 of post_ops(conv(src))[n][c][2 y + i][2 x + j]
//
//     conv_problem p{.in = 64, .out = 64, .size = {224, 224}, .kernel = {3, 3}, .pad = {1, 1}};
//     conv_pool_plan<float, "nChw16c"> plan{p};                                 many calls
//     auto packed_weights = plan.pack(weights);
//     tensor<float, "nChw16c"> dst(plan.dst_shape());
//     plan(src, packed_weights, dst, post::bias(b) | post::relu());
//     conv_pool_forward(p, src, weights, dst, post::bias(b) | post::relu());    one shot
//
// src is {batch, in, h, w}, weights {out, in / groups, kh, kw}, dst {batch, out, oh / 2, ow / 2}
// with the convolution's output sizes oh and ow; where one is odd, its last row or column is
// dropped, as by pooling without padding. Layouts are the convolution's; dst's channels or pixels
// lie side by side.
#pragma once

#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/conv_pool/banded.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace conv_pool {

template <class PostOp>
inline constexpr bool sums = false;
template <class... Ops>
inline constexpr bool sums<post::sequence<Ops...>> = (sums<Ops> || ...);
template <class T, layout L>
inline constexpr bool sums<post::sum_op<T, L>> = true;

}  // namespace conv_pool

/// A chosen way to convolve and pool. Its algorithms are those of the forward convolution, but for
/// oneDNN's, which takes no rows of an image in place; weights are packed for this plan, not for
/// conv_plan's. Immutable; callable from many threads.
template <class T, layout Src, layout Dst = Src, class Isa = isa::native>
class conv_pool_plan : public conv::weighted_plan<T, conv::forward_algorithms<T, Isa>, Isa> {
  using base = conv::weighted_plan<T, conv::forward_algorithms<T, Isa>, Isa>;
  static constexpr const char* op = "conv_pool_forward";
  static_assert(Src.rank() == 4 && Dst.rank() == 4 &&
                    (!Dst.plain() || Dst.letter(Dst.outer_dim(3)) == 'c' ||
                     Dst.letter(Dst.outer_dim(3)) == 'w'),
                "conv_pool takes layouts of n, c, h and w, such as \"nchw\", \"nhwc\" or "
                "\"nChw16c\"; dst's channels or pixels lie side by side");

 public:
  /// Throws error where the problem breaks a rule, is not of two dimensions or has outputs of less
  /// than 2x2, or where the policy's algorithm does not take it.
  explicit conv_pool_plan(const conv_problem& p, const policy& policy = {})
      : conv_pool_plan(p, own(policy),
                       conv_pool::cut_into_bands<T, Isa>(conv::make_query<Src, Dst>(
                           check(p), direction::forward, policy.accuracy))) {}
  /// What is said of each algorithm for a band of this problem: {name, eligible, refusal, cost}.
  static auto describe(const conv_problem& p, const policy& policy = {}) {
    const auto bands = conv_pool::cut_into_bands<T, Isa>(
        conv::make_query<Src, Dst>(check(p), direction::forward, policy.accuracy));
    auto all = base::algorithm_list::describe(bands.convolution, policy);
    for (auto& d : all)
      if (is_onednn(d.name)) d = {d.name, false, onednn_refusal, 0};
    return all;
  }

  /// {batch, out, oh / 2, ow / 2}
  shape dst_shape() const { return conv_pool::dst_shape(this->problem_); }
  /// Bytes that a call with this many workers needs, if the caller gives the workspace.
  index_t workspace_bytes(int workers) const {
    return banded_.workspace_bytes(this->algorithm_, workers) + memory_pool::alignment;
  }

  /// The post-ops see the convolution's results, before these are pooled. They may be any but
  /// post::sum, whose residual would be of a size that is never stored. dst must not share memory
  /// with src; in a plain layout its fastest dimension has stride 1. Workspace: the given bytes
  /// (workspace_bytes), else the calling thread's arena, which grows once.
  template <tensor_of<T, Src> X, tensor_of<T, Dst> Y, post_op PostOp = post::none>
  void operator()(const X& src, const packed<T>& weights, Y&& dst, const PostOp& ops = {},
                  executor_ref executor = default_executor(),
                  std::span<std::byte> workspace = {}) const {
    static_assert(!conv_pool::sums<PostOp>,
                  "conv_pool takes no post::sum: the convolution's results, of whose size the "
                  "residual is, are never stored");
    const view<const T, Src> x = src.as_view();
    const view<T, Dst> y = dst.as_view();
    check_shape(x, this->problem_.src_shape(), op, "src");
    check_shape(y, dst_shape(), op, "dst");
    check_fastest(y, op, "dst");
    check_apart(y, op, "dst");
    check_no_overlap(y, x, op, "dst", "src");
    this->check_packed(weights);
    const auto post = lower<Isa>(ops, y, this->problem_.out, op);
    executor = for_work(executor, this->problem_.flops());
    const calls::timer timer;
    banded_.forward(this->algorithm_, x, weights.data(), y, post, executor, workspace);
    timer.stop(executor, [&] {
      const conv_problem& p = this->problem_;
      call_record call = calls::record<T, Isa, Src, Dst>(op, this->algorithm_name(), p);
      call.bytes -=
          static_cast<double>(p.dst_shape().elements() - dst_shape().elements()) * sizeof(T);
      return call;
    });
  }

 private:
  conv_pool_plan(const conv_problem& p, const policy& policy, const conv_pool::bands& b)
      : base(
            p, b.convolution, policy, op, [&] { return trial_key<T, Isa, Src, Dst>(p.str()); },
            [&] { return trial(p); }),
        banded_(b) {}

  static constexpr const char* onednn_refusal = "oneDNN takes no rows of an image in place";
  static bool is_onednn(std::string_view algorithm) { return algorithm == "onednn"; }
  static policy own(policy policy) {
    if (is_onednn(policy.algorithm))
      throw_error(op, "policy.algorithm", onednn_refusal, "is 'onednn'");
    policy.allow_onednn = false;
    return policy;
  }
  static conv_problem check(const conv_problem& problem) {
    const conv_problem p = problem.checked(op);
    if (p.rank() != 2)
      throw_error(op, "size", "there are two dimensions in " + std::string(Src.text()),
                  "is " + p.size.str());
    if (p.output(0) < 2 || p.output(1) < 2)
      throw_error(op, "output", "a window of 2x2 must fit into it",
                  "is " + spatial{p.output(0), p.output(1)}.str());
    return p;
  }
  static auto trial(const conv_problem& p) {
    return [p, src = trial_tensor<T, Src>(p.src_shape()),
            dst = trial_tensor<T, Dst>(conv_pool::dst_shape(p)),
            weights = trial_tensor<T, trial_weights<Src>>(p.weights_shape()),
            bias = trial_tensor<T, "x">({p.out})](const policy& one) mutable -> trial_run {
      const auto plan = std::make_shared<const conv_pool_plan>(p, one);
      const auto w = std::make_shared<const packed<T>>(plan->pack(weights));
      return [&, plan, w, executor = trial_executor(one)] {
        (*plan)(src, *w, dst, post::bias(bias) | post::relu(), executor);
      };
    };
  }

  conv_pool::banded<T, Src, Dst, Isa> banded_;
};

/// One shot: plans, packs the weights, runs, and drops both.
template <class Isa = isa::native, tensor_like X, tensor_like W, tensor_like Y,
          post_op PostOp = post::none>
void conv_pool_forward(const conv_problem& p, const X& src, const W& weights, Y&& dst,
                       const PostOp& ops = {}, const policy& policy = {},
                       executor_ref executor = default_executor()) {
  using T = std::remove_const_t<typename X::value_type>;
  const conv_pool_plan<T, X::format, std::remove_cvref_t<Y>::format, Isa> plan(p, policy);
  plan(src, plan.pack(weights, default_memory(), executor), dst, ops, executor);
}

}  // namespace simdnn::inline SIMDNN_ABI
