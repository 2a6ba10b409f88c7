#include <doctest/doctest.h>

#include <simdnn/tensor/view.hpp>
#include <vector>

#include "support/compare.hpp"

using namespace simdnn;
using test::message;

TEST_CASE("shapes") {
  const shape s{2, 3, 4};
  CHECK(s.rank() == 3);
  CHECK(s.elements() == 24);
  CHECK(s.str() == "2x3x4");
  CHECK(s == shape{2, 3, 4});
  CHECK(s != shape{2, 3});
  CHECK(s != shape{2, 3, 5});
  const index_t huge = index_t{1} << 40;
  CHECK(shape{huge, 0, huge}.elements() == 0);
  CHECK(message([&] { shape{huge, huge}.elements(); }) ==
        "shape: elements: expected a size below 2^63, got 1099511627776 * 1099511627776");
  CHECK(message([] { shape{1, -2}; }) == "shape: size 1: expected at least 0, got -2");
  CHECK(message([] { shape{1, 1, 1, 1, 1, 1, 1}; }) == "shape: rank: expected at most 6, got 7");
}

TEST_CASE("elements stand where the tag says") {
  CHECK(dense_strides<"nchw">({2, 3, 4, 5}) == strides{60, 20, 5, 1});
  CHECK(dense_strides<"nhwc">({2, 3, 4, 5}) == strides{60, 1, 15, 3});
  CHECK(dense_strides<"nChw8c">({2, 19, 4, 5}) == strides{3 * 160, 160, 40, 8});
  CHECK(dense_strides<"ba">({3, 4}) == strides{1, 3});
  CHECK(dense_elements<"nChw8c">({2, 19, 4, 5}) == 2 * 24 * 20);
  CHECK(dense_elements<"nChw8c">({2, 0, 4, 5}) == 0);
  CHECK(dense_elements<"OIhw4i4o">({5, 3, 1, 1}) == 32);

  std::vector<float> memory(dense_elements<"nChw8c">({2, 19, 4, 5}));
  const view<float, "nChw8c"> v(memory.data(), {2, 19, 4, 5});
  CHECK(v.offset(1, 17, 2, 3) == 480 + 2 * 160 + 2 * 40 + 3 * 8 + 1);
  v(1, 17, 2, 3) = 4;
  CHECK(memory[v.offset(1, 17, 2, 3)] == 4);
  CHECK(v.size('c') == 19);
  CHECK(v.size('d') == 1);
  CHECK(v.stride('w') == 8);
  CHECK(v.stride('d') == 0);
  CHECK(v.dense());
  CHECK_FALSE(v.part(1, 8, 8).dense());
  CHECK(v.part(0, 1, 1).dense());

  // Input channels' blocks outside output channels'.
  const view<float, "OIhw4i4o"> w(memory.data(), {8, 8, 1, 1});
  CHECK(w.offset(5, 6, 0, 0) == 32 + 16 + 2 * 4 + 1);
}

TEST_CASE("every element has a place of its own") {
  const auto check = []<layout L>(std::integral_constant<layout, L>, const shape& s) {
    std::vector<float> memory(dense_elements<L>(s));
    const view<float, L> v(memory.data(), s);
    test::for_each_index(s, [&](const test::index& i) { memory.at(v.offset(i)) += 1; });
    index_t taken = 0;
    for (const float x : memory) {
      CHECK(x <= 1);
      taken += x == 1;
    }
    CHECK(taken == s.elements());
  };
  check(std::integral_constant<layout, layout("nhwc")>{}, {2, 3, 4, 5});
  check(std::integral_constant<layout, layout("nChw8c")>{}, {2, 19, 2, 3});
  check(std::integral_constant<layout, layout("OIhw8i4o")>{}, {5, 11, 2, 1});
}

TEST_CASE("parts are views into the same memory") {
  std::vector<float> memory(dense_elements<"nChw8c">({2, 19, 4, 5}));
  const view<float, "nChw8c"> v(memory.data(), {2, 19, 4, 5});
  const auto channels = v.part(1, 8, 11);
  CHECK(channels.shape() == shape{2, 11, 4, 5});
  CHECK(&channels(1, 3, 2, 1) == &v(1, 11, 2, 1));
  const auto rows = v.part(2, 1, 2);
  CHECK(&rows(1, 3, 0, 1) == &v(1, 3, 1, 1));
  CHECK(v.part(1, 0, 0).empty());
  CHECK(message([&] { v.part(1, 4, 8); }) ==
        "view::part: range: expected ends at multiples of the block 8, got 4 + 8");
  CHECK(message([&] { v.part(1, 8, 5); }) ==
        "view::part: range: expected ends at multiples of the block 8, got 8 + 5");
  CHECK(message([&] { v.part(1, 16, 4); }) ==
        "view::part: range: expected one inside dimension 1 of size 19, got 16 + 4");
  CHECK(message([&] { v.part(3, -1, 2); }) ==
        "view::part: range: expected one inside dimension 3 of size 5, got -1 + 2");
}

TEST_CASE("bad views are named") {
  float x = 0;
  CHECK(message([&] { view<float, "nchw">(&x, {1, 1}); }) ==
        "view: shape: expected 4 dimensions for layout nchw, got 1x1");
  CHECK(message([&] { view<float, "nc">(nullptr, {1, 1}); }) ==
        "view: data: expected a pointer to 1x1 elements, got null");
  CHECK(message([&] { view<float, "nc">(nullptr, {0, 1}); }) == "no error");
  CHECK(message([&] {
          view<float, "ab">(&x, {index_t{1} << 31, index_t{1} << 31});
        }).find("expected a size below 2^63") != std::string::npos);
}

static_assert(std::is_convertible_v<view<float, "nc">, view<const float, "nc">>);
static_assert(!std::is_convertible_v<view<const float, "nc">, view<float, "nc">>);
static_assert(tensor_of<view<const float, "nc">, float, "nc">);
static_assert(!tensor_of<view<float, "nc">, double, "nc">);
static_assert(!tensor_like<int>);
