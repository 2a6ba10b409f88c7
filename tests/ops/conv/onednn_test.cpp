#include <doctest/doctest.h>

#include <cstdlib>
#include <simdnn/ops/conv.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/square_plus_one.hpp"
#include "support/threads.hpp"

#if defined(SIMDNN_WITH_ONEDNN)

using namespace simdnn;
using test::random_tensor;

namespace {

const policy by_onednn{.algorithm = "onednn"}, naive{.algorithm = "reference"};

const conv_problem simple{
    .batch = 2, .in = 5, .out = 20, .size = {9, 8}, .kernel = {3, 3}, .pad = {1, 1}};

template <class T, layout L>
tensor<T, L> dirty(const shape& s) {
  tensor<T, L> x(s);
  std::fill_n(x.data(), x.elements(), T(7));
  return x;
}

template <layout Src, layout Dst, layout W>
void compare(const conv_problem& p) {
  CAPTURE(p.str());
  CAPTURE(std::string(Src.text()) + " -> " + std::string(Dst.text()));
  const auto src = random_tensor<float, Src>(p.src_shape(), 1);
  const auto weights = random_tensor<float, W>(p.weights_shape(), 2);
  const auto bias = random_tensor<float, "x">({p.out}, 3);
  const auto g = random_tensor<float, Dst>(p.dst_shape(), 4);
  index_t taps = 1, pixels = p.batch;
  for (int d = 0; d < p.rank(); ++d) taps *= p.kernel[d], pixels *= p.output(d);

  const auto forward = [&](const auto& ops) {
    auto y = dirty<float, Dst>(p.dst_shape()), expected = y;
    conv_forward(p, src, weights, expected, ops(expected), naive);
    conv_forward(p, src, weights, y, ops(y), by_onednn);
    CHECK(test::difference(y, expected, p.in / p.groups * taps + 2) == "");
    CHECK(test::padding_is_zero(y));
  };
  forward([](const auto&) { return post::none{}; });
  forward([&](const auto&) { return post::bias(bias) | post::sum(g) | post::relu(); });
  forward([&](const auto& y) { return post::bias(bias) | test::square_plus_one{} | post::sum(y); });

  auto dx = dirty<float, Src>(p.src_shape()), dx2 = dx;
  conv_backward_data(p, g, weights, dx, by_onednn);
  conv_backward_data(p, g, weights, dx2, naive);
  CHECK(test::difference(dx, dx2, p.out / p.groups * taps) == "");
  CHECK(test::padding_is_zero(dx));

  auto dw = dirty<float, W>(p.weights_shape()), dw2 = dw;
  auto db = dirty<float, "x">({p.out}), db2 = db;
  conv_backward_weights(p, src, g, dw, db, by_onednn);
  conv_backward_weights(p, src, g, dw2, db2, naive);
  CHECK(test::difference(dw, dw2, std::max<index_t>(pixels, 1)) == "");
  CHECK(test::difference(db, db2, std::max<index_t>(pixels, 1)) == "");
  conv_backward_weights(p, src, g, dw2, by_onednn);
  CHECK(test::difference(dw2, dw, std::max<index_t>(pixels, 1)) == "");
}

}  // namespace

TEST_CASE("oneDNN's convolution agrees with the reference in all passes and layouts") {
  for (const conv_problem& p :
       {simple, conv_problem{.batch = 1, .in = 16, .out = 32, .size = {5, 7}, .kernel = {1, 1}},
        conv_problem{.batch = 2,
                     .in = 12,
                     .out = 6,
                     .groups = 3,
                     .size = {9, 7},
                     .kernel = {3, 2},
                     .stride = {2, 1},
                     .pad = {1, 0}},
        conv_problem{.batch = 1,
                     .in = 3,
                     .out = 17,
                     .size = {13, 11},
                     .kernel = {3, 3},
                     .stride = {2, 2},
                     .pad = {2, 2},
                     .dilation = {2, 2}},
        conv_problem{.batch = 0, .in = 3, .out = 4, .size = {4, 4}, .kernel = {3, 3}}}) {
    compare<"nchw", "nchw", "oihw">(p);
    compare<"nhwc", "nhwc", "hwio">(p);
    compare<"nChw16c", "nChw16c", "oihw">(p);
  }
  compare<"nchw", "nChw16c", "oihw">(
      {.batch = 2, .in = 3, .out = 18, .size = {8, 8}, .kernel = {3, 3}});
  compare<"ncdhw", "ncdhw", "oidhw">({.batch = 2,
                                      .in = 3,
                                      .out = 5,
                                      .size = {4, 5, 6},
                                      .kernel = {2, 3, 3},
                                      .stride = {1, 2, 1},
                                      .pad = {1, 1, 1}});
  compare<"ncw", "ncw", "oiw">(
      {.batch = 2, .in = 4, .out = 3, .size = {15}, .kernel = {5}, .pad = {2}});
}

TEST_CASE(
    "one plan, many threads; nothing outside the operands is touched; workspace of the caller's") {
  const conv_plan<float, "nChw8c"> plan(simple, by_onednn);
  const auto src = random_tensor<float, "nChw8c">(simple.src_shape(), 1);
  const auto weights = random_tensor<float, "oihw">(simple.weights_shape(), 2);
  const auto packed_weights = plan.pack(weights);
  tensor<float, "nChw8c"> one(simple.dst_shape()), many[6];
  plan(src, packed_weights, one);
  test::threads{6}.parallel_for(6, [&](index_t i) {
    many[i] = tensor<float, "nChw8c">(simple.dst_shape());
    plan(src, packed_weights, many[i]);
  });
  for (const auto& y : many) CHECK(test::difference(y, one, 45) == "");
  test::for_each_guard([&](test::guard side) {
    const test::guarded<float, "nChw8c"> x(src, side), y(simple.dst_shape(), side);
    plan(x, packed_weights, y, post::relu());
    const test::guarded<float, "oihw"> dw(simple.weights_shape(), side);
    conv_backward_weights(simple, x, y, dw, by_onednn);
    CHECK(dw.data()[dw.elements() - 1] != 0);
  });
  std::vector<std::byte> room(plan.workspace_bytes(1));
  plan(src, packed_weights, one, post::sum(one), serial{}, room);
}

TEST_CASE("what oneDNN does not take is refused with the reason") {
  using test::message;
  CHECK(message([] { conv_plan<double, "nchw">(simple, by_onednn); }) ==
        "conv_forward: policy.algorithm: expected an algorithm that takes the problem, got "
        "'onednn' (oneDNN convolves float only)");
  CHECK(message([] { conv_plan<float, "nChw12c">(simple, by_onednn); }) ==
        "conv_forward: policy.algorithm: expected an algorithm that takes the problem, got "
        "'onednn' (oneDNN has channels in blocks of 4, 8 and 16 only)");
  conv_problem short_end = simple;
  short_end.pad_end = {-1, 0};
  CHECK(message([&] { conv_plan<float, "nchw">(short_end, by_onednn); }) ==
        "conv_forward: policy.algorithm: expected an algorithm that takes the problem, got "
        "'onednn' (oneDNN reads src to its end, pad_end may not be negative)");
  tensor<float, "nchw"> wide({2, 9, 9, 8}), dst(simple.dst_shape());
  const conv_plan<float, "nchw"> plan(simple, by_onednn);
  CHECK(message([&] {
          plan(wide.part(1, 2, 5), plan.pack(tensor<float, "oihw">(simple.weights_shape())), dst);
        }) ==
        "conv_forward: src: expected dense nchw, nhwc or blocks of channels for the algorithm "
        "onednn, got gaps or another order");
  CHECK(std::string(conv_plan<float, "nchw">(simple).algorithm_name()) != "onednn");
  CHECK(std::string(conv_plan<float, "nchw">(simple, {.allow_onednn = true}).algorithm_name()) ==
        "onednn");
}

#else
TEST_CASE("built without oneDNN: skipped") { std::exit(77); }
#endif
