// fixed_conv against reference.
#include <doctest/doctest.h>

#include <simdnn/ops/conv/fixed.hpp>
#include <simdnn/ops/conv/reference.hpp>

#include "support/allocations.hpp"
#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/square_plus_one.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

// The algorithm alone: a plan would compile all others too.
template <class T, layout Src, layout Filter, layout Dst, class PostOp>
void reference(const conv_problem& p, const tensor<T, Src>& x, const tensor<T, Filter>& w,
               tensor<T, Dst>& y, const PostOp& ops) {
  const conv::reference<T> algorithm(
      conv::make_query<Src, Dst>(p, direction::forward, accuracy::normal));
  const view<const T, Filter> weights = w.as_view();
  std::vector<T> packed(algorithm.packed_elements());
  algorithm.pack(conv::as_filter(weights), packed.data(), serial{});
  const view<const T, Src> from = x.as_view();
  const view<T, Dst> to = y.as_view();
  algorithm.forward(conv::as_image(from), packed.data(), conv::as_image(to),
                    lower<isa::native>(ops, to, p.out, "test"), serial{}, {});
}

// AnyPostOp: with one that is not among those that tiles have at run time, too.
template <conv_problem P, class T, layout Src, layout Dst, bool AnyPostOp = false>
void check() {
  constexpr bool flat = P.rank() == 1;
  constexpr layout filter = flat ? layout("oiw") : layout("oihw");
  CAPTURE(P.str());
  CAPTURE(std::string(Src.text()) + " -> " + std::string(Dst.text()));
  const index_t terms = P.weights_shape().elements() / P.out;
  const auto x = random_tensor<T, Src>(P.src_shape(), 1);
  const auto w = random_tensor<T, filter>(P.weights_shape(), 2);
  const auto residual = random_tensor<T, Dst>(P.dst_shape(), 3);
  const auto b = random_tensor<T, "x">({P.out}, 4), s = random_tensor<T, "x">({P.out}, 5);
  const fixed_conv<T, P, Src, Dst> conv(w);

  const auto compare = [&](const auto& own, const auto& ops, double factor) {
    tensor<T, Dst> wanted(P.dst_shape());
    reference<T>(P, x, w, wanted, ops);
    CHECK(test::difference(own, wanted, terms, factor) == "");
    CHECK(test::padding_is_zero(own));
  };
  const auto run = [&](const auto& ops, double factor) {
    tensor<T, Dst> y(P.dst_shape());
    std::fill_n(y.data(), y.elements(), T(77));
    conv(x, y, ops);
    compare(y, ops, factor);
  };
  run(post::none{}, 1);
  run(post::bias(b) | post::sum(residual) | post::clamp(-0.5, 6), 1);
  if constexpr (AnyPostOp)  // squared: twice the error, with slopes up to 2.
    run(post::scale_shift(s, b) | post::tanh() | post::sum(residual) | test::square_plus_one{}, 4);
  auto in_place = residual;
  conv(x, in_place, post::bias(b) | post::sum(in_place) | post::relu());
  compare(in_place, post::bias(b) | post::sum(residual) | post::relu(), 1);

  test::for_each_guard([&](test::guard side) {
    const test::guarded<T, Src> gx(x, side);
    test::guarded<T, Dst> gy(P.dst_shape(), side);
    const test::guarded<T, "x"> gb(b, side);
    const auto ops = post::bias(gb) | post::relu();
    conv(gx, gy, ops);
    compare(gy, ops, 1);
  });
}

constexpr conv_problem plain{.in = 16, .out = 16, .size = {8, 8}, .kernel = {3, 3}, .pad = {1, 1}};

}  // namespace

TEST_CASE("fixed_conv: sizes, kernels, strides, borders") {
  check<plain, float, "nChw16c", "nChw16c", true>();
  check<plain, float, "nhwc", "nhwc">();
  check<conv_problem{
            .batch = 2, .in = 32, .out = 32, .size = {9, 30}, .kernel = {3, 3}, .pad = {1, 1}},
        float, "nChw16c", "nChw16c">();
  check<conv_problem{.in = 20, .out = 24, .size = {5, 7}, .kernel = {1, 1}}, float, "nhwc",
        "nhwc">();
  check<conv_problem{
            .in = 3, .out = 17, .size = {5, 11}, .kernel = {2, 7}, .stride = {2, 2}, .pad = {1, 3}},
        float, "nchw", "nChw16c">();
  check<
      conv_problem{
          .in = 5, .out = 48, .size = {7, 10}, .kernel = {3, 4}, .pad = {2, 1}, .pad_end = {0, 3}},
      float, "nhwc", "nChw16c">();
  check<conv_problem{.in = 8,
                     .out = 8,
                     .size = {13, 9},
                     .kernel = {3, 2},
                     .stride = {1, 3},
                     .pad = {2, 0},
                     .dilation = {2, 3}},
        float, "nChw8c", "nhwc">();
  // Padding wider than the image, an end that is never read, one pixel.
  check<conv_problem{.in = 4, .out = 33, .size = {2, 3}, .kernel = {3, 3}, .pad = {4, 3}}, float,
        "nhwc", "nhwc">();
  check<conv_problem{.in = 16, .out = 16, .size = {9, 9}, .kernel = {2, 2}, .pad_end = {-3, -4}},
        float, "nChw16c", "nChw16c">();
  check<conv_problem{.in = 1, .out = 1, .size = {1, 1}, .kernel = {1, 1}}, float, "nhwc", "nhwc">();
}

TEST_CASE("fixed_conv: layouts, double, one dimension, empty batch") {
  constexpr conv_problem odd{
      .batch = 2, .in = 19, .out = 21, .size = {6, 10}, .kernel = {3, 3}, .pad = {1, 1}};
  check<odd, double, "nChw8c", "nChw16c", true>();
  check<odd, double, "nchw", "nhwc">();
  constexpr conv_problem line{
      .in = 10, .out = 40, .size = {37}, .kernel = {5}, .stride = {2}, .pad = {2}};
  check<line, float, "nCw16c", "nCw16c">();
  check<line, double, "nwc", "nwc">();
  constexpr conv_problem empty{.batch = 0, .in = 8, .out = 16, .size = {4, 4}, .kernel = {3, 3}};
  tensor<float, "nhwc"> x(empty.src_shape()), y(empty.dst_shape());
  fixed_conv<float, empty, "nhwc">(tensor<float, "oihw">(empty.weights_shape()))(x, y);
}

TEST_CASE("fixed_conv: weights in any layout, nothing is allocated") {
  const auto x = random_tensor<float, "nChw16c">(plain.src_shape(), 1);
  const auto w = random_tensor<float, "oihw">(plain.weights_shape(), 2);
  const auto b = random_tensor<float, "x">({plain.out}, 3);
  tensor<float, "nChw16c"> y(plain.dst_shape()), z(plain.dst_shape());
  const long before = test::allocations;
  const fixed_conv<float, plain, "nChw16c"> conv(w);
  conv(x, y, post::bias(b) | post::relu());
  CHECK(test::allocations == before);
  fixed_conv<float, plain, "nChw16c">(test::copy_to<"OIhw16i16o">(w))(x, z,
                                                                      post::bias(b) | post::relu());
  CHECK(test::same_bits(y, z));
}

TEST_CASE("fixed_conv: errors") {
  const tensor<float, "oihw"> w(plain.weights_shape());
  const fixed_conv<float, plain, "nhwc"> conv(w);
  tensor<float, "nhwc"> x(plain.src_shape()), y(plain.dst_shape()), wide({1, 32, 8, 8});
  CHECK(test::message([&] { conv(wide, y); }) == "fixed_conv: src: expected 16 channels, got 32");
  CHECK(test::message([&] { conv(x, wide); }) == "fixed_conv: dst: expected 16 channels, got 32");
  CHECK(test::message([&] { conv(wide.part(1, 0, 16), y); }) ==
        "fixed_conv: src: expected a dense tensor, got one with gaps");
  CHECK(test::message([&] { conv(x, wide.part(1, 0, 16)); }) ==
        "fixed_conv: dst: expected a dense tensor, got one with gaps");
  CHECK(test::message([&] { conv(x, x); }) ==
        "fixed_conv: dst: expected memory apart from src, got an overlap");
  CHECK(test::message([&] {
          fixed_conv<float, plain, "nhwc">(tensor<float, "oihw">({16, 8, 3, 3}));
        }) == "fixed_conv: weights: expected 16 input channels, got 8");
}
