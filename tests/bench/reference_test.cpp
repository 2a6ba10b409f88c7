#include <doctest/doctest.h>

#include <bench/dots.hpp>
#include <bench/reference.hpp>

#include "naive.hpp"

using namespace simdnn::bench;

namespace {

constexpr direction directions[] = {direction::fwd_i, direction::fwd_t, direction::bwd_d,
                                    direction::bwd_w};

std::vector<float> single(const std::vector<double>& v) { return {v.begin(), v.end()}; }

}  // namespace

TEST_CASE("the convolutions' reference agrees with plain loops, output by output") {
  for (const direction dir : directions)
    test::for_conv_samples(dir, [](const test::conv_sample& s) {
      const std::vector<float> wanted = single(s.result());
      const auto reference = make_reference(s.task);
      const comparison same = compare(*reference, wanted.data(), false, 1, dot4);
      CHECK(same.compared == static_cast<std::int64_t>(wanted.size()));
      CHECK(same.max_error < 1e-5);
      CHECK(same.rms_result > 0.01);
      // Each output has its own place: one that is wrong is found, wherever it stands.
      for (std::size_t i = 0; i < wanted.size(); i += wanted.size() / 7 + 1) {
        std::vector<float> spoilt = wanted;
        spoilt[i] += 1;
        CHECK(compare(*reference, spoilt.data(), false, 1, dot4).max_error > 0.99);
      }
    });
}

TEST_CASE("matrix products and inner products agree with plain loops") {
  const std::int64_t m = 7, n = 19, k = 33;
  const std::vector<float> a = test::random_data(m * k, 1), b = test::random_data(n * k, 2),
                           bias = test::random_data(n, 3), g = test::random_data(m * n, 4);
  std::vector<double> ab(m * n), forward(m * n), data(m * k), weights(n * k);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t x = 0; x < k; ++x) {
        ab[i * n + j] += double{a[i * k + x]} * b[x * n + j];
        forward[i * n + j] += double{a[i * k + x]} * b[j * k + x];
        data[i * k + x] += double{g[i * n + j]} * b[j * k + x];
        weights[j * k + x] += double{g[i * n + j]} * a[i * k + x];
      }
      forward[i * n + j] = std::max(0.0, forward[i * n + j] + bias[j]);
    }
  const auto check = [](const auto& task, const std::vector<double>& wanted) {
    const comparison c = compare(*make_reference(task), single(wanted).data(), false, 1, dot4);
    CHECK(c.compared == static_cast<std::int64_t>(wanted.size()));
    CHECK(c.max_error < 1e-5);
  };
  check(gemm_task{m, n, k, a.data(), b.data()}, ab);
  inner_product_task t{direction::fwd_i, m,        k,           n,       true, true,
                       a.data(),         b.data(), bias.data(), g.data()};
  check(t, forward);
  t.dir = direction::bwd_d;
  check(t, data);
  t.dir = direction::bwd_w;
  check(t, weights);
}

TEST_CASE("a sample has at least 4,096 outputs, borders among them, and is the same each time") {
  const test::conv_sample s(direction::fwd_i, 2, 1, 3, 24, {40, 50}, {3, 3}, {1, 1}, {0, 0}, {1, 1},
                            {1, 1});
  std::vector<float> result = single(s.result());
  const auto reference = make_reference(s.task);
  const comparison c = compare(*reference, result.data(), true, 5, dot4);
  CHECK(c.compared >= 4096);
  CHECK(c.compared < static_cast<std::int64_t>(result.size()) / 4);
  CHECK(c.max_error < 1e-5);
  // Threads add up in any order, hence not the last bit.
  CHECK(compare(*reference, result.data(), true, 5, dot4).rms_result ==
        doctest::Approx(c.rms_result).epsilon(1e-12));
  CHECK(compare(*reference, result.data(), true, 6, dot4).rms_result !=
        doctest::Approx(c.rms_result).epsilon(1e-9));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t x = i % 50, y = i / 50 % 40;
    if (x == 0 || x == 49 || y == 0 || y == 39) result[i] += 1;
  }
  CHECK(compare(*reference, result.data(), true, 5, dot4).max_error > 0.99);
}

TEST_CASE("few outputs are compared whole, a NaN is an infinite error") {
  const test::conv_sample s(direction::bwd_w, 1, 1, 2, 3, {8, 8}, {3, 3}, {1, 1}, {0, 0}, {1, 1},
                            {1, 1});
  std::vector<float> result = single(s.result());
  const auto reference = make_reference(s.task);
  CHECK(compare(*reference, result.data(), true, 1, dot4).compared == 54);
  result[53] = NAN;
  CHECK(std::isinf(compare(*reference, result.data(), true, 1, dot4).max_error));
}

TEST_CASE("the tolerance finds a missing product and lets rounding pass") {
  for (const std::int64_t terms : {1, 27, 576, 4608, 100352}) {
    const std::vector<float> a = test::random_data(terms, 1), b = test::random_data(terms, 2);
    float sum = 0;
    double exact = 0, product = 0;
    for (std::int64_t i = 0; i < terms; ++i) {
      sum += a[i] * b[i];
      exact += double{a[i]} * b[i];
      product = std::max(product, std::abs(double{a[i]} * b[i]));
    }
    CHECK(std::abs(sum - exact) < tolerance(terms, "direct"));
    CHECK(product > 2 * tolerance(terms, "direct"));
  }
}
