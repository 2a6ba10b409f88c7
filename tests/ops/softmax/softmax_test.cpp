#include <doctest/doctest.h>

#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/compare.hpp"
#include "support/gradient.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

template <class T, layout L>
void compare_algorithms(const shape& s) {
  CAPTURE(std::string(L.text()));
  CAPTURE(s.str());
  const auto x = random_tensor<T, L>(s, 1, -20, 20), g = random_tensor<T, L>(s, 2);
  tensor<T, L> y(s), r(s);
  const softmax::reference<T, L, isa::native> reference(s);
  reference.forward(x, y, serial{});
  reference.backward(g, y, r, serial{});
  softmax::all<T, L, isa::native>::for_each([&]<class Algorithm>() {
    CAPTURE(Algorithm::name);
    tensor<T, L> own(s), own_r(s);
    if (Algorithm::automatic) {
      std::fill_n(own.data(), own.elements(), T(7));  // what is not written must show
      std::fill_n(own_r.data(), own_r.elements(), T(7));
    }
    Algorithm(s).forward(x, own, serial{});
    Algorithm(s).backward(g, y, own_r, serial{});
    const index_t channels = own.size('c');
    CHECK(test::difference(own, y, channels) == "");
    CHECK(test::difference(own_r, r, channels) == "");
    CHECK(test::padding_is_zero(own));
    CHECK(test::padding_is_zero(own_r));
  });
}

}  // namespace

TEST_CASE("every algorithm agrees with the reference") {
  for (const index_t c : {1, 2, 10, 16, 33, 1000}) {
    compare_algorithms<float, "nc">({3, c});
    compare_algorithms<double, "nc">({2, c});
  }
  compare_algorithms<float, "nc">({0, 3});
  compare_algorithms<float, "nchw">({2, 21, 5, 7});
  compare_algorithms<float, "nchw">({1, 3, 1, 200});
  compare_algorithms<double, "nchw">({2, 1, 2, 2});
  compare_algorithms<float, "nhwc">({2, 19, 3, 2});
  compare_algorithms<float, "nChw16c">({2, 37, 3, 3});
  compare_algorithms<float, "nChw16c">({2, 32, 3, 3});
  compare_algorithms<float, "nChw16c">({1, 3, 2, 2});
}

TEST_CASE("gradients agree with finite differences") {
  auto x = random_tensor<double, "nchw">({2, 5, 2, 3}, 3);
  const auto g = random_tensor<double, "nchw">(x.shape(), 4);
  tensor<double, "nchw"> y(x.shape()), r(x.shape());
  softmax_forward(x, y);
  softmax_backward(g, y, r);
  const auto numeric = test::numeric_gradient(x, [&] {
    softmax_forward(x, y);
    return test::dot(y, g);
  });
  CHECK(test::distance(r, numeric) < 1e-9);

  auto logits = random_tensor<double, "nc">({4, 10}, 5, -4, 4);
  const std::vector<std::int32_t> labels{0, 9, 3, 3};
  tensor<double, "nc"> p(logits.shape()), dx(logits.shape());
  const double loss = softmax_cross_entropy_forward(logits, labels, p);
  double by_hand = 0;
  for (index_t n = 0; n < 4; ++n) by_hand -= std::log(p(n, labels[n])) / 4;
  CHECK(loss == doctest::Approx(by_hand).epsilon(1e-12));
  softmax_cross_entropy_backward(p, labels, dx);
  tensor<double, "nc"> scratch(logits.shape());
  const auto numeric_dx = test::numeric_gradient(
      logits, [&] { return softmax_cross_entropy_forward(logits, labels, scratch); });
  CHECK(test::distance(dx, numeric_dx) < 1e-9);
}

TEST_CASE("large logits do not overflow; the loss stays exact where the probability is 0") {
  tensor<float, "nc"> x({2, 3}), y({2, 3});
  x(0, 0) = 3e38f;
  x(0, 1) = -3e38f;
  x(1, 0) = -1000;
  x(1, 1) = x(1, 2) = -2000;
  const std::vector<std::int32_t> labels{0, 1};
  const double loss = softmax_cross_entropy_forward(x, labels, y);
  CHECK(loss == 500);
  CHECK(y(0, 0) == 1);
  CHECK(y(0, 1) == 0);
  CHECK(y(1, 0) == 1);
  CHECK(y(1, 1) == 0);
}

TEST_CASE("NaN, and infinity over itself, are NaN in all channels of their pixel alone") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {nan, infinity}) {
    auto x = random_tensor<float, "nchw">({1, 20, 1, 17}, 6);
    auto blocked = test::copy_to<"nChw16c">(x);
    x(0, 18, 0, 5) = blocked(0, 18, 0, 5) = bad;
    tensor<float, "nchw"> y(x.shape());
    softmax_forward(x, y);
    softmax_forward(blocked, blocked);
    test::for_each_index(x.shape(), [&](const test::index& i) {
      CHECK(std::isnan(test::element(y, i)) == (i[3] == 5));
      CHECK(std::isnan(test::element(blocked, i)) == (i[3] == 5));
    });
    CHECK(test::padding_is_zero(blocked));
  }
  tensor<float, "nc"> x({1, 20});
  x(0, 3) = -infinity;
  softmax_forward(x, x);
  CHECK(x(0, 3) == 0);
  CHECK(x(0, 4) == doctest::Approx(1. / 19));
}

TEST_CASE("probabilities of very many channels sum to 1, and so do their gradients to 0") {
  const index_t channels = 1 << 20;
  const auto check = [&]<layout L>(std::integral_constant<layout, L>) {
    CAPTURE(std::string(L.text()));
    tensor<float, L> x({1, channels, 1, 1}), y(x.shape()), g(x.shape()), r(x.shape());
    x(0, 0, 0, 0) = 1;  // one logit 1, the others 0
    softmax_forward(x, y);
    const auto sum = [&](const tensor<float, L>& t) {
      double total = 0;
      for (index_t c = 0; c < channels; ++c) total += static_cast<double>(t(0, c, 0, 0));
      return total;
    };
    constexpr double epsilon = std::numeric_limits<float>::epsilon();
    CHECK(std::abs(sum(y) - 1) < 4 * epsilon);
    // All of g alike: sum(g * y) is g, and all differences are 0.
    std::fill_n(g.data(), g.elements(), 0.1f);
    softmax_backward(g, y, r);
    for (const index_t c : {index_t{0}, index_t{1}, channels - 1})
      CHECK(std::abs(r(0, c, 0, 0)) <= 4 * epsilon * 0.1 * static_cast<double>(y(0, c, 0, 0)));
  };
  check(std::integral_constant<layout, layout("nchw")>{});
  check(std::integral_constant<layout, layout("nhwc")>{});
  check(std::integral_constant<layout, layout("nChw16c")>{});
}

TEST_CASE("in place, and parts of the channels") {
  const auto x = random_tensor<float, "nhwc">({2, 24, 3, 5}, 7),
             g = random_tensor<float, "nhwc">(x.shape(), 8);
  auto y = x, r = g;
  softmax_forward(y.part(1, 5, 17), y.part(1, 5, 17));
  const auto part = test::copy_to<"nhwc">(x.part(1, 5, 17));
  tensor<float, "nhwc"> apart(part.shape()), apart_r(part.shape());
  softmax_forward(part, apart);
  CHECK(test::same_bits(y.part(1, 5, 17), apart));
  CHECK(test::same_bits(y.part(1, 0, 5), x.part(1, 0, 5)));
  CHECK(test::same_bits(y.part(1, 22, 2), x.part(1, 22, 2)));

  softmax_backward(test::copy_to<"nhwc">(g.part(1, 5, 17)), apart, apart_r);
  softmax_backward(r.part(1, 5, 17), y.part(1, 5, 17), r.part(1, 5, 17));
  CHECK(test::same_bits(r.part(1, 5, 17), apart_r));
}

TEST_CASE("the same bits for every number of threads") {
  const auto x = random_tensor<float, "nc">({37, 101}, 9);
  const auto image = random_tensor<float, "nchw">({2, 19, 17, 23}, 10);
  const std::vector<std::int32_t> labels(37, 100);
  tensor<float, "nc"> one(x.shape()), many(x.shape());
  tensor<float, "nchw"> one_image(image.shape()), many_image(image.shape());
  const double loss = softmax_cross_entropy_forward(x, labels, one, serial{});
  softmax_forward(image, one_image, serial{});
  test::for_each_team([&](test::threads team) {
    CHECK(softmax_cross_entropy_forward(x, labels, many, team) == loss);
    CHECK(test::same_bits(one, many));
    softmax_forward(image, many_image, team);
    CHECK(test::same_bits(one_image, many_image));
  });
}

TEST_CASE("nothing outside the operands is touched") {
  test::for_each_guard([](test::guard side) {
    const auto run = [&]<layout L>(std::integral_constant<layout, L>, const shape& s) {
      const auto x = random_tensor<float, L>(s, 11);
      const test::guarded<float, L> src(x, side), g(x, side), dst(s, side), r(s, side);
      softmax_forward(src, dst);
      softmax_backward(g, dst, r);
      CHECK(dst.data()[0] > 0);
    };
    run(std::integral_constant<layout, layout("nc")>{}, {3, 21});
    run(std::integral_constant<layout, layout("nchw")>{}, {2, 3, 5, 7});
    run(std::integral_constant<layout, layout("nChw16c")>{}, {1, 21, 2, 2});
  });
}

TEST_CASE("bad input is named") {
  using test::message;
  tensor<float, "nc"> x({2, 10}), y({2, 10}), other({2, 9}), no_channels({2, 0}), empty({0, 10});
  const std::vector<std::int32_t> labels{3, 10}, few{1}, negative{-1, 0}, good{3, 9};
  CHECK(message([&] { softmax_cross_entropy_forward(x, labels, y); }) ==
        "softmax_cross_entropy_forward: labels[1]: expected 0 to 9, got 10");
  CHECK(message([&] { softmax_cross_entropy_forward(x, few, y); }) ==
        "softmax_cross_entropy_forward: labels: expected 2 elements, got 1");
  CHECK(message([&] { softmax_cross_entropy_backward(x, negative, y); }) ==
        "softmax_cross_entropy_backward: labels[0]: expected 0 to 9, got -1");
  CHECK(message([&] { softmax_cross_entropy_backward(x, good, y); }) == "no error");
  CHECK(message([&] { softmax_forward(x, other); }) ==
        "softmax_forward: dst: expected 10 channels, got 9");
  CHECK(message([&] { softmax_forward(no_channels, no_channels); }) ==
        "softmax_forward: sizes: expected at least 1 channel, got 2x0");
  CHECK(message([&] {
          softmax_forward(x.part(0, 0, 1), view<float, "nc">(x.data() + 1, {1, 10}, x.strides()));
        }) == "softmax_forward: dst: expected memory apart from src, got an overlap");
  strides st = x.strides();
  st[1] = 2;
  const view<float, "nc"> sparse(x.data(), {2, 5}, st);
  CHECK(message([&] { softmax_forward(sparse, sparse); }) ==
        "softmax_forward: src: expected stride 1 along its fastest dimension c, got 2");
  CHECK(softmax_cross_entropy_forward(empty, {}, empty) == 0);
}
