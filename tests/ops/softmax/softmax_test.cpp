#include <doctest/doctest.h>

#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/gradient.hpp"
#include "support/pass_checks.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

template <class T, layout L>
using forward = softmax::forward<T, L, isa::native>;
template <class T, layout L>
using backward = softmax::backward<T, L, isa::native>;

const test::pass_traits large_logits{.low = -20, .high = 20};

}  // namespace

TEST_CASE("what all operations promise: a vector of channels") {
  const std::vector<tensor_problem> problems = {{{3, 1}},  {{3, 2}}, {{2, 10}},   {{3, 16}},
                                                {{2, 33}}, {{0, 3}}, {{3, 1000}}, {{37, 101}}};
  test::check_passes<forward<float, "nc">, forward<double, "nc">>(problems, large_logits);
  test::check_passes<backward<float, "nc">, backward<double, "nc">>(problems);
  test::check_passes<softmax::cross_entropy_forward<float, isa::native>,
                     softmax::cross_entropy_backward<float, isa::native>>(problems);
}

TEST_CASE("what all operations promise: images") {
  const std::vector<tensor_problem> problems = {{{2, 21, 5, 7}}, {{1, 3, 1, 200}}, {{2, 1, 2, 2}},
                                                {{2, 19, 3, 2}}, {{2, 37, 3, 3}},  {{2, 32, 3, 3}},
                                                {{1, 3, 2, 2}},  {{2, 3, 0, 2}}};
  test::check_passes<forward<float, "nchw">, forward<double, "nchw">, forward<float, "nhwc">,
                     forward<float, "nChw16c">, forward<float, "nChw8c">>(problems, large_logits);
  test::check_passes<backward<float, "nchw">, backward<double, "nchw">, backward<float, "nhwc">,
                     backward<float, "nChw16c">, backward<float, "nChw8c">>(problems);
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

TEST_CASE("infinity over itself is NaN in all channels of its pixel alone") {
  const float infinity = std::numeric_limits<float>::infinity();
  auto image = random_tensor<float, "nchw">({1, 20, 1, 17}, 6);
  auto blocked = test::copy_to<"nChw16c">(image);
  image(0, 18, 0, 5) = blocked(0, 18, 0, 5) = infinity;
  softmax_forward(image, image);
  softmax_forward(blocked, blocked);
  test::for_each_index(image.shape(), [&](const test::index& i) {
    CHECK(std::isnan(test::element(image, i)) == (i[3] == 5));
    CHECK(std::isnan(test::element(blocked, i)) == (i[3] == 5));
  });
  CHECK(test::padding_is_zero(blocked));
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

TEST_CASE("bad input is named") {
  using test::message;
  tensor<float, "nc"> x({2, 10}), y({2, 10}), no_channels({2, 0}), empty({0, 10});
  const std::vector<std::int32_t> labels{3, 10}, few{1}, negative{-1, 0}, good{3, 9};
  CHECK(message([&] { softmax_cross_entropy_forward(x, labels, y); }) ==
        "softmax_cross_entropy_forward: labels[1]: expected 0 to 9, got 10");
  CHECK(message([&] { softmax_cross_entropy_forward(x, few, y); }) ==
        "softmax_cross_entropy_forward: labels: expected 2 elements, got 1");
  CHECK(message([&] { softmax_cross_entropy_backward(x, negative, y); }) ==
        "softmax_cross_entropy_backward: labels[0]: expected 0 to 9, got -1");
  CHECK(message([&] { softmax_cross_entropy_backward(x, good, y); }) == "no error");
  CHECK(message([&] { softmax_forward(no_channels, no_channels); }) ==
        "softmax_forward: sizes: expected at least 1 channel, got 2x0");
  CHECK(softmax_cross_entropy_forward(empty, {}, empty) == 0);
}
