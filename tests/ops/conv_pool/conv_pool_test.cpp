#include <doctest/doctest.h>

#include <limits>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/conv_pool.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/tensor/tensor.hpp>
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

const char* const texts[] = {
    "mb1ic1ih2oc1kh1",
    "mb2ic3ih15oc20kh7sh2ph3",
    "mb1ic20ih9oc50kh3ph1",
    "mb5ic40ih7oc48kh1ph0",
    "g2mb2ic32ih7oc64kh3ph1",
    "mb1ic17ih11oc33kh3dh1sh2ph1",
    "g20mb2ic20ih9iw16oc20kh3ph1",
    "mb0ic8ih6oc8kh3ph1",
    "mb2ic16ih12iw9oc24oh12ow9kh1kw3ph0pw1",
    // Several bands, the last of which reaches back: of rows, with padding beyond the kernel's,
    // with a stride, with rows of src that are never read; of images.
    "mb1ic16ih131iw20oc70kh3ph1",
    "mb1ic16ih150iw21oc64oh156ow21kh3kw1ph4pw0",
    "mb2ic3ih331iw40oc64oh166ow20kh3sh2ph1",
    "mb1ic16ih150iw24oc64oh141ow24kh1ph0",
    "mb25ic16ih14oc32oh14ow14kh3kw1ph1pw0",
};

// f(name) for the algorithms that take the bands of this problem.
template <layout Src, layout Dst, class F>
void for_each_algorithm(const conv_problem& p, F f) {
  using list = typename conv_pool_plan<float, Src, Dst>::algorithm_list;
  const auto q = conv::make_query<Src, Dst>(p, direction::forward, accuracy::normal);
  const conv::query band = conv_pool::cut_into_bands<float, isa::native>(q).convolution;
  for (const std::string& name : list::names()) {
    CAPTURE(name);
    if (name != "onednn" && list::refusal(band, name) == nullptr) f(name);
  }
}

// Operands between protected pages; what pooling and a plain convolution make of them is expected.
template <layout Src, layout Dst>
void compare_algorithms(const conv_problem& p, test::guard side) {
  CAPTURE(p.str());
  CAPTURE(std::string(Src.text()) + " -> " + std::string(Dst.text()));
  using plan = conv_pool_plan<float, Src, Dst>;
  const test::guarded<float, Src> x(random_tensor<float, Src>(p.src_shape(), 1), side);
  const test::guarded<float, "oihw"> w(random_tensor<float, "oihw">(p.weights_shape(), 2), side);
  const test::guarded<float, "x"> b(random_tensor<float, "x">({p.out}, 3), side);
  const index_t terms = p.in / p.groups * p.kernel[0] * p.kernel[1];
  const auto compare = [&](const auto& ops, double more) {
    tensor<float, Dst> between(p.dst_shape());
    conv_forward(p, x, w, between, ops, policy{.algorithm = "direct"});
    const shape pooled{p.batch, p.out, p.output(0) / 2, p.output(1) / 2};
    tensor<float, Dst> expected(pooled);
    pooling_forward({.batch = p.batch,
                     .channels = p.out,
                     .size = {p.output(0), p.output(1)},
                     .kernel = {2, 2},
                     .stride = {2, 2}},
                    between, expected);
    for_each_algorithm<Src, Dst>(p, [&](const std::string& name) {
      const plan own(p, {.algorithm = name});
      REQUIRE(own.shape_of("dst") == pooled);
      const test::guarded<float, Dst> y(pooled, side);
      std::fill_n(y.data(), y.elements(), 77.0f);
      own(x, own.pack(w), y, ops);
      CHECK(test::difference(y, expected, terms, more * test::transform_factor(name)) == "");
      CHECK(test::padding_is_zero(y));
    });
  };
  compare(post::bias(b) | post::relu(), 1);
  // Falls and rises: it is another function before pooling than behind it.
  compare(post::bias(b) | test::square_plus_one{}, 4);
}

template <layout Src, layout Dst>
void same_bits_for_any_threads(const conv_problem& p) {
  CAPTURE(p.str());
  const auto x = random_tensor<float, Src>(p.src_shape(), 1);
  const auto w = random_tensor<float, "oihw">(p.weights_shape(), 2);
  const auto b = random_tensor<float, "x">({p.out}, 3);
  using plan = conv_pool_plan<float, Src, Dst>;
  for_each_algorithm<Src, Dst>(p, [&](const std::string& name) {
    const plan own(p, {.algorithm = name});
    const auto packed = own.pack(w);
    const auto run = [&](executor_ref executor) {
      tensor<float, Dst> y(own.shape_of("dst"));
      std::vector<std::byte> space(own.workspace_bytes(executor.concurrency()));
      own(x, packed, y, post::bias(b) | post::relu(), executor, space);
      return y;
    };
    const auto one = run(serial{});
    test::for_each_team([&](test::threads team) {
      CHECK(test::same_bits(one, run(team)));
#if defined(_OPENMP)
      CHECK(test::same_bits(one, run(openmp{team.count})));
#endif
    });
  });
}

}  // namespace

TEST_CASE("conv_pool: every algorithm against convolution and pooling, within bounds") {
  for (const char* text : texts)
    test::for_each_guard([&](test::guard side) {
      compare_algorithms<"nChw16c", "nChw16c">(conv_problem::parse(text), side);
      compare_algorithms<"nhwc", "nhwc">(conv_problem::parse(text), side);
      compare_algorithms<"nchw", "nchw">(conv_problem::parse(text), side);
    });
}

TEST_CASE("conv_pool: src and dst of different layouts") {
  for (const char* text : texts)
    compare_algorithms<"nchw", "nChw8c">(conv_problem::parse(text), test::guard::behind);
}

TEST_CASE("conv_pool: the same bits for 1, 2, 3 and 8 threads") {
  for (const char* text : texts) {
    same_bits_for_any_threads<"nChw16c", "nChw16c">(conv_problem::parse(text));
    same_bits_for_any_threads<"nchw", "nchw">(conv_problem::parse(text));
  }
}

TEST_CASE("conv_pool: parts of larger tensors, NaN, one shot, repacked") {
  const conv_problem p = conv_problem::parse("mb2ic32ih6oc48kh3ph1");
  auto wide = random_tensor<float, "nChw16c">({2, 64, 6, 6}, 1);
  const auto w = random_tensor<float, "oihw">(p.weights_shape(), 2);
  const auto part = wide.part(1, 16, 32);
  part(1, 5, 5, 5) = std::numeric_limits<float>::quiet_NaN();
  tensor<float, "nChw16c"> src(p.src_shape()), dst({2, 48, 3, 3}), all({2, 96, 3, 3});
  test::for_each_index(
      src.shape(), [&](const test::index& i) { test::element(src, i) = test::element(part, i); });
  std::fill_n(all.data(), all.elements(), 5.0f);
  const policy direct{.algorithm = "direct"};
  conv_pool_forward(p, src, w, dst, direct);
  CHECK(dst(1, 7, 2, 2) != dst(1, 7, 2, 2));
  CHECK(dst(1, 7, 1, 1) == dst(1, 7, 1, 1));
  const conv_pool_plan<float, "nChw16c"> plan(p, direct);
  auto packed = plan.pack(tensor<float, "oihw">(p.weights_shape()));
  plan.repack(w, packed);
  plan(part, packed, all.part(1, 32, 48));
  CHECK(test::same_bits(all.part(1, 32, 48), dst));
  CHECK(all(0, 31, 0, 0) == 5.0f);
  CHECK(all(1, 80, 2, 2) == 5.0f);
}

TEST_CASE("conv_pool: the default is an algorithm of conv, strict leaves Winograd out") {
  const conv_problem p = conv_problem::parse("ic64ih112oc64kh3ph1");
  const conv_pool_plan<float, "nChw16c"> normal(p), strict(p, {.accuracy = accuracy::strict});
  CHECK(std::string(normal.algorithm_name()).starts_with("winograd"));
  CHECK(std::string(strict.algorithm_name()) == "direct");
}

TEST_CASE("conv_pool: errors say which operand, what was expected and what came") {
  const conv_problem p = conv_problem::parse("mb2ic64ih6oc32kh3ph1");
  tensor<float, "nchw"> x(p.src_shape()), y({2, 32, 3, 3}), narrow({2, 3, 6, 6});
  const tensor<float, "oihw"> w(p.weights_shape());
  CHECK(test::message([&] { conv_pool_forward(p, narrow, w, y); }) ==
        "conv_pool_forward: src: expected 64 channels, got 3");
  CHECK(test::message([&] { conv_pool_forward(p, x, w, x); }) ==
        "conv_pool_forward: dst: expected 32 channels, got 64");
  CHECK(test::message([&] { conv_pool_forward(p, x, w, x.part(1, 0, 32)); }) ==
        "conv_pool_forward: dst: expected height 3, got 6");
  CHECK(test::message([&] {
          conv_pool_forward(p, x, w, view<float, "nchw">(x.data(), y.shape()));
        }) == "conv_pool_forward: dst: expected memory apart from src, got an overlap");
  const view<float, "nchw"> gaps(narrow.data(), y.shape(), {0, 0, 6, 2});
  CHECK(test::message([&] { conv_pool_forward(p, x, w, gaps); }) ==
        "conv_pool_forward: dst: expected stride 1 along its fastest dimension w, got 2");
  CHECK(test::message([&] { conv_pool_plan<float, "nchw">({.size = {1, 9}, .kernel = {1, 1}}); }) ==
        "conv_pool_forward: output: expected at least 2x2, got 1x9");
  CHECK(test::message([&] { conv_pool_plan<float, "nchw">({.size = {9}, .kernel = {1}}); }) ==
        "conv_pool_forward: size: expected 2 spatial dimensions for layout nchw, got 9");
  CHECK(test::message([&] { conv_pool_plan<float, "nchw">(p, {.algorithm = "pointwise"}); }) ==
        "conv_pool_forward: policy.algorithm: expected an algorithm that takes the problem, got "
        "'pointwise' (the kernel is not 1x1)");
#if defined(SIMDNN_WITH_ONEDNN)
  CHECK(test::message([&] { conv_pool_plan<float, "nchw">(p, {.algorithm = "onednn"}); }) ==
        "conv_pool_forward: policy.algorithm: expected an algorithm that takes the problem, got "
        "'onednn' (oneDNN takes no rows of an image in place)");
#endif
  const policy direct{.algorithm = "direct"};
  const conv_pool_plan<float, "nchw"> plan(p, direct);
  CHECK(test::message([&] {
          plan(x, conv_plan<float, "nchw">(p, direct).pack(w), y);
        }).find(", got packed for conv_forward by direct (") != std::string::npos);
  std::vector<std::byte> space(100);
  CHECK(test::message([&] {
          plan(x, plan.pack(w), y, serial{}, space);
        }).starts_with("conv_pool_forward: workspace: expected at least "));
}

TEST_CASE("conv_pool: a plan's second run allocates nothing") {
  const conv_problem p = conv_problem::parse("mb2ic20ih70oc50kh3ph1");
  const auto w = random_tensor<float, "oihw">(p.weights_shape(), 1);
  const auto check = [&]<layout L>(std::integral_constant<layout, L>) {
    const auto x = random_tensor<float, L>(p.src_shape(), 2);
    const conv_pool_plan<float, L> plan(p);
    const auto packed = plan.pack(w);
    tensor<float, L> y(plan.shape_of("dst"));
    plan(x, packed, y, post::relu());
    const long before = test::allocations;
    plan(x, packed, y, post::relu());
    CHECK(test::allocations == before);
  };
  check(std::integral_constant<layout, "nchw">{});
  check(std::integral_constant<layout, "nChw16c">{});
}
