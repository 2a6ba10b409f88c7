#include <doctest/doctest.h>

#include <simdnn/ops/concat.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/compare.hpp"
#include "support/guarded_tensor.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace simdnn;
using test::random_tensor;

namespace {

// Inputs of these numbers of channels.
template <class T, layout L>
void compare_algorithms(shape s, std::initializer_list<index_t> channels) {
  CAPTURE(std::string(L.text()));
  const auto with_channels = [&](index_t c) {
    shape changed;
    for (int d = 0; d < s.rank(); ++d) changed.push_back(d == 1 ? c : s[d]);
    return changed;
  };
  std::vector<tensor<T, L>> inputs;
  index_t total = 0;
  for (const index_t c : channels) {
    inputs.push_back(random_tensor<T, L>(with_channels(c), inputs.size()));
    total += c;
  }
  concat::all<T, L>::for_each([&]<class Algorithm>() {
    CAPTURE(Algorithm::name);
    tensor<T, L> dst(with_channels(total));
    std::fill_n(dst.data(), dst.elements(), T(7));  // what is not written must show
    const std::vector<view<const T, L>> srcs(inputs.begin(), inputs.end());
    const Algorithm algorithm(dst.shape());
    algorithm.forward(srcs, dst, serial{});
    CHECK(test::padding_is_zero(dst));
    std::vector<tensor<T, L>> gradients;
    for (const index_t c : channels) {
      gradients.emplace_back(with_channels(c));
      std::fill_n(gradients.back().data(), gradients.back().elements(), T(7));
    }
    const std::vector<view<T, L>> diff_srcs(gradients.begin(), gradients.end());
    algorithm.backward(dst, diff_srcs, serial{});
    index_t begin = 0;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      bool same = true;
      test::for_each_index(inputs[k].shape(), [&](test::index i) {
        const T want = test::element(inputs[k], i);
        i[1] += begin;
        same = same && test::element(dst, i) == want;
      });
      CHECK(same);
      CHECK(test::same_bits(gradients[k], inputs[k]));
      CHECK(test::padding_is_zero(gradients[k]));
      begin += inputs[k].size('c');
    }
  });
}

}  // namespace

TEST_CASE("every algorithm copies every channel to its place and back") {
  compare_algorithms<float, "nchw">({2, 0, 3, 5}, {3, 1, 8});
  compare_algorithms<float, "nhwc">({2, 0, 3, 5}, {3, 17, 8});
  compare_algorithms<double, "nc">({3, 0}, {5, 6});
  compare_algorithms<float, "nChw16c">({2, 0, 3, 5}, {16, 32, 5});
  compare_algorithms<float, "nChw16c">({2, 0, 3, 5}, {3, 17, 0, 40, 1});
  compare_algorithms<double, "nChw8c">({1, 0, 2, 2}, {7, 64, 2});
  compare_algorithms<float, "nCdhw16c">({1, 0, 2, 3, 2}, {11, 12});
  compare_algorithms<float, "nchw">({0, 0, 2, 2}, {1, 2});
}

TEST_CASE("operations write into the parts of dst: no copy") {
  const auto run = [&]<layout L>(std::integral_constant<layout, L>) {
    const auto a = random_tensor<float, L>({2, 16, 6, 6}, 1),
               b = random_tensor<float, L>({2, 5, 6, 6}, 2);
    tensor<float, L> pa({2, 16, 3, 3}), pb({2, 5, 3, 3}), copied({2, 21, 3, 3}),
        in_place({2, 21, 3, 3});
    std::fill_n(in_place.data(), in_place.elements(), 7.f);
    pooling_problem p{
        .batch = 2, .channels = 16, .size = {6, 6}, .kernel = {2, 2}, .stride = {2, 2}};
    pooling_forward(p, a, pa);
    pooling_forward(p, a, in_place.part(1, 0, 16));
    p.channels = 5;
    pooling_forward(p, b, pb);
    pooling_forward(p, b, in_place.part(1, 16, 5));
    concat_forward({pa, pb}, copied);
    CHECK(test::same_bits(in_place, copied));
    CHECK(test::padding_is_zero(in_place));
  };
  run(std::integral_constant<layout, layout("nChw8c")>{});
  run(std::integral_constant<layout, layout("nhwc")>{});
}

TEST_CASE("one part is read while its neighbour is written, as in DenseNet") {
  tensor<float, "nhwc"> x({2, 12, 3, 3});
  test::fill_random(x.part(1, 0, 7), 3);
  const pooling_problem p{
      .batch = 2, .channels = 5, .size = {3, 3}, .kernel = {3, 3}, .pad = {1, 1}};
  const auto src = test::copy_to<"nhwc">(x.part(1, 2, 5));
  tensor<float, "nhwc"> apart(src.shape());
  pooling_forward(p, src, apart);
  pooling_forward(p, x.part(1, 2, 5), x.part(1, 7, 5));
  CHECK(test::same_bits(x.part(1, 7, 5), apart));
  CHECK(test::message([&] { pooling_forward(p, x.part(1, 3, 5), x.part(1, 7, 5)); }) ==
        "pooling_forward: dst: expected memory apart from src, got an overlap");
  CHECK(test::message([&] { pooling_forward(p, x.part(1, 7, 5), x.part(1, 3, 5)); }) ==
        "pooling_forward: dst: expected memory apart from src, got an overlap");
}

TEST_CASE("the same bits for every number of threads") {
  const auto a = random_tensor<float, "nChw16c">({3, 37, 17, 9}, 3),
             b = random_tensor<float, "nChw16c">({3, 50, 17, 9}, 4);
  test::for_each_team([&](test::threads team) {
    tensor<float, "nChw16c"> dst({3, 87, 17, 9}), da(a.shape()), db(b.shape());
    concat_forward({a, b}, dst, team);
    concat_backward(dst, {da, db}, team);
    CHECK(test::same_bits(a, da));
    CHECK(test::same_bits(b, db));
  });
}

TEST_CASE("nothing outside the operands is touched") {
  test::for_each_guard([](test::guard side) {
    const auto x = random_tensor<float, "nChw8c">({1, 5, 3, 3}, 5),
               y = random_tensor<float, "nChw8c">({1, 6, 3, 3}, 6);
    const test::guarded<float, "nChw8c"> a(x, side), b(y, side), dst({1, 11, 3, 3}, side),
        da(x.shape(), side), db(y.shape(), side);
    concat_forward({a.as_view(), b.as_view()}, dst);
    concat_backward(dst, {da.as_view(), db.as_view()});
    CHECK(test::same_bits(a, da));
    CHECK(test::same_bits(b, db));
  });
}

TEST_CASE("bad input is named") {
  using test::message;
  tensor<float, "nchw"> a({2, 3, 4, 4}), b({2, 5, 4, 4}), wide({2, 5, 4, 5}), dst({2, 9, 4, 4}),
      none;
  CHECK(message([&] { concat_forward({a, b}, dst); }) ==
        "concat_forward: srcs: expected 9 channels in total (dst's), got 8");
  CHECK(message([&] { concat_forward({a, wide}, dst); }) ==
        "concat_forward: srcs[1]: expected dst's shape 2x9x4x4 but for the channels, got 2x5x4x5");
  CHECK(message([&] { concat_forward({a, none}, dst); }) ==
        "concat_forward: srcs[1]: expected a tensor of 4 dimensions, got an uninitialised one");
  CHECK(message([&] { concat_forward({dst.part(1, 0, 3)}, dst.part(1, 0, 3)); }) ==
        "concat_forward: dst: expected memory apart from srcs[0], got an overlap");
  CHECK(message([&] { concat_backward(dst, {a, b}); }) ==
        "concat_backward: diff_srcs: expected 9 channels in total (diff_dst's), got 8");
}
