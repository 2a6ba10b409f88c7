#include <doctest/doctest.h>

#include <limits>
#include <simdnn/ops/lrn.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/compare.hpp"
#include "support/gradient.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/strided_operand.hpp"
#include "support/threads.hpp"

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
  return {make(2, 1, {3, 2}),
          make(1, 3, {1, 70}),
          make(2, 5, {5, 7}, 4),
          make(1, 16, {3, 3}, 3, 0.5),
          make(2, 19, {2, 5}, 1, 1),
          make(1, 37, {3, 3}, 8, 0.6, 0.5),
          make(1, 37, {1, 1}, 100),
          make(1, 32, {4, 4}, 2),
          make(0, 3, {2, 2}),
          make(3, 4, {17, 3}, 7, 0.75, 1),
          make(1, 150, {1, 3}, 149, 0.6)};
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

template <class T, layout L>
void agree(const lrn_problem& p) {
  CAPTURE(std::string(L.text()));
  CAPTURE(p.str());
  const shape s = p.src_shape();
  const auto x = random_tensor<T, L>(s, 1), g = random_tensor<T, L>(s, 2);
  tensor<T, L> y(s), r(s), own(s), own_r(s);
  const passes<T, L> reference(p, {.algorithm = "reference"}), direct(p);
  CHECK(std::string(direct.forward_plan.algorithm_name()) == "direct");
  reference.forward(x, y);
  reference.backward(g, x, r);
  std::fill_n(own.data(), own.elements(), T(7));  // what is not written must show
  std::fill_n(own_r.data(), own_r.elements(), T(7));
  direct.forward(x, own);
  direct.backward(g, x, own_r);
  CHECK(test::difference(own, y, p.local_size) == "");
  CHECK(test::difference(own_r, r, p.local_size) == "");
  CHECK(test::padding_is_zero(own));
  CHECK(test::padding_is_zero(own_r));

  // In place of diff_dst.
  for (const auto* which : {&reference, &direct}) {
    auto both = g;
    which->backward(both, x, both);
    CHECK(test::same_bits(both, which == &direct ? own_r : r));
    CHECK(test::padding_is_zero(both));
  }
}

template <class T, layout L>
void same_bits_for_teams(const lrn_problem& p) {
  CAPTURE(std::string(L.text()));
  const shape s = p.src_shape();
  const auto x = random_tensor<T, L>(s, 3), g = random_tensor<T, L>(s, 4);
  tensor<T, L> one(s), many(s), one_r(s), many_r(s);
  const passes<T, L> direct(p);
  direct.forward(x, one);
  direct.backward(g, x, one_r);
  test::for_each_team([&](test::threads team) {
    direct.forward(x, many, team);
    direct.backward(g, x, many_r, team);
    CHECK(test::same_bits(one, many));
    CHECK(test::same_bits(one_r, many_r));
  });
}

template <class T, layout L>
void stays_inside(const lrn_problem& p) {
  CAPTURE(std::string(L.text()));
  const shape s = p.src_shape();
  const passes<T, L> direct(p);
  test::for_each_guard([&](test::guard side) {
    const auto x = random_tensor<T, L>(s, 5);
    const test::guarded<T, L> src(x, side), g(x, side), dst(s, side), r(s, side);
    direct.forward(src.as_view(), dst.as_view());
    direct.backward(g.as_view(), src.as_view(), r.as_view());
    CHECK(dst.data()[0] != 0);
  });
}

template <class T, layout L>
void strided(const lrn_problem& p, index_t draws) {
  using operand = test::strided_operand<T, L>;
  const passes<T, L> direct(p);
  test::random random(6);
  for (index_t i = 0; i < draws; ++i) {
    const auto src = operand::read(p.src_shape(), random, false);
    CAPTURE(src.where().str());
    if (contiguity_of(L) == contiguity::channels && !src.fastest_contiguous()) continue;
    const auto g = operand::like(src, random), dst = operand::like(src, random),
               r = operand::like(src, random);
    direct.forward(src.as_view(), dst.as_view());
    direct.backward(g.as_view(), src.as_view(), r.as_view());
    CHECK(dst.faults() == "");
    CHECK(r.faults() == "");
    const auto x = test::copy_to<L>(src), dense_g = test::copy_to<L>(g);
    tensor<T, L> dense(p.src_shape()), dense_r(p.src_shape());
    direct.forward(x, dense);
    direct.backward(dense_g, x, dense_r);
    CHECK(test::same_bits(dst, dense));
    CHECK(test::same_bits(r, dense_r));
  }
}

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

/// f<T, L>() for the layouts of images.
template <class F>
void for_each_layout(F f) {
  f.template operator()<float, "nchw">();
  f.template operator()<double, "nchw">();
  f.template operator()<float, "nhwc">();
  f.template operator()<double, "nhwc">();
  f.template operator()<float, "nChw8c">();
  f.template operator()<float, "nChw16c">();
  f.template operator()<double, "nChw16c">();
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

TEST_CASE("direct agrees with the reference") {
  for_each_layout([]<class T, layout L> {
    for (const lrn_problem& p : image_problems()) agree<T, L>(p);
  });
  for (const lrn_problem& p : row_problems()) agree<float, "nc">(p);
  agree<float, "ncdhw">(make(1, 7, {2, 3, 5}));
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

TEST_CASE("the same bits for every number of threads") {
  for_each_layout([]<class T, layout L> { same_bits_for_teams<T, L>(make(3, 37, {17, 23})); });
}

TEST_CASE("nothing outside the operands is touched") {
  for_each_layout([]<class T, layout L> {
    stays_inside<T, L>(make(2, 21, {3, 7}));
    stays_inside<T, L>(make(1, 3, {1, 1}, 9));
  });
}

TEST_CASE("strided operands") {
  for_each_layout([]<class T, layout L> { strided<T, L>(make(2, 19, {3, 5}, 4), 20); });
}

TEST_CASE("NaN propagates to the channels whose windows have it") {
  for (const double beta : {0.75, 0.5, 1., 0.6})
    for (const index_t local_size : {5, 4}) {
      propagates<"nchw">(beta, local_size);
      propagates<"nhwc">(beta, local_size);
      propagates<"nChw16c">(beta, local_size);
    }
}

TEST_CASE("a workspace of the caller's") {
  const lrn_problem p = make(2, 19, {3, 5});
  const auto x = random_tensor<float, "nhwc">(p.src_shape(), 11);
  tensor<float, "nhwc"> y(p.src_shape()), own(p.src_shape());
  const lrn_plan<float, "nhwc"> plan(p);
  std::vector<std::byte> memory(static_cast<std::size_t>(plan.workspace_bytes(1)));
  plan(x, y, serial{});
  plan(x, own, serial{}, std::span<std::byte>(memory));
  CHECK(test::same_bits(y, own));
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
