#include <doctest/doctest.h>

#include <simdnn/ops/reorder.hpp>

#include "support/pass_checks.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

template <class T, layout Src, layout Dst>
using pass = reordering::forward<T, Src, Dst>;

template <class T, layout A, layout B>
void check_both_ways(std::initializer_list<shape> shapes) {
  std::vector<tensor_problem> problems;
  for (const shape& s : shapes) problems.push_back({s});
  test::check_passes<pass<T, A, B>, pass<T, B, A>>(problems, test::pass_traits{.exact = true});
}

}  // namespace

TEST_CASE("what all operations promise, between all kinds of layouts") {
  check_both_ways<float, "nchw", "nChw16c">(
      {{1, 1, 1, 1}, {2, 3, 5, 7}, {1, 16, 4, 4}, {3, 37, 2, 9}, {0, 3, 2, 2}, {3, 37, 33, 29}});
  check_both_ways<double, "nchw", "nChw8c">({{2, 19, 3, 5}});
  check_both_ways<float, "nhwc", "nChw16c">({{2, 3, 5, 7}, {2, 37, 3, 3}});
  check_both_ways<float, "nchw", "nhwc">({{2, 21, 5, 37}, {1, 64, 1, 1}});
  check_both_ways<float, "nChw8c", "nChw16c">(
      {{2, 3, 2, 2}, {1, 11, 3, 3}, {2, 29, 2, 3}, {1, 32, 5, 5}});
  check_both_ways<float, "nChw16c", "nChw12c">({{2, 53, 2, 3}});
  check_both_ways<float, "OIhw16i16o", "oihw">({{3, 5, 3, 3}, {32, 16, 1, 1}, {33, 20, 1, 2}});
  check_both_ways<float, "OIhw4i16o", "oihw">({{7, 9, 3, 1}});
  check_both_ways<double, "OIhw8i8o", "OIhw16o16i">({{17, 9, 2, 1}, {24, 40, 1, 3}});
  check_both_ways<float, "ncdhw", "nCdhw16c">({{2, 5, 2, 3, 4}});
  check_both_ways<double, "tnc", "ntc">({{5, 3, 17}});
  check_both_ways<float, "ab", "ba">({{1, 1}, {33, 47}, {1, 100}, {0, 3}});
  test::check_passes<pass<float, "nchw", "nchw">, pass<float, "nChw16c", "nChw16c">>(
      {{{3, 5, 7, 11}}}, test::pass_traits{.exact = true});
  test::check_passes<pass<double, "x", "x">>({{{20000}}}, test::pass_traits{.exact = true});
}

TEST_CASE("random odd shapes") {
  test::random r(2);
  for (int i = 0; i < 40; ++i) {
    const shape s{r.integer(1, 3), r.integer(1, 70), r.integer(1, 9), r.integer(1, 40)};
    const auto x = random_tensor<float, "nchw">(s, 1);
    const auto blocked = reorder<"nChw8c">(x);
    CHECK(test::same_bits(x, blocked));
    CHECK(test::padding_is_zero(blocked));
    CHECK(test::same_bits(x, reorder<"nhwc">(blocked)));
    CHECK(test::same_bits(x, reorder<"nchw">(reorder<"nChw16c">(x))));
  }
}

TEST_CASE("parts of the channels, from the middle of blocks") {
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
}
