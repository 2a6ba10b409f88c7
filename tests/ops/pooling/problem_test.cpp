#include <doctest/doctest.h>

#include <simdnn/ops/pooling/problem.hpp>

#include "support/compare.hpp"

using namespace simdnn;

TEST_CASE("sizes are derived") {
  const pooling_problem p{.batch = 8,
                          .channels = 64,
                          .size = {56, 55},
                          .kernel = {3, 2},
                          .stride = {2, 2},
                          .pad = {1, 0}};
  CHECK(p.src_shape() == shape{8, 64, 56, 55});
  CHECK(p.dst_shape() == shape{8, 64, 28, 27});
  CHECK(p.flops() == 8. * 64 * 28 * 27 * 6);
  CHECK(p.elements() == 8. * 64 * (56 * 55 + 28 * 27));
  CHECK(p.checked().pad_end == spatial{1, 0});
  CHECK(p.checked().checked() == p.checked());
}

TEST_CASE("benchdnn's notation is read and printed") {
  std::string name;
  const pooling_problem p =
      pooling_problem::parse("mb8ic64_ih56oh28kh3sh2ph1n\"pool1\"", pooling_kind::average, &name);
  CHECK(name == "pool1");
  CHECK(p.kind == pooling_kind::average);
  CHECK(p.dst_shape() == shape{8, 64, 28, 28});
  CHECK(p.pad_end == spatial{1, 1});
  CHECK(p.str() == "mb8ic64ih56iw56oh28ow28kh3kw3sh2sw2ph1pw1_alg1");
  CHECK(pooling_problem::parse(p.str()) == p);
  CHECK(pooling_problem::parse("ic1iw4kw2alg0", pooling_kind::average).kind == pooling_kind::max);

  CHECK(pooling_problem::parse("ic192iw35ow17kw3sw2").dst_shape() == shape{2, 192, 17});
  CHECK(pooling_problem::parse("mb1ic3id8ih6kd2kh3dh0").dst_shape() == shape{1, 3, 7, 4, 4});
  CHECK(pooling_problem::parse("mb1ic2048ih8oh1").kernel == spatial{8, 8});
  // 112 = ceil: one more behind than in front.
  CHECK(pooling_problem::parse("mb1ic64ih112oh56kh3sh2ph0").pad_end == spatial{1, 1});
}

TEST_CASE("bad problems are named") {
  const auto message = [](const pooling_problem& p) { return test::message([&] { p.checked(); }); };
  CHECK(message({.size = {4, 4}}) ==
        "pooling_problem: kernel: expected 2 numbers, as many as size has, got none");
  CHECK(message({.kernel = {4, 4}}) ==
        "pooling_problem: size: expected one to three numbers, got none");
  CHECK(message({.batch = -1, .size = {4}, .kernel = {2}}) ==
        "pooling_problem: batch: expected at least 0, got -1");
  CHECK(message({.channels = 0, .size = {4}, .kernel = {2}}) ==
        "pooling_problem: channels: expected at least 1, got 0");
  CHECK(message({.size = {4, 4}, .kernel = {2}}) ==
        "pooling_problem: kernel: expected 2 numbers, as many as size has, got 1 (2)");
  CHECK(message({.size = {4}, .kernel = {2}, .stride = {0}}) ==
        "pooling_problem: stride: expected each at least 1, got 0");
  CHECK(message({.size = {4}, .kernel = {2}, .pad = {2}}) ==
        "pooling_problem: pad: expected each less than the kernel (2), got 2");
  CHECK(message({.size = {4}, .kernel = {2}, .pad_end = {2}}) ==
        "pooling_problem: pad_end: expected each less than the kernel (2), got 2");
  CHECK(message({.size = {4}, .kernel = {5}}) ==
        "pooling_problem: kernel: expected one that fits into the padded src, got 5");
  CHECK(message({.size = {5000, 5000}, .kernel = {5000, 5000}}) ==
        "pooling_problem: kernel: expected at most 2^24 taps, got 5000x5000");
  CHECK(message(
            {.batch = index_t{1} << 40, .channels = index_t{1} << 20, .size = {64}, .kernel = {1}})
            .starts_with("pooling_problem: src: expected"));
  const auto parse = [](const char* text) {
    return test::message([&] { pooling_problem::parse(text); });
  };
  CHECK(parse("mb1ic3kh2") == "pooling_problem: problem: expected the key ih, got 'mb1ic3kh2'");
  CHECK(parse("mb1ic3ih4") == "pooling_problem: problem: expected the key kh, got 'mb1ic3ih4'");
  CHECK(parse("mb1ic3ih4kh2dh1") == "pooling_problem: dilation: expected each at most 0, got 1x1");
  CHECK(parse("mb1ic3ih4kh2xy3") ==
        "pooling_problem: problem: expected keys of this operation, got 'xy' in 'mb1ic3ih4kh2xy3'");
  CHECK(parse("ic1iw4kw2alg3") == "pooling_problem: kind: expected at most 2, got 3");
}
