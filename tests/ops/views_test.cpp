// concat, pooling and the matrix products with operands of random strides: the same results as for
// dense ones, or an error that names the operand; nothing else is written. Of the other operations
// check_passes (support/pass_checks.hpp) sees the same.
#include <doctest/doctest.h>

#include <simdnn/ops/concat.hpp>
#include <simdnn/ops/gemm.hpp>
#include <simdnn/ops/inner_product.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/ops/reorder.hpp>

#include "support/compare.hpp"
#include "support/strided_operand.hpp"

using namespace simdnn;

namespace {

constexpr int rounds = 60;

template <class T, layout L>
using operand = test::strided_operand<T, L>;

// Runs f; what an operand that lacks contiguous elements may be refused with is no failure.
template <class F>
bool computed(bool may_refuse, F f) {
  const std::string text = test::message(f);
  if (text == "no error") return true;
  CHECK_MESSAGE(may_refuse, text);
  return false;
}

template <class Y, class R>
void check(const Y& y, const R& reference, index_t terms) {
  CHECK(test::difference(y, reference, terms) == "");
  CHECK(y.faults() == "");
}

shape random_shape(test::random& r, int rank) {
  shape s;
  for (int d = 0; d < rank; ++d)
    s.push_back(r.integer(0, 20) == 0 ? 0 : d == 1 ? r.integer(1, 40) : r.integer(1, 6));
  return s;
}

template <layout L>
void join(test::random& r) {
  const shape s = random_shape(r, 4);
  shape a{s[0], r.integer(0, s[1]), s[2], s[3]}, b{s[0], s[1] - a[1], s[2], s[3]};
  const auto x = operand<float, L>::read(a, r), z = operand<float, L>::read(b, r);
  const auto y = operand<float, L>::written(s, r);
  CAPTURE(x.where().str());
  CAPTURE(y.where().str());
  concat_forward({x.as_view(), z.as_view()}, y.as_view());
  tensor<float, L> reference(s);
  concat_forward({test::copy_to<L>(x), test::copy_to<L>(z)}, reference);
  check(y, reference, 1);
  const auto g = operand<float, L>::read(s, r);
  const auto dx = operand<float, L>::written(a, r), dz = operand<float, L>::written(b, r);
  tensor<float, L> dx_reference(a), dz_reference(b);
  concat_backward(g, {dx.as_view(), dz.as_view()});
  concat_backward(test::copy_to<L>(g), {dx_reference, dz_reference});
  check(dx, dx_reference, 1);
  check(dz, dz_reference, 1);
}

template <layout L>
void pool(test::random& r, pooling_kind kind) {
  const pooling_problem p{.kind = kind,
                          .batch = r.integer(0, 3),
                          .channels = r.integer(1, 40),
                          .size = {r.integer(3, 9), r.integer(3, 9)},
                          .kernel = {r.integer(1, 3), r.integer(1, 3)},
                          .stride = {r.integer(1, 4), r.integer(1, 4)}};
  const auto x = operand<float, L>::read(p.src_shape(), r),
             g = operand<float, L>::read(p.dst_shape(), r);
  const auto y = operand<float, L>::written(p.dst_shape(), r),
             argmax = operand<float, L>::written(p.dst_shape(), r),
             dx = operand<float, L>::written(p.src_shape(), r);
  CAPTURE(p.str());
  CAPTURE(x.where().str());
  CAPTURE(y.where().str());
  tensor<float, L> reference(p.dst_shape()), argmax_reference(p.dst_shape()),
      dx_reference(p.src_shape());
  const policy plain{.algorithm = "reference"};
  pooling_forward(p, test::copy_to<L>(x), reference, argmax_reference, plain);
  const bool max = kind == pooling_kind::max;
  const bool may_refuse = !x.fastest_contiguous() || !y.fastest_contiguous() ||
                          !g.fastest_contiguous() || !dx.fastest_contiguous() ||
                          !argmax.fastest_contiguous();
  if (max) {
    if (!computed(may_refuse, [&] { pooling_forward(p, x, y.as_view(), argmax.as_view()); }))
      return;
    check(y, reference, 9);
    check(argmax, argmax_reference, 1);
    if (!computed(may_refuse, [&] { pooling_backward(p, g, argmax, dx.as_view()); })) return;
    pooling_backward(p, test::copy_to<L>(g), argmax_reference, dx_reference, plain);
  } else {
    if (!computed(may_refuse, [&] { pooling_forward(p, x, y.as_view()); })) return;
    check(y, reference, 9);
    if (!computed(may_refuse, [&] { pooling_backward(p, g, none, dx.as_view()); })) return;
    pooling_backward(p, test::copy_to<L>(g), none, dx_reference, plain);
  }
  check(dx, dx_reference, 9);
}

template <layout A, layout B>
void multiply(test::random& r) {
  const gemm_problem p{.m = r.integer(0, 40), .n = r.integer(0, 40), .k = r.integer(0, 40)};
  const auto a = operand<float, A>::read(p.a_shape(), r);
  const auto b = operand<float, B>::read(p.b_shape(), r);
  const auto c = operand<float, "ab">::written(p.c_shape(), r);
  CAPTURE(p.str());
  CAPTURE(a.where().str());
  CAPTURE(b.where().str());
  CAPTURE(c.where().str());
  tensor<float, "ab"> reference(p.c_shape());
  gemm_forward(p, test::copy_to<A>(a), test::copy_to<B>(b), reference, post::relu(),
               policy{.algorithm = "reference"});
  for (const char* name : {"blocked", "small"})
    if (computed(!c.fastest_contiguous(), [&] {
          const gemm_plan<float, A, B> plan(p, {.algorithm = name});
          plan(a, plan.pack(b), c.as_view(), post::relu());
          plan(a, b, c.as_view(), post::relu());
        }))
      check(c, reference, std::max<index_t>(p.k, 1));
}

template <layout Src>
void connect(test::random& r) {
  inner_product_problem p{
      .batch = r.integer(0, 5), .in = r.integer(1, 40), .out = r.integer(1, 40)};
  for (int d = 2; d < Src.rank(); ++d) p.size.v[p.size.rank++] = r.integer(1, 3);
  constexpr layout W = inner_product::any_weights<Src>::usual;
  const auto x = operand<float, Src>::read(p.src_shape(), r);
  const auto w = operand<float, W>::read(p.weights_shape(), r);
  const auto g = operand<float, "nc">::read(p.dst_shape(), r);
  const auto y = operand<float, "nc">::written(p.dst_shape(), r);
  const auto dx = operand<float, Src>::written(p.src_shape(), r);
  const auto dw = operand<float, W>::written(p.weights_shape(), r);
  CAPTURE(p.str());
  CAPTURE(x.where().str());
  CAPTURE(y.where().str());
  const policy plain{.algorithm = "reference"};
  const auto dense_x = test::copy_to<Src>(x);
  const auto dense_w = test::copy_to<W>(w);
  const auto dense_g = test::copy_to<"nc">(g);
  tensor<float, "nc"> y_reference(p.dst_shape());
  tensor<float, Src> dx_reference(p.src_shape());
  tensor<float, W> dw_reference(p.weights_shape());
  // Inside an image src must have no gaps.
  if (computed(true, [&] { inner_product_forward(p, x, w, y.as_view()); })) {
    inner_product_forward(p, dense_x, dense_w, y_reference, plain);
    check(y, y_reference, p.in * 9);
  }
  if (computed(true, [&] { inner_product_backward_data(p, g, w, dx.as_view()); })) {
    inner_product_backward_data(p, dense_g, dense_w, dx_reference, plain);
    check(dx, dx_reference, p.out);
  }
  if (computed(true, [&] { inner_product_backward_weights(p, x, g, dw.as_view()); })) {
    inner_product_backward_weights(p, dense_x, dense_g, dw_reference, plain);
    check(dw, dw_reference, std::max<index_t>(p.batch, 1));
  }
}

}  // namespace

TEST_CASE("random strides: concat") {
  test::random r(1);
  for (int i = 0; i < rounds; ++i) join<"nchw">(r), join<"nChw8c">(r);
}

TEST_CASE("random strides: pooling") {
  test::random r(2);
  for (int i = 0; i < rounds; ++i)
    for (const pooling_kind kind : {pooling_kind::max, pooling_kind::average}) {
      pool<"nchw">(r, kind), pool<"nhwc">(r, kind), pool<"nChw16c">(r, kind);
    }
}

TEST_CASE("random strides: products") {
  test::random r(3);
  for (int i = 0; i < rounds; ++i) {
    multiply<"ab", "ab">(r), multiply<"ba", "ab">(r), multiply<"ab", "ba">(r);
    connect<"nc">(r), connect<"nhwc">(r), connect<"nChw16c">(r);
  }
}

TEST_CASE("an output whose elements share memory is refused") {
  float memory[64] = {};
  const view<float, "nc"> crossing(memory, {4, 8}, {7, 1}), flipped(memory + 24, {4, 8}, {-8, 1});
  const tensor<float, "nc"> x({4, 8});
  const auto refusal = [&](const view<float, "nc">& y) {
    return test::message([&] { reorder(x, y); });
  };
  CHECK(refusal(crossing).starts_with("reorder: dst: expected elements that share no memory"));
  CHECK(refusal(flipped) == "no error");
  const tensor<float, "ab"> a({4, 2}), b({2, 8});
  const view<float, "ab"> c(memory, {4, 8}, {4, 1});
  CHECK(test::message([&] {
          gemm_forward({.m = 4, .n = 8, .k = 2}, a, b, c);
        }).starts_with("gemm: c: expected elements that share no memory"));
}

TEST_CASE("memory that a flipped view covers is seen to overlap") {
  float memory[16] = {};
  const view<float, "x"> up(memory, {8}, {1}), down(memory + 15, {12}, {-1});
  const view<float, "x"> apart(memory + 15, {8}, {-1});
  CHECK(test::message([&] { check_no_overlap(up, down, "op", "dst", "src"); }) != "no error");
  CHECK(test::message([&] { check_no_overlap(up, apart, "op", "dst", "src"); }) == "no error");
}
