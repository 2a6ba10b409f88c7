#include "support/gradient.hpp"

#include <doctest/doctest.h>

#include <simdnn/ops/conv.hpp>
#include <simdnn/tensor/tensor.hpp>

using namespace simdnn;
using test::random_tensor;

namespace {

// Forward and backward are different code, so that they check each other.
template <layout L>
void check_gradients(const char* text) {
  const conv_problem p = conv_problem::parse(text);
  CAPTURE(text);
  auto x = random_tensor<double, L>(p.src_shape(), 1);
  auto w = random_tensor<double, "oihw">(p.weights_shape(), 2);
  auto b = random_tensor<double, "x">({p.out}, 3);
  const auto g = random_tensor<double, L>(p.dst_shape(), 4);
  const auto loss = [&] {
    tensor<double, L> y(p.dst_shape());
    conv_forward(p, x, w, y, post::bias(b));
    return test::dot(y, g);
  };
  tensor<double, L> dx(p.src_shape());
  tensor<double, "oihw"> dw(p.weights_shape());
  tensor<double, "x"> db({p.out});
  conv_backward_data(p, g, w, dx);
  conv_backward_weights(p, x, g, dw, db);
  // The loss is linear in each operand: what differs is rounding over the step, 1e-16 * |loss| /
  // 1e-5.
  CHECK(test::distance(test::numeric_gradient(x, loss), dx) < 1e-8);
  CHECK(test::distance(test::numeric_gradient(w, loss), dw) < 1e-8);
  CHECK(test::distance(test::numeric_gradient(b, loss), db) < 1e-8);
}

}  // namespace

TEST_CASE("conv: gradients in double against finite differences") {
  for (const char* text :
       {"mb2ic3ih5oc4kh3ph1", "g2mb1ic4ih6oc6kh3sh2ph1", "mb1ic2ih7oc3kh2dh1sh3ph1",
        "mb1ic5ih4iw3oc2kh1", "mb1ic2ih6oc2oh2kh2sh4ph0"})
    check_gradients<"nchw">(text);
  for (const char* text : {"g5mb2ic5ih6iw9oc5kh3ph1", "g3mb1ic3ih7oc3kh3sh2ph1"})
    check_gradients<"nhwc">(text);
}
