#include <doctest/doctest.h>

#include <array>
#include <simdnn/base/unroll.hpp>

// Indices are constants: an array of that size.
constexpr int sum_of_sizes() {
  int sum = 0;
  simdnn::unroll<4>([&](auto i) { sum += static_cast<int>(std::array<char, i + 1>{}.size()); });
  return sum;
}
static_assert(sum_of_sizes() == 1 + 2 + 3 + 4);

TEST_CASE("in order, and nothing for none") {
  int order = 0;
  simdnn::unroll<5>([&](auto i) { order = order * 10 + i; });
  CHECK(order == 1234);
  simdnn::unroll<0>([&](auto) { order = -1; });
  CHECK(order == 1234);
}
