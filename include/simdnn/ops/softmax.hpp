// softmax over the channels, and the cross-entropy loss behind it.
//
//     dst[n][c][...] = exp(src[n][c][...]) / sum over k of exp(src[n][k][...])
//     loss = mean over n of -log(dst[n][labels[n]])
//
// The largest channel is subtracted first: nothing overflows. A NaN or +infinity among the channels
// of a pixel makes all of them NaN, and so do channels that all are -infinity.
#pragma once

#include <cmath>
#include <cstdint>
#include <simdnn/ops/softmax/algorithms.hpp>
#include <simdnn/parallel/grain.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/plan/same_layout.hpp>
#include <simdnn/trace/call_record.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI {

namespace softmax {

template <class X, class R>
inline constexpr bool same_layout =
    std::is_same_v<std::remove_const_t<typename X::value_type>, typename R::value_type> &&
    X::format == R::format;

template <class T, layout L>
void check(const view<const T, L>& operand, const char* op, const char* argument) {
  static_assert(L.dim('c') >= 0,
                "softmax takes layouts with channels: nc, nchw, nhwc, nChw16c ...");
  static_assert(L.plain() || L.block(L.dim('c')) == L.block_size(),
                "softmax takes layouts in which nothing but the channels is blocked");
  check_given(operand, op, argument);
  // An empty product has no largest factor.
  if (operand.size('c') == 0) throw_error(op, argument, "at least 1 is needed", "has 0 channels");
  constexpr int fastest = L.outer_dim(L.rank() - 1);
  if (L.plain() && fastest == L.dim('c') && operand.stride(fastest) != 1 &&
      operand.size(fastest) > 1)
    throw_error(op, argument, "neighbours are needed",
                "has stride " + std::to_string(operand.stride(fastest)) + " between channels");
}

template <class T>
void check_labels(std::span<const std::int32_t> labels, const view<const T, "nc">& logits,
                  const char* op, const char* argument) {
  if (static_cast<index_t>(labels.size()) != logits.size('n'))
    throw_error(op, "labels",
                std::string(argument) + " has a batch of " + std::to_string(logits.size('n')),
                "has " + std::to_string(labels.size()) + " elements");
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= logits.size('c'))
      throw_error(op, "labels[" + std::to_string(i) + "]",
                  std::string(argument) + " has " + std::to_string(logits.size('c')) + " channels",
                  "is " + std::to_string(labels[i]));
}

// A call that passes over so many tensors like x.
template <class Isa, class T, layout L>
call_record record(const char* op, const view<const T, L>& x, int tensors) {
  return calls::record<T, Isa, L>(op, direct<T, L, Isa>::name, x.shape().str(),
                                  tensors * static_cast<double>(x.shape().elements()));
}

}  // namespace softmax

/// dst may be src itself.
template <class Isa = isa::native, tensor_like Src, tensor_like Dst>
void softmax_forward(const Src& src, Dst&& dst, executor_ref executor = default_executor()) {
  using D = std::remove_cvref_t<Dst>;
  static_assert(softmax::same_layout<Src, D>,
                "softmax takes operands of one element type and layout");
  using T = typename D::value_type;
  constexpr layout L = D::format;
  constexpr const char* op = "softmax_forward";
  const view<const T, L> x = src.as_view();
  const view<T, L> y = dst.as_view();
  softmax::check(x, op, "src");
  check_same_layout(y, x, op, "dst", "src");
  check_same_or_apart(y, x, op, "dst", "src");
  if (x.empty()) return;
  executor = for_elements(executor, static_cast<double>(x.shape().elements()));
  const calls::timer timer;
  softmax::direct<T, L, Isa>(x.shape()).forward(x, y, executor);
  timer.stop(executor, [&] { return softmax::record<Isa>(op, x, 2); });
}

/// diff_src = dst * (diff_dst - sum over channels of diff_dst * dst); diff_src may be either of the
/// others itself.
template <class Isa = isa::native, tensor_like DiffDst, tensor_like Dst, tensor_like DiffSrc>
void softmax_backward(const DiffDst& diff_dst, const Dst& dst, DiffSrc&& diff_src,
                      executor_ref executor = default_executor()) {
  using R = std::remove_cvref_t<DiffSrc>;
  static_assert(softmax::same_layout<DiffDst, R> && softmax::same_layout<Dst, R>,
                "softmax takes operands of one element type and layout");
  using T = typename R::value_type;
  constexpr layout L = R::format;
  constexpr const char* op = "softmax_backward";
  const view<const T, L> g = diff_dst.as_view(), y = dst.as_view();
  const view<T, L> r = diff_src.as_view();
  softmax::check(y, op, "dst");
  check_same_layout(g, y, op, "diff_dst", "dst");
  check_same_layout(r, y, op, "diff_src", "dst");
  check_same_or_apart(r, g, op, "diff_src", "diff_dst");
  check_same_or_apart(r, y, op, "diff_src", "dst");
  if (y.empty()) return;
  executor = for_elements(executor, static_cast<double>(y.shape().elements()));
  const calls::timer timer;
  softmax::direct<T, L, Isa>(y.shape()).backward(g, y, r, executor);
  timer.stop(executor, [&] { return softmax::record<Isa>(op, y, 3); });
}

/// Writes the probabilities, which may be the logits themselves, and returns the mean loss, 0 for
/// an empty batch. labels[n], from 0 to channels - 1, is the right channel of image n.
template <class Isa = isa::native, tensor_like Logits, tensor_like Probabilities>
double softmax_cross_entropy_forward(const Logits& logits, std::span<const std::int32_t> labels,
                                     Probabilities&& probabilities,
                                     executor_ref executor = default_executor()) {
  using P = std::remove_cvref_t<Probabilities>;
  static_assert(softmax::same_layout<Logits, P> && P::format == layout("nc"),
                "softmax_cross_entropy_forward takes logits and probabilities of layout \"nc\"");
  using T = typename P::value_type;
  constexpr const char* op = "softmax_cross_entropy_forward";
  const view<const T, "nc"> x = logits.as_view();
  const view<T, "nc"> y = probabilities.as_view();
  softmax::check(x, op, "logits");
  check_same_layout(y, x, op, "probabilities", "logits");
  check_same_or_apart(y, x, op, "probabilities", "logits");
  softmax::check_labels(labels, x, op, "logits");
  const index_t batch = x.size('n');
  if (batch == 0) return 0;
  executor = for_elements(executor, static_cast<double>(x.shape().elements()));
  const calls::timer timer;
  // A loss per image, added up in their order whoever computed them.
  const workspace_slices scratch(batch * static_cast<index_t>(sizeof(double)), 1);
  double* losses = scratch.slice<double>(0);
  const auto kernel = softmax::direct<T, "nc", Isa>::channel_kernel(x);
  parallel_for(executor, batch, [&](index_t begin, index_t end, index_t) {
    for (index_t n = begin; n < end; ++n) {
      const double right = x(n, labels.data()[n]);  // before dst, which may be src, is written
      const auto totals = kernel.forward(&x(n, 0), &y(n, 0));
      losses[n] =
          std::log(static_cast<double>(totals.sum)) + (static_cast<double>(totals.largest) - right);
    }
  });
  double sum = 0;
  for (index_t n = 0; n < batch; ++n) sum += losses[n];
  timer.stop(executor, [&] { return softmax::record<Isa>(op, x, 2); });
  return sum / static_cast<double>(batch);
}

/// The mean loss's gradient: diff_logits = (probabilities - onehot(labels)) / batch. diff_logits
/// may be the probabilities themselves.
template <class Isa = isa::native, tensor_like Probabilities, tensor_like DiffLogits>
void softmax_cross_entropy_backward(const Probabilities& probabilities,
                                    std::span<const std::int32_t> labels, DiffLogits&& diff_logits,
                                    executor_ref executor = default_executor()) {
  using R = std::remove_cvref_t<DiffLogits>;
  static_assert(softmax::same_layout<Probabilities, R> && R::format == layout("nc"),
                "softmax_cross_entropy_backward takes operands of layout \"nc\"");
  using T = typename R::value_type;
  constexpr const char* op = "softmax_cross_entropy_backward";
  const view<const T, "nc"> y = probabilities.as_view();
  const view<T, "nc"> r = diff_logits.as_view();
  softmax::check(y, op, "probabilities");
  check_same_layout(r, y, op, "diff_logits", "probabilities");
  check_same_or_apart(r, y, op, "diff_logits", "probabilities");
  softmax::check_labels(labels, y, op, "probabilities");
  const auto batch = static_cast<T>(y.size('n'));
  executor = for_elements(executor, static_cast<double>(y.shape().elements()));
  const calls::timer timer;
  parallel_for(executor, y.size('n'), [&](index_t begin, index_t end, index_t) {
    for (index_t n = begin; n < end; ++n)
      for (index_t c = 0; c < y.size('c'); ++c)
        r(n, c) = (y(n, c) - (c == labels.data()[n] ? T(1) : T(0))) / batch;
  });
  timer.stop(executor, [&] { return softmax::record<Isa>(op, y, 2); });
}

}  // namespace simdnn::inline SIMDNN_ABI
