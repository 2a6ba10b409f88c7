#include <doctest/doctest.h>

#include <simdnn/base/math.hpp>

#include "support/compare.hpp"

using namespace simdnn;

static_assert(ceil_div(0, 4) == 0 && ceil_div(1, 4) == 1 && ceil_div(4, 4) == 1 &&
              ceil_div(5, 4) == 2);
static_assert(round_up(0, 16) == 0 && round_up(1, 16) == 16 && round_up(16, 16) == 16);
static_assert(floor_div(7, 2) == 3 && floor_div(-1, 2) == -1 && floor_div(-2, 2) == -1 &&
              floor_div(-3, 2) == -2);
static_assert(checked_mul(-3, 4, "op", "x") == -12);

TEST_CASE("a product that does not fit is an error with the numbers") {
  const index_t half = index_t{1} << 62;
  CHECK(checked_mul(half, 1, "op", "src") == half);
  CHECK(test::message([&] { checked_mul(half, 2, "op", "src"); }) ==
        "op: src: expected a size below 2^63, got 4611686018427387904 * 2");
}

TEST_CASE("an error has its parts and one sentence") {
  const error e("conv_forward", "src", "64 channels", "3");
  CHECK(std::string(e.what()) == "conv_forward: src: expected 64 channels, got 3");
  CHECK(e.op() == "conv_forward");
  CHECK(e.argument() == "src");
  CHECK(e.expected() == "64 channels");
  CHECK(e.actual() == "3");
  CHECK(dynamic_cast<const std::invalid_argument*>(static_cast<const std::exception*>(&e)) !=
        nullptr);
}
