#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <simdnn/ops/gemm.hpp>
#include <vector>

#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

// Named, so that all tests share one instantiation of the tiles.
struct square {
  template <class V>
  V operator()(V v) const {
    return v * v;
  }
};

// What stands behind the product; c is what the sum may read.
const auto no_post = [](const auto&, const auto&, const auto&) { return post::none{}; };
const auto standard_post = [](const auto& bias, const auto& residual, const auto&) {
  return post::bias(bias) | post::sum(residual) | post::clamp(-1, 4);
};
const auto scaled_post = [](const auto& bias, const auto&, const auto&) {
  return post::scale_shift(bias, bias) | post::relu();
};
const auto lambda_post = [](const auto& bias, const auto& residual, const auto&) {
  return post::bias(bias) | post::sum(residual) | square{};
};
// c itself, which the algorithms write, behind the standard order and behind a lambda.
const auto in_place_post = [](const auto& bias, const auto&, const auto& c) {
  return post::bias(bias) | post::sum(c) | post::relu();
};
const auto in_place_lambda_post = [](const auto& bias, const auto&, const auto& c) {
  return post::bias(bias) | square{} | post::sum(c);
};

template <class T, layout A, layout B, class MakePost>
void compare(const gemm_problem& p, MakePost make_post) {
  CAPTURE(p.str());
  CAPTURE(p.alpha);
  CAPTURE(p.beta);
  CAPTURE(std::string(A.text()) + " " + std::string(B.text()) +
          (sizeof(T) == 4 ? " float" : " double"));
  const auto a = random_tensor<T, A>(p.a_shape(), 1);
  const auto b = random_tensor<T, B>(p.b_shape(), 2);
  const auto bias = random_tensor<T, "x">({p.n}, 3);
  const auto residual = random_tensor<T, "ab">(p.c_shape(), 4),
             before = random_tensor<T, "ab">(p.c_shape(), 5);
  auto expected = before;
  gemm_forward(p, a, b, expected, make_post(bias, residual, expected),
               policy{.algorithm = "reference"}, serial{});
  for (const std::string& name : gemm::all<T, isa::native>::names()) {
    CAPTURE(name);
    if (gemm::all<T, isa::native>::refusal(gemm_query{p}, name) != nullptr) continue;
    auto c = before;
    const gemm_plan<T, A, B> plan(p, {.algorithm = name});
    REQUIRE(plan.algorithm_name() == name);
    plan(a, plan.pack(b), c, make_post(bias, residual, c));
    CHECK(test::difference(c, expected, p.k + 2) == "");
  }
}

template <class T, class MakePost>
void compare_transposes(const gemm_problem& p, MakePost make_post) {
  compare<T, "ab", "ab">(p, make_post);
  compare<T, "ba", "ab">(p, make_post);
  compare<T, "ab", "ba">(p, make_post);
  compare<T, "ba", "ba">(p, make_post);
}

template <class T>
void compare_everything(const gemm_problem& p) {
  compare<T, "ab", "ab">(p, no_post);
  gemm_problem q = p;
  compare<T, "ab", "ab">(q, scaled_post);
  q.alpha = -0.75, q.beta = 1;
  compare_transposes<T>(q, standard_post);
  q.alpha = 1.5, q.beta = 0.5;
  compare<T, "ba", "ab">(q, lambda_post);
  compare<T, "ab", "ba">(q, lambda_post);
}

}  // namespace

TEST_CASE("the reference computes the formula") {
  tensor<float, "ab"> a({2, 3}), c({2, 2});
  tensor<float, "ba"> b({3, 2});
  for (index_t i = 0; i < 6; ++i) a.data()[i] = static_cast<float>(i + 1);  // 1 2 3 / 4 5 6
  b(0, 0) = 1, b(1, 0) = 2, b(2, 0) = -1, b(0, 1) = 3, b(1, 1) = 0, b(2, 1) = 5;
  c(0, 0) = 10, c(0, 1) = 20, c(1, 0) = 30, c(1, 1) = 40;
  gemm_forward({.m = 2, .n = 2, .k = 3, .alpha = 2, .beta = -1}, a, b, c, post::relu(),
               policy{.algorithm = "reference"});
  CHECK(c(0, 0) == 0);   // 2 * 2 - 10
  CHECK(c(0, 1) == 16);  // 2 * 18 - 20
  CHECK(c(1, 0) == 0);   // 2 * 8 - 30
  CHECK(c(1, 1) == 44);  // 2 * 42 - 40
}

TEST_CASE_TEMPLATE(
    "every algorithm agrees with the reference, all transposes, alpha, beta, post-ops", T, float,
    double) {
  for (const gemm_problem& p : {gemm_problem{.m = 1, .n = 1, .k = 1},
                                {.m = 1, .n = 37, .k = 5},
                                {.m = 5, .n = 3, .k = 7},
                                {.m = 14, .n = 32, .k = 16},
                                {.m = 15, .n = 33, .k = 300},
                                {.m = 29, .n = 70, .k = 129},
                                {.m = 230, .n = 17, .k = 40},
                                {.m = 3, .n = 540, .k = 20}})
    compare_everything<T>(p);
}

TEST_CASE("more than one block in every direction") {
  compare<float, "ab", "ab">({.m = 230, .n = 530, .k = 530, .alpha = 0.5, .beta = 2},
                             standard_post);
  compare<float, "ab", "ba">({.m = 100, .n = 530, .k = 270}, lambda_post);
  compare<double, "ba", "ab">({.m = 230, .n = 140, .k = 270, .beta = 1}, standard_post);
}

TEST_CASE_TEMPLATE("random odd shapes", T, float, double) {
  test::random r(7);
  for (int i = 0; i < 40; ++i) {
    gemm_problem p{.m = r.integer(1, 60), .n = r.integer(1, 90), .k = r.integer(1, 90)};
    if (r.integer(0, 1) == 1) p.alpha = r.number();
    if (r.integer(0, 1) == 1) p.beta = r.number();
    switch (r.integer(0, 3)) {
      case 0:
        compare<T, "ab", "ab">(p, standard_post);
        break;
      case 1:
        compare<T, "ba", "ab">(p, lambda_post);
        break;
      case 2:
        compare<T, "ab", "ba">(p, lambda_post);
        break;
      default:
        compare<T, "ba", "ba">(p, standard_post);
    }
  }
}

TEST_CASE("a sum with c itself, whatever the number of passes over c") {
  for (const index_t k : {0, 3, 256, 257, 700})
    for (const double beta : {0.0, 1.0, 0.5}) {
      const gemm_problem p{.m = 17, .n = 71, .k = k, .alpha = 0.5, .beta = beta};
      compare<float, "ab", "ab">(p, in_place_post);
      compare<float, "ab", "ab">(p, in_place_lambda_post);
    }
  compare<float, "ab", "ab">({.m = 40, .n = 530, .k = 300, .alpha = 0}, in_place_post);
}

TEST_CASE("beta 0 does not read c, alpha 0 reads neither a nor b; NaN in a or b reaches c") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const std::string& name : gemm::all<float, isa::native>::names()) {
    CAPTURE(name);
    const gemm_problem p{.m = 16, .n = 35, .k = 9};
    auto a = random_tensor<float, "ab">(p.a_shape(), 1),
         b = random_tensor<float, "ab">(p.b_shape(), 2);
    tensor<float, "ab"> c(p.c_shape());
    std::fill_n(c.data(), c.elements(), nan);
    gemm_forward(p, a, b, c, policy{.algorithm = name});
    bool finite = true;
    test::for_each_index(c.shape(), [&](const test::index& i) {
      finite = finite && std::isfinite(test::element(c, i));
    });
    CHECK(finite);
    a(3, 4) = nan, b(5, 34) = nan;
    gemm_forward(p, a, b, c, policy{.algorithm = name});
    test::for_each_index(c.shape(), [&](const test::index& i) {
      CHECK(std::isnan(test::element(c, i)) == (i[0] == 3 || i[1] == 34));
    });
    std::fill_n(c.data(), c.elements(), 3.0f);
    gemm_problem q = p;
    q.alpha = 0, q.beta = 0.5;
    gemm_forward(q, a, b, c, policy{.algorithm = name});
    test::for_each_index(c.shape(),
                         [&](const test::index& i) { CHECK(test::element(c, i) == 1.5f); });
  }
}

TEST_CASE("empty sizes") {
  const tensor<float, "x"> no_bias({0}), bias = random_tensor<float, "x">({5}, 1);
  for (const std::string& name : gemm::all<float, isa::native>::names()) {
    CAPTURE(name);
    const policy wanted{.algorithm = name};
    tensor<float, "ab"> no_rows({0, 5}), no_columns({3, 0}), c({3, 5});
    gemm_forward({.m = 0, .n = 5, .k = 4}, tensor<float, "ab">({0, 4}), tensor<float, "ab">({4, 5}),
                 no_rows, post::bias(bias), wanted);
    gemm_forward({.m = 3, .n = 0, .k = 4}, tensor<float, "ab">({3, 4}), tensor<float, "ab">({4, 0}),
                 no_columns, post::bias(no_bias), wanted);
    std::fill_n(c.data(), 15, 2.0f);
    gemm_forward({.m = 3, .n = 5, .k = 0, .beta = 3}, tensor<float, "ab">({3, 0}),
                 tensor<float, "ab">({0, 5}), c, post::bias(bias), wanted);
    test::for_each_index(
        c.shape(), [&](const test::index& i) { CHECK(test::element(c, i) == 6 + bias(i[1])); });
  }
}

TEST_CASE("strided views: parts of wider matrices; columns of a and b with gaps") {
  const gemm_problem p{.m = 19, .n = 41, .k = 23};
  for (const std::string& name : gemm::all<float, isa::native>::names()) {
    CAPTURE(name);
    const auto wide_a = random_tensor<float, "ab">({p.m + 2, p.k + 9}, 1);
    const auto wide_b = random_tensor<float, "ba">({p.k + 3, p.n + 2}, 2);
    const auto wide_r = random_tensor<float, "ab">({p.m + 4, p.n + 7}, 3);
    auto wide_c = random_tensor<float, "ab">({p.m + 4, p.n + 7}, 4);
    const auto before = wide_c;
    const auto a = wide_a.part(0, 1, p.m).part(1, 5, p.k);
    const auto b = wide_b.part(0, 2, p.k).part(1, 1, p.n);
    const auto inner = [&](auto& x) { return x.part(0, 3, p.m).part(1, 2, p.n); };
    gemm_forward(p, a, b, inner(wide_c), post::sum(inner(wide_r)), policy{.algorithm = name});

    tensor<float, "ab"> dense_a(p.a_shape()), expected(p.c_shape());
    dense_a = test::copy_to<"ab">(a);
    gemm_forward(p, dense_a, test::copy_to<"ab">(b), expected, policy{.algorithm = "reference"});
    test::for_each_index(wide_c.shape(), [&](const test::index& i) {
      const bool inside = i[0] >= 3 && i[0] < 3 + p.m && i[1] >= 2 && i[1] < 2 + p.n;
      const float was = test::element(before, i);
      if (inside)
        test::element(expected, {i[0] - 3, i[1] - 2}) += test::element(wide_r, i);
      else
        CHECK(test::element(wide_c, i) == was);
    });
    CHECK(test::difference(inner(wide_c), expected, p.k) == "");
  }

  // Every second column of a, every third of b.
  const auto gaps_a = random_tensor<float, "ab">({p.m, 2 * p.k}, 5),
             gaps_b = random_tensor<float, "ab">({p.k, 3 * p.n}, 6);
  const view<const float, "ab"> a(gaps_a.data(), p.a_shape(), {2 * p.k, 2}),
      b(gaps_b.data(), p.b_shape(), {3 * p.n, 3});
  tensor<float, "ab"> c(p.c_shape()), expected(p.c_shape());
  gemm_forward(p, a, b, c);
  gemm_forward(p, test::copy_to<"ab">(a), test::copy_to<"ab">(b), expected,
               policy{.algorithm = "reference"});
  CHECK(test::difference(c, expected, p.k) == "");
}

TEST_CASE_TEMPLATE("the same bits for every number of threads", T, float, double) {
  for (const gemm_problem& p :
       {gemm_problem{.m = 231, .n = 540, .k = 150, .beta = 0.5}, {.m = 3, .n = 1100, .k = 270}}) {
    const auto a = random_tensor<T, "ba">(p.a_shape(), 1);
    const auto b = random_tensor<T, "ab">(p.b_shape(), 2);
    const auto bias = random_tensor<T, "x">({p.n}, 3);
    const auto before = random_tensor<T, "ab">(p.c_shape(), 4);
    const auto ops = post::bias(bias) | post::relu();
    auto one = before;
    const gemm_plan<T, "ba", "ab"> plan(p);
    plan(a, plan.pack(b), one, ops, serial{});
    test::for_each_team([&](test::threads team) {
      auto many = before;
      plan(a, plan.pack(b, default_memory(), team), many, ops, team);
      CHECK(test::same_bits(one, many));
    });
    auto all = before;
    plan(a, plan.pack(b), all, ops);
    CHECK(test::same_bits(one, all));
  }
}

TEST_CASE_TEMPLATE("nothing outside the operands is touched", T, float, double) {
  test::random r(9);
  for (int i = 0; i < 12; ++i) {
    const gemm_problem p{
        .m = r.integer(1, 40), .n = r.integer(1, 70), .k = r.integer(1, 40), .beta = i % 2 * 0.5};
    CAPTURE(p.str());
    test::for_each_guard([&](test::guard side) {
      const test::guarded<T, "ab"> a(random_tensor<T, "ab">(p.a_shape(), 1), side),
          b(random_tensor<T, "ab">(p.b_shape(), 2), side),
          c(random_tensor<T, "ab">(p.c_shape(), 3), side),
          residual(random_tensor<T, "ab">(p.c_shape(), 4), side);
      const test::guarded<T, "ba"> at(random_tensor<T, "ba">(p.a_shape(), 1), side),
          bt(random_tensor<T, "ba">(p.b_shape(), 2), side);
      const test::guarded<T, "x"> bias(random_tensor<T, "x">({p.n}, 5), side);
      const auto expected = [&](const auto& ops) {
        tensor<T, "ab"> e(p.c_shape());
        std::copy_n(c.data(), e.elements(), e.data());
        gemm_forward(p, a, b, e, ops, policy{.algorithm = "reference"}, serial{});
        return e;
      };
      const auto plain = post::bias(bias) | post::sum(residual) | post::relu();
      const auto fused = post::bias(bias) | post::sum(residual) | square{};
      auto e = expected(plain);
      gemm_forward(p, a, b, c, plain);
      CHECK(test::difference(c, e, p.k + 2) == "");
      e = expected(fused);
      gemm_forward(p, at, bt, c, fused);
      CHECK(test::difference(c, e, p.k + 2) == "");
    });
  }
}

TEST_CASE("workspace of the caller's") {
  const gemm_problem p{.m = 33, .n = 65, .k = 40};
  const gemm_plan<float> plan(p, {.algorithm = "blocked"});
  const auto a = random_tensor<float, "ab">(p.a_shape(), 1),
             b = random_tensor<float, "ab">(p.b_shape(), 2);
  tensor<float, "ab"> c(p.c_shape()), expected(p.c_shape());
  const auto packed = plan.pack(b);
  plan(a, packed, expected, serial{});
  for (const int workers : {1, 3}) {
    std::vector<std::byte> room(plan.workspace_bytes(workers));
    const std::span<std::byte> given(room);
    std::fill_n(c.data(), c.elements(), 0.0f);
    plan(a, packed, c, test::threads{workers}, given);
    CHECK(test::same_bits(c, expected));
    const std::string needed = std::to_string(room.size());
    CHECK(test::message([&] { plan(a, packed, c, test::threads{workers}, given.first(100)); }) ==
          "gemm: workspace: expected at least " + needed + " bytes, got 100");
  }
  CHECK(gemm_plan<float>(p, {.algorithm = "reference"}).workspace_bytes(4) <= 64);
}

TEST_CASE("bad input is named") {
  using test::message;
  const gemm_problem p{.m = 4, .n = 5, .k = 6};
  const tensor<float, "ab"> a({4, 6}), b({6, 5});
  tensor<float, "ab"> c({4, 5}), wide({4, 30});
  const gemm_plan<float> plan(p, {.algorithm = "blocked"});
  const auto packed_b = plan.pack(b);

  CHECK(message([] { gemm_plan<float>({.m = -1}); }) == "gemm: m: expected at least 0, got -1");
  CHECK(message([] { gemm_plan<float>({.m = index_t{1} << 40, .k = index_t{1} << 40}); }) ==
        "shape: elements: expected a size below 2^63, got 1099511627776 * 1099511627776");
  CHECK(message([&] { plan(tensor<float, "ab">({3, 6}), packed_b, c); }) ==
        "gemm: a: expected 4 rows, got 3");
  CHECK(message([&] { plan(tensor<float, "ab">({4, 7}), packed_b, c); }) ==
        "gemm: a: expected 6 columns, got 7");
  CHECK(message([&] { plan.pack(tensor<float, "ab">({6, 4})); }) ==
        "gemm: b: expected 5 columns, got 4");
  CHECK(message([&] { plan(a, packed_b, tensor<float, "ab">({5, 5})); }) ==
        "gemm: c: expected 4 rows, got 5");
  CHECK(message([&] { plan(a, packed_b, view<float, "ab">()); }) ==
        "gemm: c: expected a tensor of 2 dimensions, got an uninitialised one");
  CHECK(message([&] { plan(a, packed_b, view<float, "ab">(wide.data(), {4, 5}, {30, 2})); }) ==
        "gemm: c: expected stride 1 along its fastest dimension b, got 2");
  CHECK(message([&] { plan(wide.part(1, 0, 6), packed_b, wide.part(1, 4, 5)); }) ==
        "gemm: c: expected memory apart from a, got an overlap");
  CHECK(message([&] { plan(a, packed_b, c, post::bias(tensor<float, "x">({4}))); }) ==
        "gemm: post::bias: expected 5 elements (dst's channels), got 4");
  CHECK(message([&] { plan(a, packed_b, c, post::sum(tensor<float, "ab">({5, 5}))); }) ==
        "gemm: post::sum: expected dst's shape 4x5 and its strides, got 5x5");
  CHECK(message([&] { plan(a, packed_b, c, post::sum(wide.part(1, 0, 5))); }) ==
        "gemm: post::sum: expected dst's shape 4x5 and its strides, got 4x5 with other strides");
  CHECK(message([&] { gemm_plan<float>(p, {.algorithm = "reference"})(a, packed_b, c); }) ==
        "gemm: b: expected packed for gemm by reference (30 elements), got packed for gemm by "
        "blocked (" +
            std::to_string(packed_b.elements()) + " elements)");
  CHECK(message([&] { plan(a, packed<float>(), c); }) ==
        "gemm: b: expected packed for gemm by blocked (" + std::to_string(packed_b.elements()) +
            " elements), got an empty pack");
  CHECK(message([&] {
          gemm_plan<float>(p, {.algorithm = "fast"});
        }).starts_with("gemm: policy.algorithm: expected one of reference, blocked"));
}

TEST_CASE("problems in benchdnn's notation") {
  std::string name;
  const gemm_problem p = gemm_problem::parse("16x64:64x32_n\"layer*3\"", &name);
  CHECK(p == gemm_problem{.m = 16, .n = 32, .k = 64});
  CHECK(name == "layer*3");
  CHECK(gemm_problem::parse(p.str()) == p);
  for (const char* bad : {"", "16", "16x64", "16x64:63x32", "16x64:64x", "16x64:64x32x2", "x1:1x1",
                          "99999999999999999999x1:1x1"})
    CHECK(test::message([&] { gemm_problem::parse(bad); }) ==
          "gemm_problem: problem: expected MxK:KxN such as 16x64:64x32, got '" + std::string(bad) +
              "'");
  CHECK(gemm_problem::parse("16x64:64x32_beta1alpha-0.5_n\"layer\"", &name) ==
        gemm_problem{.m = 16, .n = 32, .k = 64, .alpha = -0.5, .beta = 1});
  CHECK(name == "layer");
  CHECK(test::message([&] { gemm_problem::parse("16x64:64x32_mb2"); }) ==
        "gemm_problem: problem: expected keys of this operation, got 'mb' in '_mb2'");
}
