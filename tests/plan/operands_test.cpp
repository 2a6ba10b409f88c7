#include <doctest/doctest.h>

#include <simdnn/plan/operands.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/compare.hpp"

using namespace simdnn;

namespace {

// By trying all pairs of elements.
template <class V>
bool share_an_element(const V& a, const V& b) {
  bool share = false;
  test::for_each_index(a.shape(), [&](const test::index& i) {
    test::for_each_index(b.shape(), [&](const test::index& j) {
      share = share || &test::element(a, i) == &test::element(b, j);
    });
  });
  return share;
}

template <class V>
bool refused(const V& a, const V& b) {
  return test::message([&] { check_no_overlap(a, b, "op", "dst", "src"); }) != "no error";
}

}  // namespace

TEST_CASE("parts of one tensor: whatever shares an element is refused, neighbours are not") {
  tensor<float, "nhwc"> x({2, 4, 3, 3});
  int apart = 0;
  for (int d = 0; d < 4; ++d)
    for (index_t begin = 0; begin < x.size(d); ++begin)
      for (index_t count = 1; begin + count <= x.size(d); ++count)
        for (int e = 0; e < 4; ++e)
          for (index_t from = 0; from < x.size(e); ++from) {
            const auto a = x.part(d, begin, count), b = x.part(e, from, x.size(e) - from);
            const bool no = refused(a, b);
            CHECK(no == refused(b, a));
            if (share_an_element(a, b)) CHECK(no);
            if (d == e && begin + count <= from) {
              CHECK_FALSE(no);
              ++apart;
            }
          }
  CHECK(apart > 10);
}

TEST_CASE("blocked parts, other strides, other layouts") {
  tensor<float, "nChw8c"> x({2, 24, 3, 3});
  CHECK_FALSE(refused(x.part(1, 0, 8), x.part(1, 8, 16)));
  CHECK(refused(x.part(1, 0, 16), x.part(1, 8, 16)));
  CHECK(refused(x.part(1, 8, 8), x.part(3, 1, 2)));
  CHECK(refused(x.as_view(),
                view<float, "nChw8c">(x.data() + 4, x.part(0, 0, 1).shape(), x.strides())));
  CHECK(test::message([&] {
          check_no_overlap(x.part(0, 0, 1), view<const float, "nhwc">(x.data(), {1, 8, 1, 1}), "op",
                           "dst", "src");
        }) == "op: dst: expected memory apart from src, got an overlap");
  CHECK(test::message([&] {
          check_no_overlap(x.part(0, 0, 1), view<const float, "nhwc">(&x(1, 0, 0, 0), {1, 8, 1, 1}),
                           "op", "dst", "src");
        }) == "no error");
}

TEST_CASE("the first dimension that differs is named") {
  tensor<float, "nchw"> x({2, 3, 4, 5});
  tensor<float, "oihw"> w({2, 3, 4, 5});
  tensor<float, "x"> b(shape{7});
  const auto wrong = [](const auto& operand, const shape& wanted) {
    return test::message([&] { check_shape(operand.as_view(), wanted, "op", "src"); });
  };
  CHECK(wrong(x, {2, 3, 4, 5}) == "no error");
  CHECK(wrong(x, {1, 3, 9, 5}) == "op: src: expected a batch of 1, got 2");
  CHECK(wrong(x, {2, 3, 4, 9}) == "op: src: expected width 9, got 5");
  CHECK(wrong(x, {2, 3, 4}) == "op: src: expected shape 2x3x4, got 2x3x4x5");
  CHECK(wrong(w, {2, 4, 4, 5}) == "op: src: expected 4 input channels, got 3");
  CHECK(wrong(b, {8}) == "op: src: expected 8 elements, got 7");
}
