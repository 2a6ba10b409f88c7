// The calls of one ISA that are not derived from operations.txt: an activation with exponentials,
// batched gemm, problems fixed at compile time, the multiply-add loop and STREAM's triad.
#include <bench/machine.hpp>
#include <bench/runners.hpp>
#include <cmath>
#include <simdnn/ops/activation.hpp>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/gemm.hpp>

namespace simdnn::bench {
namespace {

constexpr layout blocked = "nChw16c";
using image = tensor<float, blocked>;

/// One image of about `elements` elements, with 64 channels and even sides, as square as possible.
shape image_shape(double elements) {
  const auto even = [](double x) { return std::max<index_t>(2, static_cast<index_t>(x) / 2 * 2); };
  const double pixels = elements / 64;
  const index_t height = even(std::sqrt(pixels));
  return {1, 64, height, even(pixels / static_cast<double>(height))};
}

// A tensor with elements from -1 to 1.
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

// The gradients of tanh and relu read only dst, so dst is passed as src too.
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

// Products of the size of attention heads.
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

// Fixed calls per run: a single one is too short for the clock.
constexpr int fixed_calls = 100;

template <gemm_problem P>
std::unique_ptr<call> small_fixed_gemm(std::int64_t, int) {
  return make_call(fixed_calls * P.flops(), fixed_calls * P.elements() * sizeof(float),
                   [a = filled<"ab">(P.a_shape()), b = filled<"ab">(P.b_shape()),
                    c = tensor<float, "ab">(P.c_shape())]() mutable {
                     for (int i = 0; i < fixed_calls; ++i) {
                       fixed_gemm<float, P>(a.data(), b.data(), c.data());
                       asm volatile("" : : "r"(c.data()) : "memory");  // keeps every call
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
      {"activation/backward_data/relu/direct", bound::memory, backward_activation<function::relu>},
      {"activation/forward/tanh/direct", bound::memory, forward_activation<function::tanh>},
      {"activation/backward_data/tanh/direct", bound::memory, backward_activation<function::tanh>},
      {"gemm_batch/forward/16x16x16/chosen", bound::arithmetic, batched_gemm},
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
