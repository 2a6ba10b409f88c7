#include <doctest/doctest.h>

#include <simdnn/ops/pooling.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/compare.hpp"
#include "support/gradient.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

constexpr pooling_kind kinds[] = {pooling_kind::max, pooling_kind::average,
                                  pooling_kind::average_padded};

const std::vector<pooling_problem> images = {
    {.channels = 1, .size = {1, 1}, .kernel = {1, 1}},
    {.batch = 2, .channels = 5, .size = {7, 6}, .kernel = {2, 2}, .stride = {2, 2}},
    {.batch = 2,
     .channels = 37,
     .size = {9, 11},
     .kernel = {3, 3},
     .stride = {2, 2},
     .pad = {1, 1}},
    {.channels = 64, .size = {5, 7}, .kernel = {5, 7}},
    {.channels = 83, .size = {6, 5}, .kernel = {3, 2}, .pad = {2, 1}, .pad_end = {0, 1}},
    {.batch = 3, .channels = 3, .size = {9, 10}, .kernel = {2, 1}, .stride = {3, 4}},
    {.channels = 20, .size = {4, 67}, .kernel = {3, 5}, .pad = {1, 2}, .pad_end = {2, -3}},
    {.channels = 17, .size = {12, 13}, .kernel = {9, 8}, .pad = {4, 3}},
    {.batch = 2, .channels = 2, .size = {3, 150}, .kernel = {2, 70}, .pad = {1, 9}},
    {.batch = 0, .channels = 4, .size = {4, 4}, .kernel = {2, 2}},
};

index_t kernel_taps(const pooling_problem& p) {
  index_t n = 1;
  for (int d = 0; d < p.rank(); ++d) n *= p.kernel[d];
  return n;
}

template <class T, layout L>
void compare_algorithms(pooling_problem p) {
  CAPTURE(std::string(L.text()));
  for (const pooling_kind kind : kinds) {
    p.kind = kind;
    CAPTURE(p.str());
    CAPTURE(static_cast<int>(kind));
    const shape src = p.src_shape(), dst = p.dst_shape();
    // Few different values, so that windows have several maxima.
    auto x = random_tensor<T, L>(src, 1), g = random_tensor<T, L>(dst, 2);
    test::for_each_index(src, [&](const test::index& i) {
      T& e = test::element(x, i);
      e = std::round(e * 4) / 4;
    });
    const policy by_reference{.algorithm = "reference"};
    tensor<T, L> y(dst), argmax(dst), r(src);
    pooling_forward(p, x, y, argmax, by_reference);
    pooling_backward(p, g, argmax, r, by_reference);
    for (const std::string& name : pooling_plan<T, L>::algorithm_list::names()) {
      CAPTURE(name);
      const pooling_plan<T, L> plan(p, {.algorithm = name});
      const pooling_backward_plan<T, L> back(p, {.algorithm = name});
      tensor<T, L> own(dst), own_argmax(dst), own_r(src);
      std::fill_n(own_r.data(), own_r.elements(), T(7));
      const index_t terms = kind == pooling_kind::max ? 1 : kernel_taps(p);
      plan(x, own);
      CHECK(test::difference(own, y, terms) == "");
      std::fill_n(own.data(), own.elements(), T(7));  // what is not written must show
      plan(x, own, own_argmax);
      CHECK(test::difference(own, y, terms) == "");
      CHECK(test::same_bits(own_argmax, argmax));
      CHECK(test::padding_is_zero(own_argmax));
      CHECK((name == "reference" || test::padding_is_zero(own)));
      if (kind == pooling_kind::max) {
        back(g, argmax, own_r);
      } else {
        back(g, none, own_r);
      }
      CHECK(test::difference(own_r, r, terms) == "");
      CHECK((name == "reference" || test::padding_is_zero(own_r)));
    }
  }
}

}  // namespace

TEST_CASE("every algorithm agrees with the reference") {
  for (const pooling_problem& p : images) {
    compare_algorithms<float, "nchw">(p);
    compare_algorithms<float, "nhwc">(p);
    compare_algorithms<float, "nChw16c">(p);
    compare_algorithms<double, "nhwc">(p);
  }
  compare_algorithms<double, "nchw">(images[2]);
  const pooling_problem row{
      .batch = 2, .channels = 6, .size = {35}, .kernel = {4}, .stride = {3}, .pad = {1}};
  compare_algorithms<float, "ncw">(row);
  const pooling_problem volume{.batch = 2,
                               .channels = 21,
                               .size = {4, 5, 7},
                               .kernel = {2, 3, 3},
                               .stride = {1, 2, 2},
                               .pad = {1, 1, 1}};
  compare_algorithms<float, "nCdhw16c">(volume);
}

TEST_CASE("gradients agree with finite differences") {
  for (const pooling_kind kind : kinds) {
    const pooling_problem p{.kind = kind,
                            .batch = 2,
                            .channels = 3,
                            .size = {5, 6},
                            .kernel = {3, 2},
                            .stride = {2, 1},
                            .pad = {1, 1}};
    const pooling_plan<double, "nchw"> plan(p);
    const pooling_backward_plan<double, "nchw"> back(p);
    CHECK(std::string(plan.algorithm_name()) == "direct");
    auto x = random_tensor<double, "nchw">(p.src_shape(), 3);
    const auto g = random_tensor<double, "nchw">(p.dst_shape(), 4);
    tensor<double, "nchw"> y(p.dst_shape()), argmax(p.dst_shape()), r(p.src_shape());
    plan(x, y, argmax);
    back(g, argmax, r);
    const auto numeric = test::numeric_gradient(x, [&] {
      plan(x, y);
      return test::dot(y, g);
    });
    CHECK(test::distance(r, numeric) < 1e-9);
  }
}

TEST_CASE("a NaN in a window is its maximum, and the first one gets the gradient") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const pooling_problem p{.channels = 1, .size = {2, 40}, .kernel = {2, 4}, .stride = {1, 4}};
  const auto check = [&]<layout L>(std::integral_constant<layout, L>) {
    auto x = random_tensor<float, L>(p.src_shape(), 5);
    x(0, 0, 1, 0) = x(0, 0, 0, 1) = nan;
    x(0, 0, 1, 39) = nan;
    tensor<float, L> y(p.dst_shape()), argmax(p.dst_shape()), r(p.src_shape()), g(p.dst_shape());
    for (const std::string& name : pooling::all<float, L, isa::native>::names()) {
      CAPTURE(name);
      const pooling_plan<float, L> plan(p, {.algorithm = name});
      const pooling_backward_plan<float, L> back(p, {.algorithm = name});
      plan(x, y, argmax);
      CHECK(std::isnan(y(0, 0, 0, 0)));
      CHECK(std::isnan(y(0, 0, 0, 9)));
      CHECK_FALSE(std::isnan(y(0, 0, 0, 1)));
      CHECK(argmax(0, 0, 0, 0) == 1);
      CHECK(argmax(0, 0, 0, 9) == 7);
      plan(x, y);
      CHECK(std::isnan(y(0, 0, 0, 0)));
      g(0, 0, 0, 0) = 1;
      back(g, argmax, r);
      CHECK(r(0, 0, 0, 1) == 1);
      CHECK(r(0, 0, 1, 0) == 0);
    }
  };
  check(std::integral_constant<layout, layout("nchw")>{});
  check(std::integral_constant<layout, layout("nChw16c")>{});
}

TEST_CASE("averages over many terms are as exact as over few") {
  struct {
    pooling_problem p;
    std::vector<index_t> checked;  // pixels of diff_src, along the width or both dimensions alike
  } const shapes[] = {{{.channels = 1, .size = {1024, 1024}, .kernel = {1024, 1024}}, {0, 1023}},
                      {{.channels = 19, .size = {100, 90}, .kernel = {80, 77}}, {0, 10, 45, 89}},
                      {{.channels = 2, .size = {1, 5000}, .kernel = {1, 3000}}, {0}},
                      {{.channels = 3, .size = {70, 1}, .kernel = {35, 1}, .pad = {34, 0}}, {0}}};
  const auto check = [&]<layout L>(std::integral_constant<layout, L>) {
    CAPTURE(std::string(L.text()));
    const auto near = [](double got, double exact) {
      return std::abs(got - exact) <= 4 * std::numeric_limits<float>::epsilon() * std::abs(exact);
    };
    for (const auto& [problem, pixels] : shapes) {
      pooling_problem p = problem;
      CAPTURE(p.str());
      p.kind = pooling_kind::average;
      tensor<float, L> x(p.src_shape()), y(p.dst_shape()), g(p.dst_shape()), r(p.src_shape());
      test::for_each_index(x.shape(), [&](const test::index& i) { test::element(x, i) = 0.1f; });
      test::for_each_index(g.shape(), [&](const test::index& i) { test::element(g, i) = 0.1f; });
      const pooling_plan<float, L> plan(p);
      const pooling_backward_plan<float, L> back(p);
      plan(x, y);
      test::for_each_index(y.shape(),
                           [&](const test::index& i) { CHECK(near(test::element(y, i), 0.1f)); });
      back(g, none, r);
      const pooling::geometry shape(plan.problem());
      for (const index_t c : {index_t{0}, p.channels - 1})
        for (const index_t pixel : pixels) {
          const index_t h = std::min(pixel, p.size[0] - 1), w = std::min(pixel, p.size[1] - 1);
          const pooling::index_range ohs = shape.windows(1, h), ows = shape.windows(2, w);
          double exact = 0;
          for (index_t oh = ohs.begin; oh < ohs.end; ++oh)
            for (index_t ow = ows.begin; ow < ows.end; ++ow)
              exact += static_cast<double>(0.1f) / static_cast<double>(shape.divisor(0, oh, ow));
          CAPTURE(pixel);
          CHECK(near(r(0, c, h, w), exact));
        }
      // An infinity stays one, in all windows that hold it.
      x(0, 0, 0, 0) = std::numeric_limits<float>::infinity();
      g(0, 0, 0, 0) = -std::numeric_limits<float>::infinity();
      plan(x, y);
      back(g, none, r);
      CHECK(y(0, 0, 0, 0) == std::numeric_limits<float>::infinity());
      CHECK(r(0, 0, 0, 0) == -std::numeric_limits<float>::infinity());
    }
  };
  check(std::integral_constant<layout, layout("nchw")>{});
  check(std::integral_constant<layout, layout("nhwc")>{});
  check(std::integral_constant<layout, layout("nChw16c")>{});
}

TEST_CASE("an input that is the maximum of many windows sums all of their gradients") {
  const pooling_problem p{.channels = 2, .size = {121, 121}, .kernel = {61, 61}};
  const auto check = [&]<layout L>(std::integral_constant<layout, L>) {
    tensor<float, L> x(p.src_shape()), y(p.dst_shape()), argmax(p.dst_shape()), g(p.dst_shape()),
        r(p.src_shape());
    x(0, 0, 60, 60) = x(0, 1, 60, 60) = 1;  // in all windows
    test::for_each_index(g.shape(), [&](const test::index& i) { test::element(g, i) = 0.1f; });
    g(0, 1, 3, 3) = std::numeric_limits<float>::infinity();
    pooling_forward(p, x, y, argmax);
    pooling_backward(p, g, argmax, r);
    CHECK(r(0, 0, 60, 60) == doctest::Approx(61. * 61 * static_cast<double>(0.1f)).epsilon(5e-7));
    CHECK(r(0, 1, 60, 60) == std::numeric_limits<float>::infinity());
  };
  check(std::integral_constant<layout, layout("nchw")>{});
  check(std::integral_constant<layout, layout("nhwc")>{});
}

TEST_CASE("the same bits for every number of threads") {
  pooling_problem p = images[2];
  p.kind = pooling_kind::average;
  const auto run = [&]<layout L>(std::integral_constant<layout, L>) {
    const auto x = random_tensor<float, L>(p.src_shape(), 6),
               g = random_tensor<float, L>(p.dst_shape(), 7);
    tensor<float, L> one(p.dst_shape()), one_r(p.src_shape()), many(p.dst_shape()),
        many_r(p.src_shape());
    pooling_forward(p, x, one, serial{});
    pooling_backward(p, g, none, one_r, serial{});
    test::for_each_team([&](test::threads team) {
      pooling_forward(p, x, many, team);
      pooling_backward(p, g, none, many_r, team);
      CHECK(test::same_bits(one, many));
      CHECK(test::same_bits(one_r, many_r));
    });
  };
  run(std::integral_constant<layout, layout("nchw")>{});
  run(std::integral_constant<layout, layout("nChw16c")>{});
  p = {.kind = pooling_kind::average,
       .channels = 17,
       .size = {31, 90},
       .kernel = {11, 80},
       .pad = {2, 3}};  // sums of many terms
  run(std::integral_constant<layout, layout("nchw")>{});
  run(std::integral_constant<layout, layout("nhwc")>{});
}

TEST_CASE("nothing outside the operands is touched") {
  test::for_each_guard([](test::guard side) {
    for (pooling_problem p : {images[2], images[4], images[6]}) {
      for (const pooling_kind kind : {pooling_kind::max, pooling_kind::average}) {
        p.kind = kind;
        const auto run = [&]<layout L>(std::integral_constant<layout, L>) {
          const auto x = random_tensor<float, L>(p.src_shape(), 8),
                     g = random_tensor<float, L>(p.dst_shape(), 9);
          const test::guarded<float, L> src(x, side), diff_dst(g, side), dst(p.dst_shape(), side),
              argmax(p.dst_shape(), side), diff_src(p.src_shape(), side);
          pooling_forward(p, src, dst, argmax);
          CHECK(dst.data()[0] != 0);
          pooling_backward(p, diff_dst, argmax, diff_src);
        };
        run(std::integral_constant<layout, layout("nchw")>{});
        run(std::integral_constant<layout, layout("nhwc")>{});
        run(std::integral_constant<layout, layout("nChw16c")>{});
      }
    }
  });
}

TEST_CASE("parts of the channels, read and written in place") {
  const pooling_problem p{.channels = 32, .size = {6, 6}, .kernel = {2, 2}, .stride = {2, 2}};
  const auto x = random_tensor<float, "nChw16c">({1, 80, 6, 6}, 10);
  tensor<float, "nChw16c"> y({1, 64, 3, 3});
  pooling_forward(p, x.part(1, 16, 32), y.part(1, 32, 32));
  test::for_each_index(y.shape(), [&](const test::index& i) {
    float best = 0;
    if (i[1] >= 32) {
      const index_t c = i[1] - 16, h = 2 * i[2], w = 2 * i[3];
      best = std::max({x(0, c, h, w), x(0, c, h, w + 1), x(0, c, h + 1, w), x(0, c, h + 1, w + 1)});
    }
    CHECK(test::element(y, i) == best);
  });
}

TEST_CASE("bad input is named") {
  using test::message;
  const pooling_problem p{
      .batch = 2, .channels = 3, .size = {4, 4}, .kernel = {2, 2}, .stride = {2, 2}};
  tensor<float, "nchw"> x({2, 3, 4, 4}), y({2, 3, 2, 2}), wrong({2, 4, 2, 2}), uninitialised,
      wide({2, 3, 2, 8});
  CHECK(message([&] { pooling_forward(p, x, wrong); }) ==
        "pooling_forward: dst: expected 3 channels, got 4");
  CHECK(message([&] { pooling_forward(p, uninitialised, y); }) ==
        "pooling_forward: src: expected a tensor of 4 dimensions, got an uninitialised one");
  CHECK(message([&] { pooling_forward(p, x, x.part(2, 0, 2).part(3, 0, 2)); }) ==
        "pooling_forward: dst: expected memory apart from src, got an overlap");
  CHECK(message([&] { pooling_forward(p, x, y, wrong); }) ==
        "pooling_forward: argmax: expected 3 channels, got 4");
  CHECK(message([&] { pooling_forward(p, x, y, y); }) ==
        "pooling_forward: dst: expected memory apart from argmax, got an overlap");
  CHECK(message([&] { pooling_forward(p, x, y, uninitialised); }) ==
        "pooling_forward: argmax: expected a tensor of 4 dimensions, got an uninitialised one");
  CHECK(message([&] { pooling_backward(p, y, none, x); }) ==
        "pooling_backward: argmax: expected what the forward pass of max pooling saved, got none");
  strides st = wide.strides();
  st[3] = 4;
  CHECK(message([&] {
          pooling_forward(p, x, view<float, "nchw">(wide.data(), {2, 3, 2, 2}, st));
        }) == "pooling_forward: dst: expected stride 1 along its fastest dimension w, got 4");
  CHECK(message([&] { pooling_plan<float, "nchw">({.size = {4}, .kernel = {2}}); }) ==
        "pooling_forward: size: expected 2 spatial dimensions for layout nchw, got 4");
  CHECK(message([&] { pooling_plan<float, "nchw">(p, {.algorithm = "fast"}); }) ==
        "pooling_forward: policy.algorithm: expected one of reference, direct, got 'fast'");
}
