// What conv promises beside its numbers: threads, bounds, views, errors, memory.
#include <doctest/doctest.h>

#include <simdnn/ops/conv.hpp>
#include <simdnn/tensor/tensor.hpp>
#include <vector>

#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

constexpr layout blocked = "nChw16c";
const char* const texts[] = {"mb3ic40ih9oc50kh3ph1",        "mb2ic48ih7oc64kh1",
                             "g2mb1ic6ih11oc40kh5sh2ph2",   "mb2ic32ih11oc48kh3ph1",
                             "g20mb2ic20ih9iw16oc20kh3ph1", "mb2ic3ih19oc40kh3sh2ph1",
                             "g20mb2ic20ih48oc20kh3ph1",    "g20mb2ic20ih13iw30oc20kh3sh2ph1"};

template <layout Src, layout Dst>
void same_bits_for_any_threads(const conv_problem& p) {
  const auto x = random_tensor<float, Src>(p.src_shape(), 1);
  const auto w = random_tensor<float, "oihw">(p.weights_shape(), 2);
  const auto g = random_tensor<float, Dst>(p.dst_shape(), 3);
  const auto each_algorithm = [&](auto plan_type, auto pass, auto run) {
    using plan = typename decltype(plan_type)::type;
    for (const std::string& name : plan::algorithm_list::names()) {
      CAPTURE(name);
      if (plan::algorithm_list::refusal(conv::make_query<Src, Dst>(p, pass, accuracy::normal),
                                        name))
        continue;
      const plan own(p, {.algorithm = name});
      const auto one = run(own, executor_ref(serial{}));
      for (int count : {2, 3, 8}) {
        CHECK(test::same_bits(one, run(own, executor_ref(test::threads{count}))));
#if defined(_OPENMP)
        CHECK(test::same_bits(one, run(own, executor_ref(openmp{count}))));
#endif
      }
    }
  };
  each_algorithm(std::type_identity<conv_plan<float, Src, Dst>>{}, direction::forward,
                 [&](const auto& plan, executor_ref e) {
                   tensor<float, Dst> y(p.dst_shape());
                   std::vector<std::byte> space(plan.workspace_bytes(e.concurrency()));
                   plan(x, plan.pack(w, default_memory(), e), y, post::relu(), e, space);
                   return y;
                 });
  each_algorithm(std::type_identity<conv_backward_data_plan<float, Src, Dst>>{},
                 direction::backward_data, [&](const auto& plan, executor_ref e) {
                   tensor<float, Src> dx(p.src_shape());
                   plan(g, plan.pack(w), dx, e);
                   return dx;
                 });
  each_algorithm(std::type_identity<conv_backward_weights_plan<float, Src, Dst>>{},
                 direction::backward_weights, [&](const auto& plan, executor_ref e) {
                   tensor<float, "oihw"> dw(p.weights_shape());
                   plan(x, g, dw, e);
                   return dw;
                 });
}

// Every operand against a protected page; an access out of bounds ends the program.
template <layout Src, layout Dst>
void stay_in_bounds(const conv_problem& p, test::guard side) {
  const test::guarded<float, Src> x(random_tensor<float, Src>(p.src_shape(), 1), side);
  const test::guarded<float, "oihw"> w(random_tensor<float, "oihw">(p.weights_shape(), 2), side);
  const test::guarded<float, Dst> g(random_tensor<float, Dst>(p.dst_shape(), 3), side);
  const test::guarded<float, "x"> b(random_tensor<float, "x">({p.out}, 4), side);
  test::guarded<float, Dst> y(p.dst_shape(), side), y_reference(p.dst_shape(), side);
  test::guarded<float, Src> dx(p.src_shape(), side);
  test::guarded<float, "oihw"> dw(p.weights_shape(), side);
  test::guarded<float, "x"> db({p.out}, side);
  conv_forward(p, x, w, y_reference, post::bias(b) | post::sum(g) | post::relu(),
               policy{.algorithm = "reference"});
  for (const std::string& name : conv_plan<float, Src, Dst>::algorithm_list::names()) {
    CAPTURE(name);
    if (conv_plan<float, Src, Dst>::algorithm_list::refusal(
            conv::make_query<Src, Dst>(p, direction::forward, accuracy::normal), name))
      continue;
    conv_forward(p, x, w, y, post::bias(b) | post::sum(g) | post::relu(),
                 policy{.algorithm = name});
    CHECK(test::difference(y, y_reference, p.in * 25) == "");
    conv_forward(p, x, w, y, post::bias(b) | post::sigmoid() | post::sum(g),
                 policy{.algorithm = name});
  }
  for (const std::string name : {"direct", "im2col", "depthwise"}) {
    using data = typename conv_backward_data_plan<float, Src, Dst>::algorithm_list;
    using by_weights = typename conv_backward_weights_plan<float, Src, Dst>::algorithm_list;
    const auto query = [](const conv_problem& q, direction pass) {
      return conv::make_query<Src, Dst>(q, pass, accuracy::normal);
    };
    if (data::refusal(query(p, direction::backward_data), name) == nullptr)
      conv_backward_data(p, g, w, dx, policy{.algorithm = name});
    if (by_weights::refusal(query(p, direction::backward_weights), name) == nullptr)
      conv_backward_weights(p, x, g, dw, db, policy{.algorithm = name});
  }
}

}  // namespace

TEST_CASE("conv: the same bits for 1, 2, 3 and 8 threads") {
  for (const char* text : texts) {
    CAPTURE(text);
    same_bits_for_any_threads<blocked, blocked>(conv_problem::parse(text));
  }
}

TEST_CASE("conv: nothing is read or written out of bounds") {
  for (const char* text : texts) {
    CAPTURE(text);
    test::for_each_guard([&](test::guard side) {
      stay_in_bounds<blocked, blocked>(conv_problem::parse(text), side);
      stay_in_bounds<"nchw", "nhwc">(conv_problem::parse(text), side);
      stay_in_bounds<"nhwc", "nhwc">(conv_problem::parse(text), side);
    });
  }
}

TEST_CASE("conv: parts of larger tensors") {
  const conv_problem p = conv_problem::parse("mb2ic32ih6oc48kh3ph1"),
                     q = conv_problem::parse("mb2ic32ih6oc48kh1");
  for (const conv_problem& problem : {p, q}) {
    CAPTURE(problem.str());
    const auto wide = random_tensor<float, blocked>({2, 64, 6, 6}, 1);
    const auto w = random_tensor<float, "oihw">(problem.weights_shape(), 2);
    const auto part = wide.part(1, 16, 32);
    tensor<float, blocked> src({2, 32, 6, 6}), dst({2, 48, 6, 6}), all({2, 96, 6, 6});
    test::for_each_index(
        src.shape(), [&](const test::index& i) { test::element(src, i) = test::element(part, i); });
    std::fill_n(all.data(), all.elements(), 5.0f);
    conv_forward(problem, src, w, dst);
    conv_forward(problem, part, w, all.part(1, 32, 48));
    CHECK(test::same_bits(all.part(1, 32, 48), dst));
    CHECK(all(0, 31, 0, 0) == 5.0f);
    CHECK(all(1, 80, 5, 5) == 5.0f);
  }
}

TEST_CASE("conv: errors say which operand, what was expected and what came") {
  const conv_problem p = conv_problem::parse("mb2ic64ih6oc32kh3ph1");
  tensor<float, "nchw"> x(p.src_shape()), y(p.dst_shape()), narrow({2, 3, 6, 6});
  tensor<float, "oihw"> w(p.weights_shape());
  tensor<float, "x"> b({31});
  CHECK(test::message([&] { conv_forward(p, narrow, w, y); }) ==
        "conv_forward: src: expected 64 channels, got 3");
  CHECK(test::message([&] { conv_forward(p, x, w, x); }) ==
        "conv_forward: dst: expected 32 channels, got 64");
  CHECK(test::message([&] { conv_forward(p, x, tensor<float, "oihw">({32, 64, 3, 2}), y); }) ==
        "conv_forward: weights: expected width 3, got 2");
  CHECK(test::message([&] { conv_forward(p, x, w, y, post::bias(b)); }) ==
        "conv_forward: post::bias: expected 32 elements (dst's channels), got 31");
  CHECK(test::message([&] { conv_forward(p, x, w, y, post::sum(narrow)); }) ==
        "conv_forward: post::sum: expected dst's shape 2x32x6x6 and its strides, got 2x3x6x6");
  CHECK(test::message(
            [&] { conv_forward(p, x, w, y, post::none{}, policy{.algorithm = "winograd7"}); })
            .starts_with("conv_forward: policy.algorithm: expected one of reference, direct, "
                         "pointwise, im2col"));
  CHECK(test::message(
            [&] { conv_forward(p, x, w, y, post::none{}, policy{.algorithm = "pointwise"}); }) ==
        "conv_forward: policy.algorithm: expected an algorithm that takes the problem, got "
        "'pointwise' (the kernel is not 1x1)");
  CHECK(test::message([&] { conv_backward_data(p, x, w, x); }) ==
        "conv_backward_data: diff_dst: expected 32 channels, got 64");
  CHECK(test::message([&] { conv_backward_weights(p, x, y, w, b); }) ==
        "conv_backward_weights: diff_bias: expected 32 elements, got 31");
  CHECK(test::message([&] {
          conv_forward({.in = 3, .out = 4, .size = {5, 5}, .kernel = {7, 7}}, x, w, y);
        }) == "conv_forward: kernel: expected one that fits into the padded src, got 7x7");
  CHECK(test::message([&] {
          conv_plan<float, "nchw">(
              {.batch = index_t{1} << 40, .in = 1 << 20, .size = {1 << 20, 1}, .kernel = {1, 1}});
        }).find("expected a size below 2^63") != std::string::npos);
  const conv_plan<float, "nchw"> direct(p, {.algorithm = "direct"}),
      im2col(p, {.algorithm = "im2col"});
  CHECK(test::message([&] {
          direct(x, im2col.pack(w), y);
        }).find(", got packed for conv_forward by im2col") != std::string::npos);
  const conv_problem square = conv_problem::parse("mb1ic16ih6oc16kh3ph1");
  const conv_plan<float, "nchw"> there(square, {.algorithm = "direct"});
  const conv_backward_data_plan<float, "nchw"> back(square, {.algorithm = "direct"});
  tensor<float, "nchw"> one(square.src_shape()), two(square.src_shape());
  CHECK(test::message([&] {
          back(one, there.pack(tensor<float, "oihw">(square.weights_shape())), two);
        }).find(", got packed for conv_forward by direct (") != std::string::npos);
  tensor<float, "nchw"> longer({3, 32, 6, 6});
  CHECK(test::message([&] {
          conv_forward(p, x, w, longer.part(0, 0, 2), post::sum(longer.part(0, 1, 2)));
        }) == "conv_forward: dst: expected memory apart from post::sum, got an overlap");
  const conv_problem same = conv_problem::parse("mb2ic8ih6oc8kh3ph1");
  tensor<float, "nchw"> both(same.src_shape());
  CHECK(test::message([&] {
          conv_forward(same, both, tensor<float, "oihw">(same.weights_shape()), both);
        }) == "conv_forward: dst: expected memory apart from src, got an overlap");
}

TEST_CASE("conv: a plan's second run allocates nothing; the caller may give the workspace") {
  const conv_problem p = conv_problem::parse("mb2ic20ih9oc50kh3ph1");
  const auto x = random_tensor<float, blocked>(p.src_shape(), 1);
  const auto w = random_tensor<float, "oihw">(p.weights_shape(), 2);
  tensor<float, blocked> y(p.dst_shape()), z(p.dst_shape());
  memory_pool pool;
  set_default_memory(&pool);
  const conv_plan<float, blocked> plan(p);
  const auto packed = plan.pack(w);
  std::vector<std::byte> space(plan.workspace_bytes(1));
  const auto before = pool.stats().allocations;
  plan(x, packed, z, post::none{}, serial{}, space);
  CHECK(pool.stats().allocations == before);
  plan(x, packed, y, post::none{}, serial{});
  const auto after = pool.stats().allocations;
  plan(x, packed, y, post::none{}, serial{});
  CHECK(pool.stats().allocations == after);
  CHECK(test::same_bits(y, z));
  CHECK(test::message([&] {
          plan(x, packed, y, post::none{}, serial{}, std::span(space).first(100));
        }).starts_with("conv: workspace: expected at least "));
  set_default_memory(nullptr);
}
