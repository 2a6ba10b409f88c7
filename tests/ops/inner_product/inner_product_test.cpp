#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <simdnn/ops/inner_product.hpp>
#include <vector>

#include "support/allocations.hpp"
#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/square_plus_one.hpp"
#include "support/threads.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

template <class T, layout Src>
std::vector<std::string> names() {
  return inner_product::all<T, Src, isa::native>::names();
}

// All passes of every algorithm against the reference.
template <class T, layout Src, layout W, layout DiffW = W>
void compare(const inner_product_problem& p, executor_ref executor = default_executor()) {
  CAPTURE(p.str());
  CAPTURE(std::string(Src.text()) + " " + std::string(W.text()) +
          (sizeof(T) == 4 ? " float" : " double"));
  const auto src = random_tensor<T, Src>(p.src_shape(), 1);
  const auto weights = random_tensor<T, W>(p.weights_shape(), 2);
  const auto bias = random_tensor<T, "x">({p.out}, 3);
  const auto residual = random_tensor<T, "nc">(p.dst_shape(), 4),
             g = random_tensor<T, "nc">(p.dst_shape(), 5);
  const auto ops = post::bias(bias) | post::sum(residual) | post::relu();
  const policy naive{.algorithm = "reference"};
  const index_t inputs = p.weights_shape().elements() / p.out;

  tensor<T, "nc"> dst(p.dst_shape());
  tensor<T, Src> ds(p.src_shape());
  tensor<T, DiffW> dw(p.weights_shape());
  tensor<T, "x"> db({p.out});
  inner_product_forward(p, src, weights, dst, ops, naive);
  inner_product_backward_data(p, g, weights, ds, naive);
  inner_product_backward_weights(p, src, g, dw, db, naive);
  for (const std::string& name : names<T, Src>()) {
    CAPTURE(name);
    const policy wanted{.algorithm = name};
    // What is not written must show, in the padding too.
    tensor<T, "nc"> y(p.dst_shape());
    tensor<T, Src> x(p.src_shape());
    tensor<T, DiffW> w(p.weights_shape());
    tensor<T, "x"> b({p.out});
    std::fill_n(x.data(), x.elements(), T(7));
    std::fill_n(w.data(), w.elements(), T(7));
    std::fill_n(b.data(), b.elements(), T(7));
    test::fill_random(y, 6);
    inner_product_forward(p, src, weights, y, ops, wanted, executor);
    CHECK(test::difference(y, dst, inputs + 2) == "");
    inner_product_backward_data(p, g, weights, x, wanted, executor);
    CHECK(test::difference(x, ds, p.out) == "");
    CHECK(test::padding_is_zero(x));
    inner_product_backward_weights(p, src, g, w, b, wanted, executor);
    CHECK(test::difference(w, dw, p.batch) == "");
    CHECK(test::difference(b, db, p.batch) == "");
    std::fill_n(w.data(), w.elements(), T(7));
    inner_product_backward_weights(p, src, g, w, wanted, executor);
    CHECK(test::difference(w, dw, p.batch) == "");
  }
}

}  // namespace

TEST_CASE("every algorithm agrees with the reference in all passes: channels only") {
  for (const inner_product_problem& p : {inner_product_problem{.batch = 1, .in = 1, .out = 1},
                                         {.batch = 1, .in = 37, .out = 5},
                                         {.batch = 17, .in = 64, .out = 48},
                                         {.batch = 3, .in = 300, .out = 33},
                                         {.batch = 60, .in = 19, .out = 70},
                                         {.batch = 0, .in = 5, .out = 4}}) {
    compare<float, "nc", "io", "oi">(p);
    compare<double, "nc", "oi", "io">(p);
    compare<float, "nC16c", "OI16i16o", "oi">(p);
  }
}

TEST_CASE("every algorithm agrees with the reference in all passes: images") {
  for (const inner_product_problem& p :
       {inner_product_problem{.batch = 2, .in = 3, .out = 5, .size = {1, 1}},
        {.batch = 3, .in = 16, .out = 10, .size = {4, 5}},
        {.batch = 5, .in = 21, .out = 35, .size = {3, 2}},
        {.batch = 0, .in = 3, .out = 4, .size = {2, 2}}}) {
    compare<float, "nchw", "oihw">(p);
    compare<float, "nhwc", "oihw">(p);
    compare<float, "nChw16c", "OIhw8i8o", "ohwi">(p);
    compare<double, "nChw8c", "hwio">(p);
  }
  for (const inner_product_problem& p :
       {inner_product_problem{.batch = 2, .in = 5, .out = 3, .size = {2, 3, 2}},
        {.batch = 4, .in = 18, .out = 20, .size = {2, 1, 3}}})
    compare<float, "nCdhw16c", "oidhw">(p);
}

TEST_CASE("a function of the user's behind the sums; a sum with dst itself") {
  for (const inner_product_problem& p :
       {inner_product_problem{.batch = 17, .in = 21, .out = 35, .size = {3, 7}},
        {.batch = 2, .in = 5, .out = 3, .size = {1, 1}}}) {
    const auto src = random_tensor<float, "nChw8c">(p.src_shape(), 1);
    const auto weights = random_tensor<float, "oihw">(p.weights_shape(), 2);
    const auto bias = random_tensor<float, "x">({p.out}, 3);
    auto dst = random_tensor<float, "nc">(p.dst_shape(), 4), expected = dst;
    const auto ops = [&](const auto& y) {
      return post::bias(bias) | test::square_plus_one{} | post::sum(y);
    };
    inner_product_forward(p, src, weights, expected, ops(expected),
                          policy{.algorithm = "reference"});
    inner_product_forward(p, src, weights, dst, ops(dst));
    CHECK(test::difference(dst, expected, p.in * p.size[0] * p.size[1] + 2) == "");
  }
}

TEST_CASE("random odd shapes") {
  test::random r(3);
  for (int i = 0; i < 20; ++i) {
    compare<float, "nChw16c", "OIhw8i8o", "ohwi">({.batch = r.integer(1, 20),
                                                   .in = r.integer(1, 40),
                                                   .out = r.integer(1, 70),
                                                   .size = {r.integer(1, 4), r.integer(1, 4)}});
    compare<double, "nc", "oi", "io">(
        {.batch = r.integer(1, 40), .in = r.integer(1, 300), .out = r.integer(1, 70)});
  }
}

TEST_CASE("the same bits for every number of threads") {
  const inner_product_problem p{.batch = 40, .in = 70, .out = 600, .size = {3, 3}};
  const auto src = random_tensor<float, "nChw16c">(p.src_shape(), 1);
  const auto weights = random_tensor<float, "oihw">(p.weights_shape(), 2);
  const auto bias = random_tensor<float, "x">({p.out}, 3);
  const auto g = random_tensor<float, "nc">(p.dst_shape(), 4);
  struct results {
    tensor<float, "nc"> dst;
    tensor<float, "nChw16c"> ds;
    tensor<float, "oihw"> dw;
    tensor<float, "x"> db;
  };
  const auto run = [&](executor_ref executor) {
    results r{tensor<float, "nc">(p.dst_shape()), tensor<float, "nChw16c">(p.src_shape()),
              tensor<float, "oihw">(p.weights_shape()), tensor<float, "x">({p.out})};
    inner_product_forward(p, src, weights, r.dst, post::bias(bias), executor);
    inner_product_backward_data(p, g, weights, r.ds, executor);
    inner_product_backward_weights(p, src, g, r.dw, r.db, executor);
    return r;
  };
  const results one = run(serial{});
  const auto check = [&](executor_ref executor) {
    const results many = run(executor);
    CHECK(test::same_bits(one.dst, many.dst));
    CHECK(test::same_bits(one.ds, many.ds));
    CHECK(test::same_bits(one.dw, many.dw));
    CHECK(test::same_bits(one.db, many.db));
  };
  test::for_each_team([&](test::threads team) { check(team); });
  check(default_executor());
}

TEST_CASE("the bias' gradient of a large batch; an infinity in it stays one") {
  const inner_product_problem p{.batch = 50000, .in = 1, .out = 21};
  tensor<float, "nc"> src(p.src_shape()), g(p.dst_shape());
  std::fill_n(g.data(), g.elements(), 0.1f);
  g(7, 20) = std::numeric_limits<float>::infinity();
  tensor<float, "oi"> dw(p.weights_shape());
  tensor<float, "x"> db({p.out});
  inner_product_backward_weights(p, src, g, dw, db, policy{.algorithm = "gemm"});
  const double exact = 50000 * static_cast<double>(0.1f);
  for (index_t o = 0; o < 20; ++o)
    CHECK(std::abs(db(o) - exact) <= 4 * std::numeric_limits<float>::epsilon() * exact);
  CHECK(db(20) == std::numeric_limits<float>::infinity());
}

TEST_CASE("nothing outside the operands is touched") {
  const inner_product_problem p{.batch = 3, .in = 11, .out = 21, .size = {2, 3}};
  test::for_each_guard([&](test::guard side) {
    const test::guarded<float, "nChw8c"> src(random_tensor<float, "nChw8c">(p.src_shape(), 1),
                                             side),
        ds(p.src_shape(), side);
    const test::guarded<float, "oihw"> weights(random_tensor<float, "oihw">(p.weights_shape(), 2),
                                               side),
        dw(p.weights_shape(), side);
    const test::guarded<float, "x"> bias(random_tensor<float, "x">({p.out}, 3), side),
        db({p.out}, side);
    const test::guarded<float, "nc"> g(random_tensor<float, "nc">(p.dst_shape(), 4), side),
        dst(p.dst_shape(), side);
    inner_product_forward(p, src, weights, dst, post::bias(bias));
    inner_product_backward_data(p, g, weights, ds);
    inner_product_backward_weights(p, src, g, dw, db);
    CHECK(dst.data()[p.batch * p.out - 1] != 0);
    CHECK(dw.data()[dw.elements() - 1] != 0);
    CHECK(db.data()[p.out - 1] != 0);
    CHECK(test::padding_is_zero(ds));
  });
}

TEST_CASE("padding stays zero where a gradient is not finite") {
  const inner_product_problem p{.batch = 2, .in = 5, .out = 3, .size = {1, 2}};
  tensor<float, "nc"> g(p.dst_shape());
  g(0, 1) = std::numeric_limits<float>::infinity();
  for (const std::string& name : names<float, "nChw8c">()) {
    CAPTURE(name);
    tensor<float, "nChw8c"> ds(p.src_shape());
    inner_product_backward_data(p, g, random_tensor<float, "oihw">(p.weights_shape(), 1), ds,
                                policy{.algorithm = name});
    CHECK(test::padding_is_zero(ds));
  }
}

TEST_CASE(
    "strided views: images of a larger batch tensor with gaps between them, parts of dst and "
    "weights") {
  const inner_product_problem p{.batch = 3, .in = 8, .out = 6, .size = {2, 2}};
  const auto all = random_tensor<float, "nchw">({3, 20, 2, 2}, 1);
  const auto src = all.part(1, 5, 8);
  const auto wide_weights = random_tensor<float, "oihw">({6, 9, 2, 2}, 2);
  const auto weights = wide_weights.part(1, 1, 8);
  tensor<float, "nc"> wide_dst({3, 10}), expected(p.dst_shape());
  inner_product_forward(p, src, weights, wide_dst.part(1, 2, 6));
  const auto dense_src = test::copy_to<"nchw">(src);
  const auto dense_weights = test::copy_to<"oihw">(weights);
  inner_product_forward(p, dense_src, dense_weights, expected, policy{.algorithm = "reference"});
  CHECK(test::difference(wide_dst.part(1, 2, 6), expected, 32) == "");
  for (index_t n = 0; n < 3; ++n)
    for (const index_t o : {0, 1, 8, 9}) CHECK(wide_dst(n, o) == 0);

  const auto g = wide_dst.part(1, 2, 6);
  tensor<float, "nchw"> wide_ds({3, 20, 2, 2}), ds(p.src_shape());
  tensor<float, "oihw"> wide_dw({6, 9, 2, 2}), dw(p.weights_shape());
  inner_product_backward_data(p, g, weights, wide_ds.part(1, 5, 8));
  inner_product_backward_weights(p, src, g, wide_dw.part(1, 1, 8));
  inner_product_backward_data(p, g, dense_weights, ds, policy{.algorithm = "reference"});
  inner_product_backward_weights(p, dense_src, g, dw, policy{.algorithm = "reference"});
  CHECK(test::difference(wide_ds.part(1, 5, 8), ds, 6) == "");
  CHECK(test::difference(wide_dw.part(1, 1, 8), dw, 3) == "");
  CHECK(wide_ds(1, 4, 1, 1) == 0);
  CHECK(wide_ds(1, 13, 0, 0) == 0);
  CHECK(wide_dw(2, 0, 1, 1) == 0);
}

TEST_CASE("workspace of the caller's, plans and packed weights used again") {
  const inner_product_problem p{.batch = 9, .in = 20, .out = 40, .size = {2, 2}};
  const auto src = random_tensor<float, "nhwc">(p.src_shape(), 1);
  const auto weights = random_tensor<float, "oihw">(p.weights_shape(), 2);
  const auto g = random_tensor<float, "nc">(p.dst_shape(), 3);
  const inner_product_plan<float, "nhwc"> forward(p);
  const inner_product_backward_data_plan<float, "nhwc"> backward_data(p);
  const inner_product_backward_weights_plan<float, "nhwc"> backward_weights(p);
  const test::threads team{3};
  const auto room = [](index_t bytes) { return std::vector<std::byte>(bytes); };
  auto room_f = room(forward.workspace_bytes(3)), room_d = room(backward_data.workspace_bytes(3)),
       room_w = room(backward_weights.workspace_bytes(3));
  tensor<float, "nc"> dst(p.dst_shape()), dst2(p.dst_shape());
  tensor<float, "nhwc"> ds(p.src_shape()), ds2(p.src_shape());
  tensor<float, "oihw"> dw(p.weights_shape()), dw2(p.weights_shape());
  inner_product_forward(p, src, weights, dst);
  inner_product_backward_data(p, g, weights, ds);
  inner_product_backward_weights(p, src, g, dw);
  const auto packed_f = forward.pack(weights);
  auto packed_d = backward_data.pack(random_tensor<float, "oihw">(p.weights_shape(), 9));
  backward_data.repack(weights, packed_d);
  forward(src, packed_f, dst2, room_f, team);
  backward_data(g, packed_d, ds2, team, room_d);
  backward_weights(src, g, dw2, team, room_w);
  CHECK(test::same_bits(dst, dst2));
  CHECK(test::same_bits(ds, ds2));
  CHECK(test::same_bits(dw, dw2));
  const std::span<std::byte> given(room_w);
  CHECK(test::message([&] { backward_weights(src, g, dw2, team, given.first(64)); }) ==
        "inner_product_backward_weights: workspace: expected at least " +
            std::to_string(room_w.size()) + " bytes, got 64");
  CHECK(test::message([&] { forward(src, packed_f, dst2, team, given.first(64)); }) ==
        "inner_product_forward: workspace: expected at least " + std::to_string(room_f.size()) +
            " bytes, got 64");

  // The second run of all three allocates nothing.
  const auto run = [&] {
    forward(src, packed_f, dst2);
    backward_data(g, packed_d, ds2);
    backward_weights(src, g, dw2);
  };
  run();
  const auto& pool = default_pool();
  const auto pooled = pool.stats().allocations;
  const long allocated = test::allocations;
  run();
  CHECK(test::allocations == allocated);
  CHECK(pool.stats().allocations == pooled);
}

TEST_CASE("bad input is named") {
  using test::message;
  const inner_product_problem p{.batch = 2, .in = 3, .out = 4, .size = {2, 2}};
  tensor<float, "nchw"> src(p.src_shape()), ds(p.src_shape());
  tensor<float, "oihw"> weights(p.weights_shape());
  tensor<float, "nc"> dst(p.dst_shape()), wide({2, 40});
  tensor<float, "x"> db({4});
  const inner_product_plan<float, "nchw"> plan(p);
  const auto packed_weights = plan.pack(weights);

  CHECK(message([] { inner_product_plan<float>({.batch = -1}); }) ==
        "inner_product_forward: batch: expected at least 0, got -1");
  CHECK(message([] { inner_product_plan<float>({.in = 0}); }) ==
        "inner_product_forward: in: expected at least 1, got 0");
  CHECK(message([] { inner_product_backward_data_plan<float>({.out = 0}); }) ==
        "inner_product_backward_data: out: expected at least 1, got 0");
  CHECK(message([] { inner_product_backward_weights_plan<float, "nchw">({.size = {3, 0}}); }) ==
        "inner_product_backward_weights: size: expected each at least 1, got 3x0");
  CHECK(message(
            [] { inner_product_plan<float>({.in = index_t{1} << 40, .out = index_t{1} << 40}); }) ==
        "inner_product_forward: weights: expected a size below 2^63, got 1099511627776 * "
        "1099511627776");
  CHECK(message([] { inner_product_plan<float, "nchw">({.batch = 2, .in = 3}); }) ==
        "inner_product_forward: size: expected 2 spatial dimensions for layout nchw, got none");
  CHECK(message([] { inner_product_plan<float, "nc">({.size = {2, 2}}); }) ==
        "inner_product_forward: size: expected 0 spatial dimensions for layout nc, got 2x2");
  CHECK(message([&] { plan(tensor<float, "nchw">({2, 4, 2, 2}), packed_weights, dst); }) ==
        "inner_product_forward: src: expected 3 channels, got 4");
  CHECK(message([&] {
          plan(view<float, "nchw">(wide.data(), p.src_shape(), {40, 8, 4, 2}), packed_weights, dst);
        }) == "inner_product_forward: src: expected images without gaps, got gaps along w");
  CHECK(message([&] { plan(src, packed_weights, tensor<float, "nc">({2, 5})); }) ==
        "inner_product_forward: dst: expected 4 channels, got 5");
  CHECK(message([&] {
          plan(src, packed_weights, view<float, "nc">(wide.data(), {2, 4}, {40, 2}));
        }) == "inner_product_forward: dst: expected stride 1 along its fastest dimension c, got 2");
  CHECK(message([&] { plan(src, packed_weights, view<float, "nc">(src.data(), {2, 4})); }) ==
        "inner_product_forward: dst: expected memory apart from src, got an overlap");
  CHECK(message([&] { plan.pack(tensor<float, "oihw">({4, 3, 2, 1})); }) ==
        "inner_product_forward: weights: expected width 2, got 1");
  CHECK(message([&] { plan(src, packed_weights, dst, post::bias(tensor<float, "x">({3}))); }) ==
        "inner_product_forward: post::bias: expected 4 elements (dst's channels), got 3");

  // Packed for another pass or memory order: as many elements, perhaps.
  const inner_product_backward_data_plan<float, "nchw"> back(p);
  CHECK(message([&] {
          back(dst, packed_weights, ds);
        }).find(", got packed for inner_product_forward by gemm nchw (") != std::string::npos);
  CHECK(message([&] {
          inner_product_plan<float, "nhwc"> other(p);
          other(tensor<float, "nhwc">(p.src_shape()), packed_weights, dst);
        }) ==
        "inner_product_forward: weights: expected packed for inner_product_forward by gemm nhwc (" +
            std::to_string(packed_weights.elements()) +
            " elements), got packed for inner_product_forward by gemm nchw (" +
            std::to_string(packed_weights.elements()) + " elements)");

  CHECK(message([&] { inner_product_backward_data(p, wide, weights, ds); }) ==
        "inner_product_backward_data: diff_dst: expected 4 channels, got 40");
  CHECK(message([&] {
          inner_product_backward_data(p, dst, weights, tensor<float, "nchw">({1, 3, 2, 2}));
        }) == "inner_product_backward_data: diff_src: expected a batch of 2, got 1");
  CHECK(message([&] {
          inner_product_backward_weights(p, src, dst, tensor<float, "oihw">({4, 2, 2, 2}));
        }) == "inner_product_backward_weights: diff_weights: expected 3 input channels, got 2");
  CHECK(message([&] {
          inner_product_backward_weights(p, src, dst, weights, tensor<float, "x">({3}));
        }) == "inner_product_backward_weights: diff_bias: expected 4 elements, got 3");
  CHECK(message([&] {
          inner_product_backward_weights(p, src, dst, weights, view<float, "x">(dst.data(), {4}));
        }) ==
        "inner_product_backward_weights: diff_bias: expected memory apart from diff_dst, got an "
        "overlap");
  CHECK(message([&] {
          inner_product_backward_weights(p, src, dst, weights, db, policy{.algorithm = "direct"});
        }) ==
        "inner_product_backward_weights: policy.algorithm: expected one of reference, gemm, got "
        "'direct'");
}
