#include <doctest/doctest.h>

#include <limits>
#include <simdnn/ops/lrn.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/gradient.hpp"
#include "support/pass_checks.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

// --- Problems. alpha is large, so that windows matter.

lrn_problem make(index_t batch, index_t channels, spatial size, index_t local_size = 5,
                 double beta = 0.75, double k = 2) {
  return {.batch = batch,
          .channels = channels,
          .size = size,
          .local_size = local_size,
          .alpha = 1.5,
          .beta = beta,
          .k = k};
}

/// All channel counts and window sizes that leave tails, beyond the channels too; images of all
/// lengths around a vector.
std::vector<lrn_problem> image_problems() {
  return {make(2, 1, {3, 2}),          make(1, 3, {1, 70}),
          make(2, 5, {5, 7}, 4),       make(1, 16, {3, 3}, 3, 0.5),
          make(2, 19, {2, 5}, 1, 1),   make(1, 37, {3, 3}, 8, 0.6, 0.5),
          make(1, 37, {1, 1}, 100),    make(1, 32, {4, 4}, 2),
          make(0, 3, {2, 2}),          make(3, 4, {17, 3}, 7, 0.75, 1),
          make(3, 37, {7, 23}),        make(1, 3, {1, 1}, 9),
          make(1, 70, {1, 3}, 69, 0.6)};
}
std::vector<lrn_problem> row_problems() {
  return {make(3, 1, {}), make(9, 37, {}), make(2, 19, {}, 6, 0.6), make(17, 8, {}, 3, 0.5)};
}

// --- One problem in one type and layout: every call goes through plans of views, so that there is
// one instance of each.

template <class T, layout L>
struct passes {
  using input = view<const T, L>;
  using output = view<T, L>;

  explicit passes(const lrn_problem& p, const policy& which = {})
      : forward_plan(p, which), backward_plan(p, which) {}

  void forward(const input& src, const output& dst, executor_ref e = serial_executor()) const {
    forward_plan(src, dst, e);
  }
  void backward(const input& diff_dst, const input& src, const output& diff_src,
                executor_ref e = serial_executor()) const {
    backward_plan(diff_dst, src, diff_src, e);
  }
  static executor_ref serial_executor() {
    static constexpr serial one{};
    return one;
  }

  lrn_plan<T, L> forward_plan;
  lrn_backward_plan<T, L> backward_plan;
};

// Channel 7 of one pixel is NaN: dst of the channels in whose windows it is, and diff_src of those
// that share a window with it.
template <layout L>
void propagates(double beta, index_t local_size) {
  CAPTURE(std::string(L.text()));
  const lrn_problem p = make(1, 20, {1, 17}, local_size, beta);
  const shape s = p.src_shape();
  auto x = random_tensor<float, L>(s, 7);
  const auto g = random_tensor<float, L>(s, 8);
  x(0, 7, 0, 5) = std::numeric_limits<float>::quiet_NaN();
  tensor<float, L> y(s), r(s);
  const passes<float, L> direct(p);
  direct.forward(x, y);
  direct.backward(g, x, r);
  const index_t reach = p.before() + p.after();
  test::for_each_index(s, [&](const test::index& i) {
    const bool pixel = i[3] == 5;
    CHECK(std::isnan(test::element(y, i)) ==
          (pixel && i[1] >= 7 - p.after() && i[1] <= 7 + p.before()));
    CHECK(std::isnan(test::element(r, i)) == (pixel && std::abs(i[1] - 7) <= reach));
  });
  CHECK(test::padding_is_zero(y));
  CHECK(test::padding_is_zero(r));
}

}  // namespace

TEST_CASE("the formula by hand") {
  tensor<double, "nc"> x({1, 4}), y({1, 4});
  for (index_t c = 0; c < 4; ++c) x(0, c) = static_cast<double>(c + 1);
  // Of a window of 2 the second channel is after its own.
  lrn_forward({.channels = 4, .local_size = 2, .alpha = 4, .beta = 1, .k = 3}, x, y);
  for (index_t c = 0; c < 4; ++c) {
    const double a = static_cast<double>(c + 1), b = c < 3 ? a + 1 : 0;
    CHECK(y(0, c) == doctest::Approx(a / (3 + 2 * (a * a + b * b))).epsilon(1e-14));
  }
}

TEST_CASE("what all operations promise") {
  const auto check = []<class T, layout L>(const std::vector<lrn_problem>& problems) {
    test::check_passes<lrn::forward<T, L, isa::native>, lrn::backward<T, L, isa::native>>(problems);
  };
  check.operator()<float, "nchw">(image_problems());
  check.operator()<double, "nchw">(image_problems());
  check.operator()<float, "nhwc">(image_problems());
  check.operator()<double, "nhwc">(image_problems());
  check.operator()<float, "nChw8c">(image_problems());
  check.operator()<float, "nChw16c">(image_problems());
  check.operator()<double, "nChw16c">(image_problems());
  check.operator()<float, "nc">(row_problems());
}

TEST_CASE("gradients agree with finite differences") {
  const auto check = []<layout L>(const lrn_problem& p) {
    CAPTURE(p.str());
    const passes<double, L> direct(p);
    auto x = random_tensor<double, L>(p.src_shape(), 9);
    const auto g = random_tensor<double, L>(p.src_shape(), 10);
    tensor<double, L> y(p.src_shape()), r(p.src_shape());
    direct.backward(g, x, r);
    const auto numeric = test::numeric_gradient(x, [&] {
      direct.forward(x, y);
      return test::dot(y, g);
    });
    CHECK(test::distance(r, numeric) < 1e-9);
  };
  for (const double beta : {0.5, 0.75, 1., 0.6})
    for (const index_t local_size : {5, 4}) {
      const lrn_problem p = make(2, 9, {1, 3}, local_size, beta);
      check.operator()<"nchw">(p);
      check.operator()<"nChw16c">(p);
    }
}

TEST_CASE("windows forget a channel that has left them") {
  const auto check = []<layout L>() {
    CAPTURE(std::string(L.text()));
    const lrn_problem p{.channels = 40, .size = {1, 1}, .alpha = 5, .k = 1e-6};
    tensor<float, L> x(p.src_shape()), y(p.src_shape());
    for (index_t c = 0; c < 40; ++c) x(0, c, 0, 0) = c == 3 ? 1e4f : 0.01f;
    passes<float, L>(p).forward(x, y);
    const double expected = 0.01 * std::pow(1e-6 + 5e-4, -0.75);
    for (index_t c = 6; c < 38; ++c)
      CHECK(static_cast<double>(y(0, c, 0, 0)) == doctest::Approx(expected).epsilon(1e-6));
  };
  check.operator()<"nchw">();
  check.operator()<"nhwc">();
}

TEST_CASE("NaN propagates to the channels whose windows have it") {
  for (const double beta : {0.75, 0.5, 1., 0.6})
    for (const index_t local_size : {5, 4}) {
      propagates<"nchw">(beta, local_size);
      propagates<"nhwc">(beta, local_size);
      propagates<"nChw16c">(beta, local_size);
    }
}

TEST_CASE("benchdnn's notation is read and printed") {
  std::string name;
  const lrn_problem p = lrn_problem::parse("mb8ic96_ih55ls5_alpha0.5_k2n\"alexnet:norm1\"", &name);
  CHECK(name == "alexnet:norm1");
  CHECK(p == lrn_problem{.batch = 8, .channels = 96, .size = {55, 55}, .alpha = 0.5, .k = 2});
  CHECK(p.str() == "mb8ic96ih55iw55ls5_alpha0.5_k2");
  CHECK(lrn_problem::parse(p.str()) == p);
  const lrn_problem row{.batch = 3, .channels = 7, .local_size = 4, .alpha = 1e-5, .beta = 0.6};
  CHECK(lrn_problem::parse(row.str()) == row);
}

TEST_CASE("bad input is named") {
  using test::message;
  const lrn_problem p = make(1, 4, {2, 3});
  tensor<float, "nchw"> x(p.src_shape()), y(p.src_shape()), other({1, 5, 2, 3});
  CHECK(message([&] { lrn_forward(p, x, other); }) ==
        "lrn_forward: dst: expected 4 channels, got 5");
  CHECK(message([&] { lrn_forward(p, x, x); }) ==
        "lrn_forward: dst: expected memory apart from src, got an overlap");
  CHECK(message([&] { lrn_backward(p, y, x, x); }) ==
        "lrn_backward: diff_src: expected memory apart from src, got an overlap");
  CHECK(message([&] { lrn_backward(p, other, x, y); }) ==
        "lrn_backward: diff_dst: expected 4 channels, got 5");
  const auto plan_message = [](const lrn_problem& bad) {
    return message([&] { lrn_plan<float, "nchw">{bad}; });
  };
  CHECK(plan_message({.channels = 4}) ==
        "lrn_forward: size: expected 2 spatial dimensions for layout nchw, got none");
  CHECK(plan_message({.channels = 4, .size = {2, 2}, .local_size = 0}) ==
        "lrn_forward: local_size: expected at least 1, got 0");
  CHECK(plan_message({.channels = 0, .size = {2, 2}}) ==
        "lrn_forward: channels: expected at least 1, got 0");
  CHECK(plan_message({.channels = 4, .size = {2, 2}, .beta = -1}) ==
        "lrn_forward: beta: expected at least 0, got -1");
  strides st = tensor<float, "nc">({2, 10}).strides();
  st[1] = 2;
  float memory[20] = {};
  const view<float, "nc"> sparse(memory, {2, 5}, st);
  CHECK(message([&] { lrn_forward({.batch = 2, .channels = 5}, sparse, sparse); }) ==
        "lrn_forward: src: expected stride 1 along its fastest dimension c, got 2");
}
