#include <doctest/doctest.h>

#include <simdnn/ops/gemm.hpp>
#include <simdnn/plan/tuning_cache.hpp>
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

constexpr index_t batch = 5;

// Product i of a batch as views of matrices.
template <class T, layout L>
auto nth(const view<T, L>& v, index_t i) {
  constexpr layout matrix = L == layout("abc") ? layout("ab") : layout("ba");
  const index_t at = v.size(0) == 1 ? 0 : i * v.stride(0);
  return view<T, matrix>(v.data() + at, {v.size(1), v.size(2)}, {v.stride(1), v.stride(2)});
}

// Every algorithm against the reference, product by product, operands between protected pages.
template <class T, layout A, layout B>
void compare(const gemm_problem& p, index_t bs, test::guard side) {
  CAPTURE(p.str());
  CAPTURE(bs);
  CAPTURE(std::string(A.text()) + " " + std::string(B.text()));
  const test::guarded<T, A> a(random_tensor<T, A>({batch, p.m, p.k}, 1), side);
  const test::guarded<T, B> b(random_tensor<T, B>({bs, p.k, p.n}, 2), side);
  const test::guarded<T, "x"> bias(random_tensor<T, "x">({p.n}, 3), side);
  const test::guarded<T, "abc"> residual(random_tensor<T, "abc">({batch, p.m, p.n}, 4), side);
  const auto before = random_tensor<T, "abc">({batch, p.m, p.n}, 5);
  // The post-ops of all products, and those of product i.
  const auto check = [&](const auto& all, const auto& of_one) {
    auto expected = before;
    for (index_t i = 0; i < batch; ++i)
      gemm_forward(p, nth(a.as_view(), i), nth(b.as_view(), i), nth(expected.as_view(), i),
                   of_one(i, expected), policy{.algorithm = "reference"}, serial{});
    for (const std::string& name : gemm_batch_plan<T, A, B>::algorithm_list::names()) {
      CAPTURE(name);
      if (gemm::all<T, isa::native>::refusal(gemm_query{p}, name) != nullptr) continue;
      const test::guarded<T, "abc"> c(before, side);
      gemm_batch_forward(p, a, b, c, all(c), policy{.algorithm = name});
      CHECK(test::difference(c, expected, p.k + 2) == "");
    }
  };
  check([](const auto&) { return post::none{}; },
        [](index_t, const auto&) { return post::none{}; });
  check([&](const auto&) { return post::bias(bias) | post::sum(residual) | post::relu(); },
        [&](index_t i, const auto&) {
          return post::bias(bias) | post::sum(nth(residual.as_view(), i)) | post::relu();
        });
  check([&](const auto& c) { return post::bias(bias) | test::square_plus_one{} | post::sum(c); },
        [&](index_t i, const auto& c) {
          return post::bias(bias) | test::square_plus_one{} | post::sum(nth(c.as_view(), i));
        });
}

template <class T>
void compare_everything(const gemm_problem& p, test::guard side) {
  compare<T, "abc", "abc">(p, batch, side);
  compare<T, "abc", "abc">(p, 1, side);
  compare<T, "acb", "abc">(p, batch, side);
  compare<T, "abc", "acb">(p, batch, side);
}

}  // namespace

TEST_CASE("every algorithm agrees with product after product") {
  test::for_each_guard([&](test::guard side) {
    for (const gemm_problem& p : {gemm_problem{.m = 1, .n = 1, .k = 1},
                                  {.m = 7, .n = 19, .k = 6, .alpha = 2, .beta = -0.5},
                                  {.m = 16, .n = 3, .k = 40},
                                  {.m = 20, .n = 70, .k = 0, .beta = 1},
                                  {.m = 33, .n = 70, .k = 300, .beta = 1}})
      compare_everything<float>(p, side);
    compare<double, "abc", "acb">({.m = 9, .n = 21, .k = 13}, batch, side);
  });
}

TEST_CASE("the heads of attention, side by side") {
  // {tokens, heads, size} each: scores = q k', then values.
  const index_t tokens = 13, heads = 3, size = 20;
  const auto all = random_tensor<float, "abc">({tokens, 3 * heads, size}, 1);
  const strides by_head{size, 3 * heads * size, 1}, turned{size, 1, 3 * heads * size};
  const view<const float, "abc"> q(all.data(), {heads, tokens, size}, by_head);
  const view<const float, "acb"> k(all.data() + heads * size, {heads, size, tokens}, turned);
  const view<const float, "abc"> v(all.data() + 2 * heads * size, q.shape(), by_head);
  tensor<float, "abc"> scores({heads, tokens, tokens}), out({tokens, heads, size});
  const view<float, "abc"> out_by_head(out.data(), q.shape(), {size, heads * size, 1});
  for (const char* name : {"blocked", "small"}) {
    CAPTURE(name);
    gemm_batch_forward({.m = tokens, .n = tokens, .k = size}, q, k, scores,
                       policy{.algorithm = name});
    gemm_batch_forward({.m = tokens, .n = size, .k = tokens}, scores, v, out_by_head,
                       policy{.algorithm = name});
    for (index_t h = 0; h < heads; ++h) {
      tensor<float, "ab"> s({tokens, tokens}), o({tokens, size});
      gemm_forward({.m = tokens, .n = tokens, .k = size}, nth(q, h), nth(k, h), s,
                   policy{.algorithm = "reference"});
      CHECK(test::difference(nth(scores.as_view(), h), s, size) == "");
      gemm_forward({.m = tokens, .n = size, .k = tokens}, nth(scores.as_view(), h), nth(v, h), o,
                   policy{.algorithm = "reference"});
      CHECK(test::difference(nth(out_by_head, h), o, tokens) == "");
    }
  }
}

TEST_CASE("the same bits for 1, 2, 3 and 8 threads, in a workspace of the caller's") {
  for (const gemm_problem& p :
       {gemm_problem{.m = 9, .n = 21, .k = 13}, {.m = 60, .n = 90, .k = 300}})
    for (const char* name : {"blocked", "small"})
      for (const index_t bs : {index_t{1}, batch}) {
        const auto a = random_tensor<float, "abc">({batch, p.m, p.k}, 1);
        const auto b = random_tensor<float, "acb">({bs, p.k, p.n}, 2);
        const gemm_batch_plan<float, "abc", "acb"> plan(p, {.algorithm = name});
        const auto run = [&](executor_ref executor) {
          tensor<float, "abc"> c({batch, p.m, p.n});
          std::vector<std::byte> space(plan.workspace_bytes(executor.concurrency()));
          plan(a, b, c, post::relu(), executor, space);
          return c;
        };
        const auto one = run(serial{});
        test::for_each_team([&](test::threads team) {
          CHECK(test::same_bits(one, run(team)));
#if defined(_OPENMP)
          CHECK(test::same_bits(one, run(openmp{team.count})));
#endif
        });
      }
}

TEST_CASE("an empty batch, small products by default") {
  const gemm_problem p{.m = 4, .n = 4, .k = 4};
  const gemm_batch_plan<float> plan(p);
  CHECK(std::string(plan.algorithm_name()) == "small");
  tensor<float, "abc"> none({0, 4, 4});
  plan(none, none, none);
  plan(none, tensor<float, "abc">({1, 4, 4}), none);
}

TEST_CASE("errors say which operand, what was expected and what came") {
  const gemm_problem p{.m = 4, .n = 5, .k = 6};
  const tensor<float, "abc"> a({3, 4, 6}), b({3, 6, 5});
  tensor<float, "abc"> c({3, 4, 5}), both({3, 4, 12});
  const gemm_batch_plan<float> plan(p);
  CHECK(test::message([&] { plan(a, b, both); }) ==
        "gemm_batch: c: expected shape 3x4x5, got 3x4x12");
  CHECK(test::message([&] { plan(b, b, c); }) == "gemm_batch: a: expected shape 3x4x6, got 3x6x5");
  CHECK(test::message([&] { plan(a, b.part(0, 0, 2), c); }) ==
        "gemm_batch: b: expected shape 3x6x5, got 2x6x5");
  CHECK(test::message([&] { plan(both.part(2, 0, 6), b, both.part(2, 5, 5)); }) ==
        "gemm_batch: c: expected memory apart from a, got an overlap");
  plan(both.part(2, 0, 6), b, both.part(2, 6, 5));
  const view<float, "abc"> apart(both.data(), c.shape(), {48, 12, 2});
  CHECK(test::message([&] { plan(a, b, apart); }) ==
        "gemm_batch: c: expected stride 1 along its fastest dimension c, got 2");
  CHECK(test::message([&] { plan(a, b, c, post::sum(c.part(0, 0, 2))); }) ==
        "gemm_batch: post::sum: expected dst's shape 3x4x5 and its strides, got 2x4x5");
  CHECK(test::message([&] { gemm_batch_plan<float>({.m = -1}); }) ==
        "gemm_batch: m: expected at least 0, got -1");
  std::vector<std::byte> space(100);
  const gemm_batch_plan<float> blocked(p, {.algorithm = "blocked"});
  CHECK(test::message([&] {
          blocked(a, b, c, serial{}, space);
        }).starts_with("gemm_batch: workspace: expected at least "));
}

TEST_CASE("a plan's second run allocates nothing") {
  const gemm_problem p{.m = 20, .n = 30, .k = 40};
  const auto a = random_tensor<float, "abc">({batch, p.m, p.k}, 1);
  for (const char* name : {"blocked", "small"})
    for (const index_t bs : {index_t{1}, batch}) {
      const auto b = random_tensor<float, "abc">({bs, p.k, p.n}, 2);
      tensor<float, "abc"> c({batch, p.m, p.n});
      const gemm_batch_plan<float> plan(p, {.algorithm = name});
      plan(a, b, c);
      const long before = test::allocations;
      plan(a, b, c);
      CHECK(test::allocations == before);
    }
}

TEST_CASE("the fastest by measurement") {
  tuning_cache cache;
  const gemm_batch_plan<float> plan({.m = 8, .n = 8, .k = 8}, {.measured = &cache});
  CHECK((plan.algorithm_name() == std::string("small") ||
         plan.algorithm_name() == std::string("blocked")));
}
