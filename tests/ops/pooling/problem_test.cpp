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
  CHECK(p.str() == "mb8ic64ih56iw56oh28ow28kh3kw3sh2sw2ph1pw1");
  CHECK(pooling_problem::parse(p.str(), p.kind).dst_shape() == p.dst_shape());

  CHECK(pooling_problem::parse("ic192iw35ow17kw3sw2").dst_shape() == shape{2, 192, 17});
  CHECK(pooling_problem::parse("mb1ic3id8ih6kd2kh3dh0").dst_shape() == shape{1, 3, 7, 4, 4});
  CHECK(pooling_problem::parse("mb1ic2048ih8oh1").kernel == spatial{8, 8});
  // 112 = ceil: one more behind than in front.
  CHECK(pooling_problem::parse("mb1ic64ih112oh56kh3sh2ph0").pad_end == spatial{1, 1});
}

TEST_CASE("bad problems are named") {
  const auto message = [](const pooling_problem& p) { return test::message([&] { p.checked(); }); };
  CHECK(message({.size = {4, 4}}) ==
        "pooling_problem: kernel is empty, it must have as many numbers as size");
  CHECK(message({.kernel = {4, 4}}) ==
        "pooling_problem: size is empty, one to three spatial sizes are needed");
  CHECK(message({.batch = -1, .size = {4}, .kernel = {2}}) ==
        "pooling_problem: batch is -1, it must be at least 0");
  CHECK(message({.channels = 0, .size = {4}, .kernel = {2}}) ==
        "pooling_problem: channels is 0, it must be at least 1");
  CHECK(message({.size = {4, 4}, .kernel = {2}}) ==
        "pooling_problem: kernel is 2, it must have as many numbers as size");
  CHECK(message({.size = {4}, .kernel = {2}, .stride = {0}}) ==
        "pooling_problem: stride is 0, each must be at least 1");
  CHECK(message({.size = {4}, .kernel = {2}, .pad = {2}}) ==
        "pooling_problem: pad is 2, each must be less than the kernel's size");
  CHECK(message({.size = {4}, .kernel = {2}, .pad_end = {2}}) ==
        "pooling_problem: pad_end is 2, each must be less than the kernel's size");
  CHECK(message({.size = {4}, .kernel = {5}}) ==
        "pooling_problem: kernel is 5, it must fit into the padded source");
  CHECK(message({.size = {5000, 5000}, .kernel = {5000, 5000}}) ==
        "pooling_problem: kernel is 5000x5000, it must have at most 2^24 taps");
  CHECK(message(
            {.batch = index_t{1} << 40, .channels = index_t{1} << 20, .size = {64}, .kernel = {1}})
            .find("expected a size below 2^63") != std::string::npos);
  const auto parse = [](const char* text) {
    return test::message([&] { pooling_problem::parse(text); });
  };
  CHECK(parse("mb1ic3kh2") == "pooling_problem: problem is 'mb1ic3kh2', it must say ih");
  CHECK(parse("mb1ic3ih4") == "pooling_problem: problem is 'mb1ic3ih4', it must say kh");
  CHECK(parse("mb1ic3ih4kh2dh1") == "pooling_problem: dilation is 1x1, pooling has none");
  CHECK(parse("mb1ic3ih4kh2xy3") ==
        "pooling_problem: problem has 'xy' in 'mb1ic3ih4kh2xy3', this operation has no such key");
}
