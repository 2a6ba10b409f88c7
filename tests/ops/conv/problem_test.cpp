#include <doctest/doctest.h>

#include <simdnn/ops/conv/problem.hpp>

#include "support/compare.hpp"

using namespace simdnn;

TEST_CASE("conv_problem: output sizes, flops and notation") {
  const conv_problem p{.batch = 2,
                       .in = 3,
                       .out = 64,
                       .size = {224, 224},
                       .kernel = {7, 7},
                       .stride = {2, 2},
                       .pad = {3, 3}};
  CHECK(p.dst_shape() == shape{2, 64, 112, 112});
  CHECK(p.weights_shape() == shape{64, 3, 7, 7});
  CHECK(p.flops() == 2.0 * 2 * 64 * 112 * 112 * 3 * 49);
  CHECK(p.str() == "mb2ic3ih224iw224oc64oh112ow112kh7kw7sh2sw2ph3pw3");
  CHECK(conv_problem::parse(p.str()) == p.checked());
}

TEST_CASE("conv_problem: benchdnn derives what is unset") {
  std::string name;
  const conv_problem a =
      conv_problem::parse("mb8_ic192ih13oc384oh13kh3sh1ph1n\"alexnet:conv3*2\"", &name);
  CHECK(name == "alexnet:conv3*2");
  CHECK(a.size == spatial{13, 13});
  CHECK(a.kernel == spatial{3, 3});
  CHECK(a.dilation == spatial{1, 1});
  // Dilation counts from 0 there; padding follows from the sizes where it is not given.
  CHECK(conv_problem::parse("ic1ih9oc1oh9kh3dh1").pad == spatial{2, 2});
  CHECK(conv_problem::parse("ic1ih9oc1kh3dh1ph2").dilation == spatial{2, 2});
  // An output that the floor rule with equal padding does not give.
  CHECK(conv_problem::parse("ic1ih10oc1oh6kh3sh2ph1").pad_end == spatial{2, 2});
  CHECK(conv_problem::parse("ic4iw10oc1kw3pw1").rank() == 1);
  CHECK(conv_problem::parse("ic4id5oc1kd3pd1").rank() == 3);
}

TEST_CASE("conv_problem: the message names the field and the rule") {
  CHECK(test::message([] {
          conv_problem{.in = 3, .out = 4, .groups = 2, .size = {5}, .kernel = {3}}.checked();
        }) == "conv_problem: in: expected a multiple of groups (2), got 3");
  CHECK(test::message([] { conv_problem{.size = {5, 5}, .kernel = {3}}.checked(); }) ==
        "conv_problem: kernel: expected 2 numbers, as many as size has, got 1 (3)");
  CHECK(test::message([] {
          conv_problem{.size = {5, 5}, .kernel = {3, 3}, .stride = {0, 1}}.checked();
        }) == "conv_problem: stride: expected each at least 1, got 0x1");
  CHECK(test::message([] { conv_problem{.batch = -1, .size = {5}, .kernel = {3}}.checked(); }) ==
        "conv_problem: batch: expected at least 0, got -1");
  CHECK(test::message([] { conv_problem::parse("mb1ic3ic4"); }) ==
        "conv_problem: problem: expected each key once, got 'ic' twice in 'mb1ic3ic4'");
  CHECK(test::message([] { conv_problem::parse("mb1ic3ih4"); }) ==
        "conv_problem: problem: expected the key oc, got 'mb1ic3ih4'");
  CHECK(test::message([] { conv_problem::parse("mb1ic3ih4oc4zz3"); }) ==
        "conv_problem: problem: expected keys of this operation, got 'zz' in 'mb1ic3ih4oc4zz3'");
  CHECK(test::message([] { conv_problem::parse("ic3oc4kh1"); }) ==
        "conv_problem: problem: expected the key ih, got 'ic3oc4kh1'");
  // Bounds are checked before padding is derived, which divides by the stride.
  CHECK(test::message([] { conv_problem::parse("ic3ih5oc4oh5kh3sh0"); }) ==
        "conv_problem: stride: expected each at least 1, got 0x0");
  CHECK(test::message([] { conv_problem::parse("ic3ih5oc4oh0kh3"); }) ==
        "conv_problem: output: expected each at least 1, got 0x0");
  CHECK(test::message([] { conv_problem::parse("ic3iw5oc4kw3dw9223372036854775807"); }) ==
        "conv_problem: dilation: expected each at most 2147483647, got 9223372036854775807");
  // With both ends of the padding given, the sizes of dst must follow.
  CHECK(conv_problem::parse("ic1iw10oc1ow5kw3sw2pw1pew0").pad_end == spatial{0});
  CHECK(conv_problem::parse("ic1iw10oc1kw3pew2").pad_end == spatial{2});
  CHECK(test::message([] { conv_problem::parse("ic1iw10oc1ow6kw3sw2pw1pew0"); }) ==
        "conv_problem: output: expected 5, got 6");
}
