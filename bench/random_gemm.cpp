// Random matrix products: small and odd sizes, including 0.
#include <algorithm>
#include <bench/op.hpp>
#include <bench/random_case.hpp>

namespace simdnn::bench {
namespace {

constexpr layout orders[] = {"ab", "ba"};

index_t draw_size(split_mix& random) {
  switch (random.integer(0, 9)) {
    case 0:
      return random.one_in(3) ? 0 : 1;
    case 1:
    case 2:
    case 3:
      return random.integer(1, 9);
    case 4:
      return 8 * random.integer(1, 12);
    case 5:
      return random.integer(1, 200);
    default:
      return 2 * random.integer(0, 24) + 1;
  }
}

}  // namespace

random_case make_random_gemm(const kernels& code, direction, split_mix& random) {
  gemm_problem p;
  p.m = draw_size(random), p.n = draw_size(random), p.k = draw_size(random);
  constexpr double factors[] = {1, 1, 1, 0, -0.5};
  p.alpha = random.pick(factors);
  p.beta = random.one_in(2) ? 0 : random.pick(factors);

  random_case made;
  made.problem = p.str();
  const auto factor = [](double f) { return f == 0 ? "0" : f == 1 ? "1" : "-0.5"; };
  made.fused = std::string("alpha=") + factor(p.alpha) + " beta=" + factor(p.beta);
  auto call = std::make_shared<random_gemm>(random_gemm{.problem = p});
  call->given_workspace = random.one_in(2), call->unpacked = random.one_in(2);
  const layout a_layout = random.pick(orders), b_layout = random.pick(orders);
  random_input& a = made.add_input("a", a_layout, p.a_shape(), random, {});
  random_input& b = made.add_input("b", b_layout, p.b_shape(), random, {});
  // A c whose columns are not contiguous is refused, so it is drawn rarely.
  random_output& c =
      made.add_output("c", "ab", p.c_shape(), random, {.fastest = random.one_in(10)});
  call->src = a.operand(), call->weights = b.operand(), call->dst = c.operand();
  const std::unique_ptr<dot_products> reference = make_reference(
      gemm_task{.m = p.m, .n = p.n, .k = p.k, .a = a.dense().data(), .b = b.dense().data()});
  c.wanted = sums(*reference);
  c.terms = reference->terms;
  for (double& x : c.wanted) x *= p.alpha;
  if (p.beta != 0) {
    const random_input before("c", c.view(), random);
    c.initial.assign(before.dense().begin(), before.dense().end());
    for (std::size_t i = 0; i < c.wanted.size(); ++i) c.wanted[i] += p.beta * c.initial[i];
    c.terms += 2;
  } else {
    call->fused = add_fused(made, c, p.n, random);
  }
  made.fused += call->unpacked ? ", b unpacked" : ", b packed";
  made.algorithms = [&code, call] { return code.random_gemm_algorithms(*call); };
  made.run = [&code, call](const std::string& algorithm, int threads) {
    return code.run_random_gemm(*call, algorithm, threads);
  };
  return made;
}

}  // namespace simdnn::bench
