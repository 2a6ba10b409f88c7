#include <doctest/doctest.h>

#include <bench/peers/peer.hpp>
#include <simdnn/isa/cpu.hpp>

#include "naive.hpp"

using namespace simdnn::bench;

namespace {

conditions here() { return {.threads = 2, .isa = simdnn::isa::best_supported(), .code = nullptr}; }

bool present(std::string_view name) {
  for (const peer& p : peers())
    if (p.name == name) return p.missing.empty();
  return false;
}

template <class Task>
std::vector<float> result_of(std::unique_ptr<runner> (*make)(const Task&, const conditions&),
                             const Task& task, std::int64_t size) {
  const std::unique_ptr<runner> r = make(task, here());
  CHECK(!r->implementation().empty());
  std::vector<float> result(static_cast<std::size_t>(size), NAN);
  r->run();
  r->run();
  r->fetch(result.data());
  return result;
}

}  // namespace

TEST_CASE("oneDNN's convolutions agree with plain loops in all directions") {
  if (!present("onednn")) return;
  for (const direction dir :
       {direction::fwd_i, direction::fwd_t, direction::bwd_d, direction::bwd_w})
    test::for_conv_samples(dir, [](const test::conv_sample& s) {
      CHECK(test::distance(result_of(find_peer("onednn").conv, s.task, product(s.task.result())),
                           s.result()) < 1e-4);
    });
}

TEST_CASE("every peer's matrix product agrees with plain loops") {
  const std::int64_t m = 17, n = 29, k = 40;
  const std::vector<float> a = test::random_data(m * k, 1), b = test::random_data(k * n, 2);
  std::vector<double> wanted(m * n);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t x = 0; x < k; ++x)
      for (std::int64_t j = 0; j < n; ++j) wanted[i * n + j] += double{a[i * k + x]} * b[x * n + j];
  for (const std::string_view name : {"onednn", "openblas"}) {
    if (!present(name)) continue;
    CHECK(test::distance(
              result_of(find_peer(name).gemm, gemm_task{m, n, k, a.data(), b.data()}, m * n),
              wanted) < 1e-4);
  }
}

TEST_CASE("oneDNN's inner product agrees with plain loops in all directions") {
  if (!present("onednn")) return;
  const std::int64_t m = 5, n = 18, k = 50;
  const std::vector<float> x = test::random_data(m * k, 1), w = test::random_data(n * k, 2),
                           bias = test::random_data(n, 3), g = test::random_data(m * n, 4);
  std::vector<double> forward(m * n), data(m * k), weights(n * k);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t c = 0; c < k; ++c) {
        forward[i * n + j] += double{x[i * k + c]} * w[j * k + c];
        data[i * k + c] += double{g[i * n + j]} * w[j * k + c];
        weights[j * k + c] += double{g[i * n + j]} * x[i * k + c];
      }
      forward[i * n + j] = std::max(0.0, forward[i * n + j] + bias[j]);
    }
  inner_product_task t{direction::fwd_t, m,        k,           n,       true, true,
                       x.data(),         w.data(), bias.data(), g.data()};
  const auto make = find_peer("onednn").inner_product;
  CHECK(test::distance(result_of(make, t, m * n), forward) < 1e-4);
  t.dir = direction::bwd_d;
  CHECK(test::distance(result_of(make, t, m * k), data) < 1e-4);
  t.dir = direction::bwd_w;
  CHECK(test::distance(result_of(make, t, n * k), weights) < 1e-4);
}

TEST_CASE("an unknown peer is refused with the names there are, a missing one with its package") {
  CHECK_THROWS_WITH(
      find_peer("mkl"),
      "--peer: expected one of onednn, openblas, eigen, best, sum, none, got \"mkl\"");
  for (const peer& p : peers())
    if (!p.missing.empty())
      CHECK_THROWS_WITH(find_peer(p.name), doctest::Contains(std::string(p.package).c_str()));
}
