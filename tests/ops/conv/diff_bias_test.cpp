// The bias' gradient is a sum over all pixels of all images. The two algorithms that compute it are
// called directly: this test compiles without the others.
#include <doctest/doctest.h>

#include <limits>
#include <simdnn/ops/conv/direct/weights.hpp>
#include <simdnn/ops/conv/im2col.hpp>
#include <simdnn/tensor/tensor.hpp>
#include <string>

#include "support/elements.hpp"
#include "support/threads.hpp"

using namespace simdnn;

namespace {

template <class Algorithm, layout L>
tensor<float, "x"> diff_bias(const conv_problem& p, const tensor<float, L>& src,
                             const tensor<float, L>& g, executor_ref executor) {
  tensor<float, "oihw"> dw(p.weights_shape());
  tensor<float, "x"> db(shape{p.out});
  const Algorithm algorithm(
      conv::make_query<L, L>(p, direction::backward_weights, accuracy::normal));
  algorithm.backward_weights(conv::as_image(view<const float, L>(src)),
                             conv::as_image(view<const float, L>(g)), conv::as_filter(dw.as_view()),
                             db.data(), executor, {});
  return db;
}

template <class Algorithm, layout L>
void check(const conv_problem& p) {
  CAPTURE(std::string(Algorithm::name) + " " + std::string(L.text()));
  CAPTURE(p.str());
  constexpr float infinity = std::numeric_limits<float>::infinity();
  tensor<float, L> src(p.src_shape()), g(p.dst_shape());
  test::for_each_index(g.shape(), [&](const test::index& i) { test::element(g, i) = 0.1f; });
  const auto last = p.out - 1;
  g(p.batch - 1, last, 1, 2) = -infinity;
  const auto db = diff_bias<Algorithm, L>(p, src, g, serial{});
  const double exact =
      static_cast<double>(p.batch * g.size('h') * g.size('w')) * static_cast<double>(0.1f);
  for (index_t o = 0; o < last; ++o) {
    CAPTURE(o);
    CHECK(std::abs(db(o) - exact) <= 4 * std::numeric_limits<float>::epsilon() * exact);
  }
  CHECK(db(last) == -infinity);
  test::for_each_team([&](test::threads team) {
    CHECK(test::same_bits(db, diff_bias<Algorithm, L>(p, src, g, team)));
  });
}

template <class Algorithm>
void check() {
  const conv_problem large{.in = 1, .out = 21, .size = {500, 300}, .kernel = {1, 1}};
  const conv_problem batch{
      .batch = 300, .in = 2, .out = 6, .groups = 2, .size = {17, 19}, .kernel = {3, 3}};
  check<Algorithm, "nchw">(large);
  check<Algorithm, "nhwc">(batch);
  check<Algorithm, "nChw16c">(large);
}

}  // namespace

TEST_CASE("long sums are as exact as short ones, the same for every number of threads") {
  check<conv::direct_weights<float, isa::native>>();
  check<conv::im2col<float, isa::native>>();
}
