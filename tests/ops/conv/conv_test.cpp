#include <doctest/doctest.h>

#include <cmath>
#include <simdnn/ops/conv.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "ops/conv/shapes.hpp"
#include "support/compare.hpp"
#include "support/square_plus_one.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

// Filled with what no algorithm may leave behind.
template <class T, layout L>
tensor<T, L> dirty(const shape& s) {
  tensor<T, L> x(s);
  std::fill_n(x.data(), x.elements(), T(77));
  return x;
}

index_t terms(const conv_problem& p, direction pass) {
  index_t taps = 1, pixels = p.batch;
  for (int d = 0; d < p.rank(); ++d) {
    taps *= p.kernel[d];
    pixels *= p.output(d);
  }
  return pass == direction::forward         ? p.in / p.groups * taps
         : pass == direction::backward_data ? p.out / p.groups * taps
                                            : std::max<index_t>(pixels, 1);
}

// All algorithms of all passes against reference, with the post-ops that a tile has at run time, with
// the residual in dst itself, and with a lambda.
template <class T, layout Src, layout Dst, layout W>
void compare_algorithms(const conv_problem& p) {
  CAPTURE(p.str());
  CAPTURE(std::string(Src.text()) + " -> " + std::string(Dst.text()));
  const auto x = random_tensor<T, Src>(p.src_shape(), 1);
  const auto w = random_tensor<T, W>(p.weights_shape(), 2);
  const auto residual = random_tensor<T, Dst>(p.dst_shape(), 3),
             g = random_tensor<T, Dst>(p.dst_shape(), 4);
  const auto b = random_tensor<T, "x">({p.out}, 5), s = random_tensor<T, "x">({p.out}, 6);
  const auto standard = post::bias(b) | post::sum(residual) | post::clamp(-0.5, 6);
  const auto fused =
      post::scale_shift(s, b) | post::tanh() | post::sum(residual) | test::square_plus_one{};

  using plan = conv_plan<T, Src, Dst>;
  const plan forward(p, {.algorithm = "reference"});
  const auto packed = forward.pack(w);
  tensor<T, Dst> bare(p.dst_shape()), y1(p.dst_shape()), y2(p.dst_shape());
  forward(x, packed, bare);
  forward(x, packed, y1, standard);
  forward(x, packed, y2, fused);
  for (const std::string& name : plan::algorithm_list::names()) {
    CAPTURE(name);
    if (name == "reference" ||
        plan::algorithm_list::refusal(
            conv::make_query<Src, Dst>(p, direction::forward, accuracy::normal), name))
      continue;
    const plan own(p, {.algorithm = name});
    const auto own_packed = own.pack(w);
    auto y = dirty<T, Dst>(p.dst_shape());
    own(x, own_packed, y);
    CHECK(test::difference(y, bare, terms(p, direction::forward), test::transform_factor(name)) ==
          "");
    CHECK(test::padding_is_zero(y));
    y = dirty<T, Dst>(p.dst_shape());
    own(x, own_packed, y, standard);
    CHECK(test::difference(y, y1, terms(p, direction::forward), test::transform_factor(name)) ==
          "");
    CHECK(test::padding_is_zero(y));
    y = residual;
    own(x, own_packed, y, post::bias(b) | post::sum(y) | post::clamp(-0.5, 6));
    CHECK(test::difference(y, y1, terms(p, direction::forward), test::transform_factor(name)) ==
          "");
    const auto as_fused = [&] {  // squared: twice, with slopes up to 2
      return test::difference(y, y2, terms(p, direction::forward),
                              4 * test::transform_factor(name));
    };
    y = dirty<T, Dst>(p.dst_shape());
    own(x, own_packed, y, fused);
    CHECK(as_fused() == "");
    CHECK(test::padding_is_zero(y));
    y = residual;
    own(x, own_packed, y,
        post::scale_shift(s, b) | post::tanh() | post::sum(y) | test::square_plus_one{});
    CHECK(as_fused() == "");
  }

  using data_plan = conv_backward_data_plan<T, Src, Dst>;
  const data_plan data(p, {.algorithm = "reference"});
  tensor<T, Src> dx(p.src_shape());
  data(g, data.pack(w), dx);
  for (const std::string& name : data_plan::algorithm_list::names()) {
    CAPTURE(name);
    if (name == "reference" ||
        data_plan::algorithm_list::refusal(
            conv::make_query<Src, Dst>(p, direction::backward_data, accuracy::normal), name))
      continue;
    const data_plan own(p, {.algorithm = name});
    auto own_dx = dirty<T, Src>(p.src_shape());
    own(g, own.pack(w), own_dx);
    CHECK(test::difference(own_dx, dx, terms(p, direction::backward_data),
                           test::transform_factor(name)) == "");
    CHECK(test::padding_is_zero(own_dx));
  }

  using weights_plan = conv_backward_weights_plan<T, Src, Dst>;
  tensor<T, W> dw(p.weights_shape());
  tensor<T, "x"> db({p.out});
  weights_plan(p, {.algorithm = "reference"})(x, g, dw, db);
  for (const std::string& name : weights_plan::algorithm_list::names()) {
    CAPTURE(name);
    if (name == "reference" ||
        weights_plan::algorithm_list::refusal(
            conv::make_query<Src, Dst>(p, direction::backward_weights, accuracy::normal), name))
      continue;
    const weights_plan own(p, {.algorithm = name});
    auto own_dw = dirty<T, W>(p.weights_shape());
    auto own_db = dirty<T, "x">({p.out});
    own(x, g, own_dw, own_db);
    CHECK(test::difference(own_dw, dw, terms(p, direction::backward_weights)) == "");
    CHECK(test::padding_is_zero(own_dw));
    CHECK(test::difference(own_db, db, terms(p, direction::backward_weights)) == "");
    own_dw = dirty<T, W>(p.weights_shape());
    own(x, g, own_dw);
    CHECK(test::difference(own_dw, dw, terms(p, direction::backward_weights)) == "");
  }
}

}  // namespace

TEST_CASE("conv: every algorithm against reference, two dimensions") {
  for (const std::string& text : test::images) {
    const conv_problem p = conv_problem::parse(text);
    compare_algorithms<float, "nChw16c", "nChw16c", "oihw">(p);
    compare_algorithms<float, "nhwc", "nhwc", "oihw">(p);
    compare_algorithms<float, "nchw", "nchw", "OIhw16i16o">(p);
  }
}

TEST_CASE("conv: src and dst of different layouts, double") {
  for (const std::string& text : test::images) {
    const conv_problem p = conv_problem::parse(text);
    compare_algorithms<double, "nchw", "nChw8c", "hwio">(p);
  }
}

TEST_CASE("conv: one and three dimensions, blocked weights") {
  for (const std::string& text : test::lines)
    compare_algorithms<float, "nCw16c", "nwc", "oiw">(conv_problem::parse(text));
  for (const std::string& text : test::volumes)
    compare_algorithms<float, "nCdhw16c", "ncdhw", "OIdhw16i16o">(conv_problem::parse(text));
  for (const std::string& text : test::depthwise_volumes)
    compare_algorithms<double, "nCdhw8c", "ndhwc", "oidhw">(conv_problem::parse(text));
}

TEST_CASE("conv: random problems") {
  test::random r(2026);
  for (int i = 0; i < 60; ++i) {
    const conv_problem p = test::random_problem(r);
    if (i % 2 == 0)
      compare_algorithms<float, "nChw16c", "nChw16c", "oihw">(p);
    else
      compare_algorithms<float, "nhwc", "nhwc", "oihw">(p);
  }
}

// At most 256 products are summed in a row before a total takes them, whose roundings here all go
// the same way; a plain sum of all pixels in float is wrong by 1e-3 and more.
TEST_CASE("conv: depthwise gradients of weights lose no accuracy over many pixels") {
  const conv_problem p = conv_problem::parse("g2mb1ic2iw2000000oc2kw1");
  tensor<float, "nwc"> x(p.src_shape()), g(p.dst_shape());
  std::fill_n(x.data(), x.elements(), 0.1f);
  std::fill_n(g.data(), g.elements(), 1.0f);
  tensor<float, "oiw"> dw(p.weights_shape());
  tensor<float, "x"> db({p.out});
  conv_backward_weights(p, x, g, dw, db, policy{.algorithm = "depthwise"});
  const double expected = 2e6 * static_cast<double>(0.1f);
  CHECK(std::abs(dw(1, 0, 0) - expected) < 256 * 0x1p-24 * expected);
  CHECK(db(1) == 2e6f);
}
