// What is compiled once per instruction set, as a plain struct of function pointers: simdnn's own
// side, the machine's limits, and Eigen. kernels.cpp fills it.
#pragma once

#include <bench/call.hpp>
#include <bench/reference.hpp>
#include <bench/registered.hpp>
#include <bench/task.hpp>
#include <simdnn/isa/dispatch.hpp>
#include <simdnn/ops/conv/problem.hpp>
#include <simdnn/plan/policy.hpp>
#include <span>
#include <string>
#include <vector>

namespace simdnn {
struct gemm_problem;
struct inner_product_problem;
}  // namespace simdnn

namespace simdnn::bench {

// random_call.hpp
template <class Problem>
struct random_call;
using random_conv = random_call<conv_problem>;
using random_gemm = random_call<gemm_problem>;
using random_inner_product = random_call<inner_product_problem>;

/// Which of simdnn's algorithms runs.
struct choice {
  std::string algorithm;  // empty: simdnn chooses
  bool strict = false;
  int threads = 0;     // 0: as many as asked for
  bool fixed = false;  // the code compiled for this problem alone
};

inline policy policy_of(const choice& c) {
  return {.accuracy = c.strict ? accuracy::strict : accuracy::normal, .algorithm = c.algorithm};
}

/// An algorithm of an op, why it does not take a task (empty where it does), and whether simdnn may
/// choose it.
struct algorithm_info {
  std::string name, refusal;
  bool automatic = false;
};

struct kernels {
  /// GFLOP/s of multiply-adds at this moment's clock, in a millisecond or two, and GB/s of STREAM's
  /// triad, with this many threads.
  double (*fma_peak)(int threads);
  /// What it samples, and its operations on one thread.
  void (*multiply_add)(int threads);
  double multiply_add_flops;
  double (*triad)(int threads);
  /// The sum of n floats: what reading memory costs and nothing else.
  float (*sum)(const float* data, std::int64_t n, int threads);

  /// The reference's inner loop.
  dot_function* dots;

  std::vector<algorithm_info> (*conv_algorithms)(const conv_problem&, const conv_task&,
                                                 bool strict);
  std::unique_ptr<runner> (*conv)(const conv_problem&, const conv_task&, const choice&,
                                  int threads);

  /// The problems that are compiled in, and one of them; null for any other.
  std::vector<std::string> (*fixed_convs)();
  std::unique_ptr<runner> (*fixed_conv)(const conv_problem&, const conv_task&);

  std::vector<algorithm_info> (*gemm_algorithms)(const gemm_task&, bool strict);
  std::unique_ptr<runner> (*gemm)(const gemm_task&, const choice&, int threads);
  /// Null where the problem is not one of those compiled in.
  std::unique_ptr<runner> (*fixed_gemm)(const gemm_task&);

  std::vector<algorithm_info> (*inner_product_algorithms)(const inner_product_task&, bool strict);
  std::unique_ptr<runner> (*inner_product)(const inner_product_task&, const choice&, int threads);

  /// The algorithms that take a random problem, and a run of one of them or, without a name, of the
  /// chosen one: returns its name, throws what the library throws.
  std::vector<algorithm_info> (*random_conv_algorithms)(const random_conv&);
  std::string (*run_random_conv)(const random_conv&, const std::string& algorithm, int threads);
  std::vector<algorithm_info> (*random_gemm_algorithms)(const random_gemm&);
  std::string (*run_random_gemm)(const random_gemm&, const std::string& algorithm, int threads);
  std::vector<algorithm_info> (*random_inner_product_algorithms)(const random_inner_product&);
  std::string (*run_random_inner_product)(const random_inner_product&, const std::string& algorithm,
                                          int threads);

  /// The passes of all operations (operations.txt).
  std::span<const registered_operation> (*operations)();

  /// Calls that follow from no operation's passes, and the machine's limits.
  std::span<const call_maker> (*calls)();

  /// x + 1: what a call through this table costs.
  long (*increment)(long x);

  /// Null where Eigen was not found at configure time.
  std::unique_ptr<runner> (*eigen_gemm)(const gemm_task&, const conditions&);
};
SIMDNN_ISA_VARIANTS(kernels)

}  // namespace simdnn::bench
