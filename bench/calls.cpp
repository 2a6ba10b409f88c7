// The calls of one ISA: the ops that memory bounds on images in blocks of 16 channels (softmax on
// rows), those of gemm's and conv's that simdnn_bench has not got, the multiply-add loop and STREAM's
// triad. Compiled once per ISA, as are the runners.
#include <bench/machine.hpp>
#include <bench/runners.hpp>
#include <cmath>
#include <simdnn/ops/activation.hpp>
#include <simdnn/ops/concat.hpp>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/conv_pool.hpp>
#include <simdnn/ops/gemm.hpp>
#include <simdnn/ops/lrn.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/ops/reorder.hpp>
#include <simdnn/ops/softmax.hpp>

namespace simdnn::bench {
namespace {

constexpr layout blocked = "nChw16c";
using image = tensor<float, blocked>;

/// One image of about `elements`, with 64 channels and even sides, as nearly square as can be.
shape image_shape(double elements) {
  const auto even = [](double x) { return std::max<index_t>(2, static_cast<index_t>(x) / 2 * 2); };
  const double pixels = elements / 64;
  const index_t height = even(std::sqrt(pixels));
  return {1, 64, height, even(pixels / static_cast<double>(height))};
}

/// Rows of up to 1000 classes, as networks for ImageNet end.
shape class_rows(double elements) {
  const auto rows = static_cast<index_t>(std::max(1.0, elements / 1000));
  return {rows, 1000};
}

// From -1 to 1.
template <layout L>
tensor<float, L> filled(const shape& s) {
  tensor<float, L> t(s);
  for (index_t i = 0; i < t.elements(); ++i) t.data()[i] = static_cast<float>(i % 65 - 32) / 32;
  return t;
}

double arrays_of(std::int64_t bytes, double arrays) {
  return static_cast<double>(bytes) / sizeof(float) / arrays;
}

template <class F>
std::unique_ptr<call> forward_activation(std::int64_t bytes, int threads) {
  const shape s = image_shape(arrays_of(bytes, 2));
  const auto n = static_cast<double>(s.elements());
  return make_call(n, 2 * n * sizeof(float),
                   [team = make_team(threads), src = filled<blocked>(s), dst = image(s)]() mutable {
                     activation_forward(F(), src, dst, team);
                   });
}

// The gradients of tanh and relu look at dst alone.
template <class F>
std::unique_ptr<call> backward_activation(std::int64_t bytes, int threads) {
  const shape s = image_shape(arrays_of(bytes, 3));
  const auto n = static_cast<double>(s.elements());
  return make_call(n, 3 * n * sizeof(float),
                   [team = make_team(threads), diff_dst = filled<blocked>(s),
                    dst = filled<blocked>(s), diff_src = image(s)]() mutable {
                     activation_backward(F(), diff_dst, dst, dst, diff_src, team);
                   });
}

// Windows of 2 x 2 that do not overlap.
pooling_problem halving(pooling_kind kind, const shape& s) {
  return {.kind = kind, .channels = s[1], .size = {s[2], s[3]}, .kernel = {2, 2}, .stride = {2, 2}};
}

template <pooling_kind Kind>
std::unique_ptr<call> forward_pooling(std::int64_t bytes, int threads) {
  const pooling_problem p = halving(Kind, image_shape(arrays_of(bytes, 1.25)));
  return make_call(p.flops(), p.elements() * sizeof(float),
                   [team = make_team(threads), plan = pooling_plan<float, blocked>(p),
                    src = filled<blocked>(p.src_shape()),
                    dst = image(p.dst_shape())]() mutable { plan(src, dst, team); });
}

std::unique_ptr<call> backward_max_pooling(std::int64_t bytes, int threads) {
  const pooling_problem p = halving(pooling_kind::max, image_shape(arrays_of(bytes, 1.5)));
  const pooling_backward_plan<float, blocked> plan(p);
  image diff_dst = filled<blocked>(p.dst_shape()), argmax(p.dst_shape());
  image diff_src = filled<blocked>(p.src_shape());
  pooling_forward(p, diff_src, diff_dst, argmax);
  const auto read = static_cast<double>(argmax.elements());
  return make_call(
      p.flops(), (p.elements() + read) * sizeof(float),
      [team = make_team(threads), plan, diff_dst = std::move(diff_dst), argmax = std::move(argmax),
       diff_src = std::move(diff_src)]() mutable { plan(diff_dst, argmax, diff_src, team); });
}

std::unique_ptr<call> backward_average_pooling(std::int64_t bytes, int threads) {
  const pooling_problem p = halving(pooling_kind::average, image_shape(arrays_of(bytes, 1.25)));
  return make_call(
      p.flops(), p.elements() * sizeof(float),
      [team = make_team(threads), plan = pooling_backward_plan<float, blocked>(p),
       diff_dst = filled<blocked>(p.dst_shape()),
       diff_src = image(p.src_shape())]() mutable { plan(diff_dst, none, diff_src, team); });
}

// An element's maximum, difference, exponential, sum and quotient.
std::unique_ptr<call> forward_softmax(std::int64_t bytes, int threads) {
  const shape s = class_rows(arrays_of(bytes, 2));
  const auto n = static_cast<double>(s.elements());
  return make_call(5 * n, 2 * n * sizeof(float),
                   [team = make_team(threads), src = filled<"nc">(s),
                    dst = tensor<float, "nc">(s)]() mutable { softmax_forward(src, dst, team); });
}

// An element's two products, sum and difference.
std::unique_ptr<call> backward_softmax(std::int64_t bytes, int threads) {
  const shape s = class_rows(arrays_of(bytes, 3));
  const auto n = static_cast<double>(s.elements());
  return make_call(4 * n, 3 * n * sizeof(float),
                   [team = make_team(threads), diff_dst = filled<"nc">(s), dst = filled<"nc">(s),
                    diff_src = tensor<float, "nc">(s)]() mutable {
                     softmax_backward(diff_dst, dst, diff_src, team);
                   });
}

// An element's squares and sum over 5 channels, s, and its power by two roots and a quotient.
std::unique_ptr<call> forward_lrn(std::int64_t bytes, int threads) {
  const shape s = image_shape(arrays_of(bytes, 2));
  const auto n = static_cast<double>(s.elements());
  return make_call(17 * n, 2 * n * sizeof(float),
                   [team = make_team(threads),
                    plan = lrn_plan<float, blocked>({.channels = s[1], .size = {s[2], s[3]}}),
                    src = filled<blocked>(s), dst = image(s)]() mutable { plan(src, dst, team); });
}

// The same, the products summed over 5 channels, and what is done with the sum.
std::unique_ptr<call> backward_lrn(std::int64_t bytes, int threads) {
  const shape s = image_shape(arrays_of(bytes, 3));
  const auto n = static_cast<double>(s.elements());
  return make_call(
      27 * n, 3 * n * sizeof(float),
      [team = make_team(threads),
       plan = lrn_backward_plan<float, blocked>({.channels = s[1], .size = {s[2], s[3]}}),
       diff_dst = filled<blocked>(s), src = filled<blocked>(s),
       diff_src = image(s)]() mutable { plan(diff_dst, src, diff_src, team); });
}

std::unique_ptr<call> forward_reorder(std::int64_t bytes, int threads) {
  const shape s = image_shape(arrays_of(bytes, 2));
  const auto n = static_cast<double>(s.elements());
  return make_call(0, 2 * n * sizeof(float),
                   [team = make_team(threads), src = filled<"nchw">(s), dst = image(s)]() mutable {
                     reorder(src, dst, team);
                   });
}

std::unique_ptr<call> forward_concat(std::int64_t bytes, int threads) {
  const shape s = image_shape(arrays_of(bytes, 2)), half{1, s[1] / 2, s[2], s[3]};
  const auto n = static_cast<double>(s.elements());
  return make_call(0, 2 * n * sizeof(float),
                   [team = make_team(threads), a = filled<blocked>(half), b = filled<blocked>(half),
                    dst = image(s)]() mutable { concat_forward({a, b}, dst, team); });
}

// Products as of attention's heads.
std::unique_ptr<call> batched_gemm(std::int64_t bytes, int threads) {
  constexpr gemm_problem p{.m = 16, .n = 16, .k = 16};
  const auto batch = static_cast<index_t>(arrays_of(bytes, 3 * 16 * 16));
  const auto n = static_cast<double>(batch);
  return make_call(
      n * p.flops(), n * p.elements() * sizeof(float),
      [team = make_team(threads), plan = gemm_batch_plan<float>(p),
       a = filled<"abc">({batch, 16, 16}), b = filled<"abc">({batch, 16, 16}),
       c = tensor<float, "abc">({batch, 16, 16})]() mutable { plan(a, b, c, post::none{}, team); });
}

// 3x3 on 16 channels, as bytes are src's and a quarter of dst's.
std::unique_ptr<call> pooled_conv(std::int64_t bytes, int threads) {
  const shape s = image_shape(4 * arrays_of(bytes, 1.25));
  const conv_problem p{.in = 16, .out = 16, .size = {s[2], s[3]}, .kernel = {3, 3}, .pad = {1, 1}};
  conv_pool_plan<float, blocked> plan(p);
  packed<float> weights = plan.pack(filled<"oihw">(p.weights_shape()));
  image dst(plan.shape_of("dst"));
  const auto moved =
      static_cast<double>(p.src_shape().elements() + p.weights_shape().elements() + dst.elements());
  return make_call(p.flops(), moved * sizeof(float),
                   [team = make_team(threads), plan, weights = std::move(weights),
                    src = filled<blocked>(p.src_shape()), dst = std::move(dst)]() mutable {
                     plan(src, weights, dst, post::relu(), team);
                   });
}

// So many of a fixed call at a time, that the clock sees them.
constexpr int fixed_calls = 100;

template <gemm_problem P>
std::unique_ptr<call> small_fixed_gemm(std::int64_t, int) {
  return make_call(fixed_calls * P.flops(), fixed_calls * P.elements() * sizeof(float),
                   [a = filled<"ab">(P.a_shape()), b = filled<"ab">(P.b_shape()),
                    c = tensor<float, "ab">(P.c_shape())]() mutable {
                     for (int i = 0; i < fixed_calls; ++i) {
                       fixed_gemm<float, P>(a.data(), b.data(), c.data());
                       asm volatile("" : : "r"(c.data()) : "memory");  // each is computed
                     }
                   });
}

template <conv_problem P>
std::unique_ptr<call> small_fixed_conv(std::int64_t, int) {
  using conv = fixed_conv<float, P, blocked>;
  return make_call(fixed_calls * P.flops(), fixed_calls * P.elements() * sizeof(float),
                   [conv = std::make_unique<const conv>(filled<"oihw">(P.weights_shape())),
                    src = filled<blocked>(P.src_shape()), dst = image(P.dst_shape())]() mutable {
                     for (int i = 0; i < fixed_calls; ++i) (*conv)(src, dst, post::relu());
                   });
}

std::unique_ptr<call> multiply_adds(std::int64_t, int threads) {
  return make_call(multiply_add_flops * threads, 0, [=] { multiply_add(threads); });
}

std::unique_ptr<call> stream_triad(std::int64_t bytes, int threads) {
  triad_arrays arrays(bytes / 3 / static_cast<long>(sizeof(float)), threads);
  const double flops = 2 * static_cast<double>(arrays.size()), moved = arrays.bytes();
  return make_call(flops, moved, [arrays = std::move(arrays)] { arrays.run(); });
}

}  // namespace

std::span<const call_maker> calls() {
  static constexpr call_maker table[] = {
      {"machine/peak/multiply_add/chains", bound::arithmetic, multiply_adds, "registers"},
      {"machine/peak/triad/stream", bound::memory, stream_triad},
      {"activation/forward/relu/direct", bound::memory, forward_activation<function::relu>},
      {"activation/backward/relu/direct", bound::memory, backward_activation<function::relu>},
      {"activation/forward/tanh/direct", bound::memory, forward_activation<function::tanh>},
      {"activation/backward/tanh/direct", bound::memory, backward_activation<function::tanh>},
      {"pooling/forward/max/direct", bound::memory, forward_pooling<pooling_kind::max>},
      {"pooling/backward/max/direct", bound::memory, backward_max_pooling},
      {"pooling/forward/average/direct", bound::memory, forward_pooling<pooling_kind::average>},
      {"pooling/backward/average/direct", bound::memory, backward_average_pooling},
      {"softmax/forward/1000_classes/direct", bound::memory, forward_softmax},
      {"softmax/backward/1000_classes/direct", bound::memory, backward_softmax},
      {"lrn/forward/5_channels/direct", bound::memory, forward_lrn},
      {"lrn/backward/5_channels/direct", bound::memory, backward_lrn},
      {"reorder/forward/nchw_to_nChw16c/direct", bound::memory, forward_reorder},
      {"concat/forward/halves/direct", bound::memory, forward_concat},
      {"gemm_batch/forward/16x16x16/chosen", bound::arithmetic, batched_gemm},
      {"conv_pool/forward/3x3/chosen", bound::arithmetic, pooled_conv},
      {"fixed_gemm/forward/8x8x8/unrolled", bound::arithmetic,
       small_fixed_gemm<{.m = 8, .n = 8, .k = 8}>, "L1", true},
      {"fixed_conv/forward/3x3/unrolled", bound::arithmetic,
       small_fixed_conv<{.in = 16, .out = 16, .size = {8, 8}, .kernel = {3, 3}, .pad = {1, 1}}>,
       "L1", true},
  };
  return table;
}

long increment(long x) { return x + 1; }

}  // namespace simdnn::bench
