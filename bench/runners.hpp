// simdnn's side of each op. Each ISA's object file has its own functions with these names; only the
// table in kernels.cpp is visible outside.
#pragma once

#include <bench/kernels.hpp>
#include <bench/team.hpp>
#include <limits>
#include <simdnn/plan/select.hpp>

namespace simdnn::bench {

std::vector<algorithm_info> conv_algorithms(const conv_problem&, const conv_task&, bool strict);
std::unique_ptr<runner> make_conv(const conv_problem&, const conv_task&, const choice&,
                                  int threads);
std::vector<std::string> fixed_convs();
std::unique_ptr<runner> make_fixed_conv(const conv_problem&, const conv_task&);

std::vector<algorithm_info> gemm_algorithms(const gemm_task&, bool strict);
std::unique_ptr<runner> make_gemm(const gemm_task&, const choice&, int threads);
std::unique_ptr<runner> make_fixed_gemm(const gemm_task&);

std::vector<algorithm_info> inner_product_algorithms(const inner_product_task&, bool strict);
std::unique_ptr<runner> make_inner_product(const inner_product_task&, const choice&, int threads);

std::vector<algorithm_info> random_conv_algorithms(const random_conv&);
std::string run_random_conv(const random_conv&, const std::string& algorithm, int threads);
std::vector<algorithm_info> random_gemm_algorithms(const random_gemm&);
std::string run_random_gemm(const random_gemm&, const std::string& algorithm, int threads);
std::vector<algorithm_info> random_inner_product_algorithms(const random_inner_product&);
std::string run_random_inner_product(const random_inner_product&, const std::string& algorithm,
                                     int threads);

std::span<const registered_operation> operations();

std::span<const call_maker> calls();
long increment(long x);

/// All algorithms of a list or of entry points, with their refusals of this query.
template <class Algorithms, class Query>
std::vector<algorithm_info> describe(const Query& q) {
  std::vector<algorithm_info> found;
  for (const auto& d : Algorithms::describe(q, {}))
    found.push_back({d.name, d.refusal == nullptr ? "" : d.refusal, d.eligible});
  return found;
}

/// NaN, so that an element that a kernel does not write, or adds to, shows in the result.
constexpr float unwritten = std::numeric_limits<float>::quiet_NaN();

}  // namespace simdnn::bench
