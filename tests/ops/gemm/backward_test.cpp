#include <doctest/doctest.h>

#include <simdnn/ops/gemm.hpp>

#include "support/compare.hpp"
#include "support/gradient.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

// The loss is the sum of c * g; its gradient with respect to c is g.
template <layout A, layout B>
void check_gradients(const gemm_problem& p) {
  CAPTURE(p.str());
  auto a = random_tensor<double, A>(p.a_shape(), 1);
  auto b = random_tensor<double, B>(p.b_shape(), 2);
  const auto g = random_tensor<double, "ab">(p.c_shape(), 3);
  tensor<double, "ab"> c(p.c_shape());
  const auto loss = [&] {
    gemm_forward(p, a, b, c);
    return test::dot(c, g);
  };
  tensor<double, A> da(p.a_shape());
  tensor<double, B> db(p.b_shape());
  // What is not written must show.
  test::fill_random(da, 4);
  test::fill_random(db, 5);
  gemm_backward_data(p, g, b, da);
  gemm_backward_weights(p, a, g, db);
  CHECK(test::distance(da, test::numeric_gradient(a, loss)) < 1e-8);
  CHECK(test::distance(db, test::numeric_gradient(b, loss)) < 1e-8);
}

}  // namespace

TEST_CASE("gradients agree with finite differences") {
  for (const gemm_problem& p : {gemm_problem{.m = 5, .n = 7, .k = 3},
                                {.m = 1, .n = 9, .k = 18},
                                {.m = 9, .n = 1, .k = 4, .alpha = -0.5}}) {
    check_gradients<"ab", "ab">(p);
    check_gradients<"ba", "ab">(p);
    check_gradients<"ab", "ba">(p);
    check_gradients<"ba", "ba">(p);
  }
}

TEST_CASE("float, by rows and by columns, agrees with double; the same bits for every team") {
  const gemm_problem p{.m = 70, .n = 45, .k = 61, .alpha = 2};
  const auto a = random_tensor<float, "ab">(p.a_shape(), 1),
             b = random_tensor<float, "ab">(p.b_shape(), 2);
  const auto g = random_tensor<float, "ba">(p.c_shape(), 3);
  const auto a2 = random_tensor<double, "ab">(p.a_shape(), 1),
             b2 = random_tensor<double, "ab">(p.b_shape(), 2),
             g2 = random_tensor<double, "ab">(p.c_shape(), 3);
  tensor<double, "ab"> da2(p.a_shape()), db2(p.b_shape());
  const policy naive{.algorithm = "reference"};
  gemm_backward_data(p, g2, b2, da2, naive);
  gemm_backward_weights(p, a2, g2, db2, naive);
  tensor<float, "ab"> da(p.a_shape()), db(p.b_shape());
  gemm_backward_data(p, g, b, da, serial{});
  gemm_backward_weights(p, a, g, db, serial{});
  CHECK(test::difference(da, da2, p.n) == "");
  CHECK(test::difference(db, db2, p.m) == "");
  test::for_each_team([&](test::threads team) {
    tensor<float, "ab"> da3(p.a_shape()), db3(p.b_shape());
    gemm_backward_data(p, g, b, da3, team);
    gemm_backward_weights(p, a, g, db3, team);
    CHECK(test::same_bits(da, da3));
    CHECK(test::same_bits(db, db3));
  });
}

TEST_CASE("an empty sum is zero") {
  tensor<float, "ab"> a({0, 4}), g({0, 3}), db({4, 3});
  test::fill_random(db, 1);
  gemm_backward_weights({.m = 0, .n = 3, .k = 4}, a, g, db);
  test::for_each_index(db.shape(), [&](const test::index& i) { CHECK(test::element(db, i) == 0); });
}

TEST_CASE("a transposed view is the same memory") {
  auto x = random_tensor<float, "ab">({3, 5}, 1);
  const auto part = x.part(1, 1, 3);
  const auto t = transposed(part);
  CHECK(decltype(t)::format == layout("ba"));
  CHECK(t.shape() == shape{3, 3});
  test::for_each_index(t.shape(),
                       [&](const test::index& i) { CHECK(&t(i[0], i[1]) == &part(i[1], i[0])); });
  CHECK(decltype(transposed(t))::format == layout("ab"));
}

TEST_CASE("bad input is named") {
  using test::message;
  const gemm_problem p{.m = 4, .n = 5, .k = 6};
  const tensor<float, "ab"> g({4, 5}), b({6, 5}), a({4, 6});
  tensor<float, "ab"> da({4, 6}), db({6, 5}), wrong({4, 4}), wide({40, 40});
  CHECK(message([&] { gemm_backward_data(p, wrong, b, da); }) ==
        "gemm_backward_data: diff_c: expected 5 columns, got 4");
  CHECK(message([&] { gemm_backward_data(p, g, wrong, da); }) ==
        "gemm_backward_data: b: expected 6 rows, got 4");
  CHECK(message([&] { gemm_backward_data(p, g, b, wrong); }) ==
        "gemm_backward_data: diff_a: expected 6 columns, got 4");
  CHECK(message([&] {
          gemm_backward_data(p, g, b, view<float, "ba">(wide.data(), {4, 6}, {2, 8}));
        }) == "gemm_backward_data: diff_a: expected stride 1 along its fastest dimension a, got 2");
  CHECK(message([&] {
          gemm_backward_data(p, wide.part(0, 0, 4).part(1, 0, 5), b,
                             wide.part(0, 3, 4).part(1, 0, 6));
        }) == "gemm_backward_data: diff_a: expected memory apart from diff_c, got an overlap");
  CHECK(message([&] {
          gemm_backward_data(p, g, wide.part(0, 0, 6).part(1, 0, 5),
                             wide.part(0, 5, 4).part(1, 0, 6));
        }) == "gemm_backward_data: diff_a: expected memory apart from b, got an overlap");
  CHECK(message([&] { gemm_backward_weights(p, wrong, g, db); }) ==
        "gemm_backward_weights: a: expected 6 columns, got 4");
  CHECK(message([&] { gemm_backward_weights(p, a, wrong, db); }) ==
        "gemm_backward_weights: diff_c: expected 5 columns, got 4");
  CHECK(message([&] { gemm_backward_weights(p, a, g, wrong); }) ==
        "gemm_backward_weights: diff_b: expected 6 rows, got 4");
  CHECK(message([&] { gemm_backward_weights({.m = -2}, a, g, db); }) ==
        "gemm_backward_weights: m: expected at least 0, got -2");
}
