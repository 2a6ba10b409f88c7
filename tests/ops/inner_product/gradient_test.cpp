#include "support/gradient.hpp"

#include <doctest/doctest.h>

#include <simdnn/ops/inner_product.hpp>

#include "support/compare.hpp"
#include "support/random.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

// The loss is the sum of dst * g; its gradient with respect to dst is g.
template <layout Src, layout W>
void check_gradients(const inner_product_problem& p) {
  CAPTURE(p.str());
  CAPTURE(std::string(Src.text()));
  auto src = random_tensor<double, Src>(p.src_shape(), 1);
  auto weights = random_tensor<double, W>(p.weights_shape(), 2);
  auto bias = random_tensor<double, "x">({p.out}, 3);
  const auto g = random_tensor<double, "nc">(p.dst_shape(), 4);
  tensor<double, "nc"> dst(p.dst_shape());
  const auto loss = [&] {
    inner_product_forward(p, src, weights, dst, post::bias(bias), serial{});
    return test::dot(dst, g);
  };
  tensor<double, Src> ds(p.src_shape());
  tensor<double, W> dw(p.weights_shape());
  tensor<double, "x"> db({p.out});
  inner_product_backward_data(p, g, weights, ds);
  inner_product_backward_weights(p, src, g, dw, db);
  CHECK(test::distance(ds, test::numeric_gradient(src, loss)) < 1e-8);
  CHECK(test::distance(dw, test::numeric_gradient(weights, loss)) < 1e-8);
  CHECK(test::distance(db, test::numeric_gradient(bias, loss)) < 1e-8);
}

}  // namespace

TEST_CASE("gradients agree with finite differences") {
  check_gradients<"nc", "oi">({.batch = 3, .in = 7, .out = 5});
  check_gradients<"nc", "io">({.batch = 1, .in = 4, .out = 1});
  check_gradients<"nChw8c", "oihw">({.batch = 2, .in = 3, .out = 4, .size = {2, 3}});
  check_gradients<"ndhwc", "oidhw">({.batch = 2, .in = 3, .out = 2, .size = {2, 1, 2}});
}

TEST_CASE("the reference computes the formula, in blocked layouts too") {
  const inner_product_problem p{.batch = 2, .in = 5, .out = 3, .size = {2, 2}};
  const auto src = random_tensor<float, "nChw4c">(p.src_shape(), 1);
  const auto weights = random_tensor<float, "hwio">(p.weights_shape(), 2);
  tensor<float, "nc"> dst(p.dst_shape());
  inner_product_forward(p, src, weights, dst, policy{.algorithm = "reference"});
  for (index_t n = 0; n < 2; ++n)
    for (index_t o = 0; o < 3; ++o) {
      double sum = 0;
      for (index_t i = 0; i < 5; ++i)
        for (index_t h = 0; h < 2; ++h)
          for (index_t w = 0; w < 2; ++w)
            sum += static_cast<double>(src(n, i, h, w)) * static_cast<double>(weights(o, i, h, w));
      CHECK(dst(n, o) == static_cast<float>(sum));
    }
}

TEST_CASE("problems in benchdnn's notation") {
  using problem = inner_product_problem;
  std::string name;
  CHECK(problem::parse("mb112ic2048oc1000n\"resnet:ip1\"", &name) ==
        problem{.batch = 112, .in = 2048, .out = 1000});
  CHECK(name == "resnet:ip1");
  CHECK(problem::parse("mb8ic256ih6oc4096") ==
        problem{.batch = 8, .in = 256, .out = 4096, .size = {6, 6}});
  CHECK(problem::parse("ic4_iw9_oc2") == problem{.batch = 2, .in = 4, .out = 2, .size = {9}});
  CHECK(problem::parse("ic4id2ih3iw5oc2") ==
        problem{.batch = 2, .in = 4, .out = 2, .size = {2, 3, 5}});
  for (const char* text :
       {"mb112ic2048oc1000", "mb8ic256ih6iw6oc4096", "mb2ic4iw9oc2", "mb0ic4id2ih3iw5oc2"})
    CHECK(problem::parse(text).str() == text);
  CHECK(problem{.batch = 2, .in = 3, .out = 5, .size = {7}}.flops() == 2 * 2 * 3 * 5 * 7);
  CHECK(problem{.batch = 2, .in = 3, .out = 5}.elements() == 6 + 15 + 10);
  using test::message;
  CHECK(message([] { problem::parse("mb2ic4"); }) ==
        "inner_product_problem: problem: expected the key oc, got 'mb2ic4'");
  CHECK(message([] { problem::parse("ic4oc2kh3"); }) ==
        "inner_product_problem: problem: expected keys of this operation, got 'kh' in 'ic4oc2kh3'");
  CHECK(message([] { problem::parse("ic0oc2"); }) ==
        "inner_product_problem: in: expected at least 1, got 0");
}
