#include <doctest/doctest.h>

#include <simdnn/ops/reorder.hpp>

#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

template <class T, layout Src, layout Dst>
void check_pair(const shape& s) {
  CAPTURE(std::string(Src.text()));
  CAPTURE(std::string(Dst.text()));
  CAPTURE(s.str());
  const auto x = random_tensor<T, Src>(s, 1);
  reordering::all<T, Src, Dst>::for_each([&]<class Algorithm>() {
    CAPTURE(Algorithm::name);
    tensor<T, Dst> y(s);
    std::fill_n(y.data(), y.elements(), T(7));  // what is not written must show
    Algorithm{s}(x, y, serial{});
    CHECK(test::same_bits(y, x));
    CHECK(test::padding_is_zero(y));
  });
}

template <class T, layout A, layout B>
void check_both_ways(std::initializer_list<shape> shapes) {
  for (const shape& s : shapes) {
    check_pair<T, A, B>(s);
    check_pair<T, B, A>(s);
  }
}

}  // namespace

TEST_CASE("every algorithm copies every element between all kinds of layouts, and zeros padding") {
  check_both_ways<float, "nchw", "nChw16c">(
      {{1, 1, 1, 1}, {2, 3, 5, 7}, {1, 16, 4, 4}, {3, 37, 2, 9}, {0, 3, 2, 2}});
  check_both_ways<double, "nchw", "nChw8c">({{2, 19, 3, 5}});
  check_both_ways<float, "nhwc", "nChw16c">({{2, 3, 5, 7}, {2, 37, 3, 3}});
  check_both_ways<float, "nchw", "nhwc">({{2, 21, 5, 37}, {1, 64, 1, 1}});
  check_both_ways<float, "nChw8c", "nChw16c">(
      {{2, 3, 2, 2}, {1, 11, 3, 3}, {2, 29, 2, 3}, {1, 32, 5, 5}});
  check_both_ways<float, "nChw16c", "nChw12c">({{2, 53, 2, 3}});
  check_both_ways<float, "OIhw16i16o", "oihw">({{3, 5, 3, 3}, {32, 16, 1, 1}, {33, 20, 1, 2}});
  check_both_ways<double, "OIhw8i8o", "OIhw16o16i">({{17, 9, 2, 1}, {24, 40, 1, 3}});
  check_both_ways<float, "ncdhw", "nCdhw16c">({{2, 5, 2, 3, 4}});
  check_both_ways<double, "tnc", "ntc">({{5, 3, 17}});
  check_both_ways<float, "ab", "ba">({{1, 1}, {33, 47}, {1, 100}, {0, 3}});
  check_pair<float, "nchw", "nchw">({3, 5, 7, 11});
  check_pair<float, "nChw16c", "nChw16c">({3, 5, 7, 11});
  check_pair<double, "x", "x">({20000});
}

TEST_CASE("random odd shapes") {
  test::random r(2);
  for (int i = 0; i < 40; ++i) {
    const shape s{r.integer(1, 3), r.integer(1, 70), r.integer(1, 9), r.integer(1, 40)};
    check_both_ways<float, "nchw", "nChw16c">({s});
    check_both_ways<float, "nhwc", "nChw8c">({s});
  }
}

TEST_CASE("strided views on both sides") {
  const auto x = random_tensor<float, "nhwc">({2, 24, 3, 5}, 3);
  tensor<float, "nChw8c"> y({2, 35, 3, 5});
  std::fill_n(y.data(), y.elements(), 7.f);
  reorder(x.part(1, 5, 16), y.part(1, 8, 16));
  reorder(x.part(1, 2, 3), y.part(1, 32, 3));  // the last block, with its padding
  test::for_each_index(y.shape(), [&](test::index i) {
    const float value = test::element(y, i);
    const index_t c = i[1];
    i[1] = c >= 32 ? c - 30 : c - 3;
    CHECK(value == (c >= 32 || (c >= 8 && c < 24) ? test::element(x, i) : 7.f));
  });
  CHECK(test::padding_is_zero(y));

  // Every second column, from the last to the first.
  const auto wide = random_tensor<float, "nchw">({1, 2, 3, 8}, 6);
  strides st = wide.strides();
  st[3] = -2;
  const view<const float, "nchw"> odd(wide.data() + 7, {1, 2, 3, 4}, st);
  const auto got = reorder<"nhwc">(odd);
  CHECK(test::same_bits(got, odd));
  CHECK(got(0, 1, 2, 0) == wide(0, 1, 2, 7));
}

TEST_CASE("the same bits for every number of threads") {
  const auto x = random_tensor<float, "nchw">({3, 37, 33, 29}, 4);
  test::for_each_team([&](test::threads team) {
    const auto y = reorder<"nChw16c">(x, team);
    CHECK(test::same_bits(x, y));
    CHECK(test::padding_is_zero(y));
    CHECK(test::same_bits(x, reorder<"nhwc">(y, team)));
  });
}

TEST_CASE("nothing outside the operands is touched") {
  test::for_each_guard([](test::guard side) {
    const auto x = random_tensor<float, "nchw">({1, 19, 3, 7}, 5);
    const test::guarded<float, "nchw"> plain(x, side), back(x.shape(), side);
    const test::guarded<float, "nChw8c"> blocked(x.shape(), side);
    reorder(plain, blocked);
    reorder(blocked, back);
    CHECK(test::same_bits(x, back));
  });
}

TEST_CASE("bad input is named") {
  using test::message;
  tensor<float, "nchw"> x({2, 3, 4, 4}), none;
  tensor<float, "nhwc"> y({2, 3, 4, 5});
  CHECK(message([&] { reorder(x, y); }) == "reorder: dst: expected width 4, got 5");
  CHECK(message([&] { reorder(x.part(0, 0, 1), view<float, "nhwc">(x.data(), {1, 3, 4, 4})); }) ==
        "reorder: dst: expected memory apart from src, got an overlap");
  CHECK(message([&] { reorder<"nhwc">(none); }) ==
        "reorder: src: expected a tensor of 4 dimensions, got an uninitialised one");
}
