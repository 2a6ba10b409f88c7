// kernels: pointers to the functions that are compiled once per instruction set: simdnn's side, the
// machine's limits, and Eigen. kernels.cpp fills it.
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
  int threads = 0;     // 0: as in conditions
  bool fixed = false;  // code compiled for this problem alone
  bool pool = false;   // on a pool instead of OpenMP's threads
};

inline policy policy_of(const choice& c) {
  return {.accuracy = c.strict ? accuracy::strict : accuracy::normal, .algorithm = c.algorithm};
}

/// An algorithm of an op, why it refuses a task (empty if it takes it), and whether simdnn may
/// choose it.
struct algorithm_info {
  std::string name, refusal;
  bool automatic = false;
};

struct kernels {
  /// GFLOP/s of multiply-adds on this many threads at the current clock, measured in a millisecond
  /// or two. `triad` returns GB/s of STREAM's triad.
  double (*fma_peak)(int threads);
  /// Runs the loop that fma_peak measures; multiply_add_flops is its operations on one thread.
  void (*multiply_add)(int threads);
  double multiply_add_flops;
  double (*triad)(int threads);
  /// Sums n floats, to measure the cost of reading memory and nothing else.
  float (*sum)(const float* data, std::int64_t n, int threads);

  /// The reference's inner loop.
  dot_function* dots;

  std::vector<algorithm_info> (*conv_algorithms)(const conv_problem&, const conv_task&,
                                                 bool strict);
  std::unique_ptr<runner> (*conv)(const conv_problem&, const conv_task&, const choice&,
                                  int threads);

  /// The problems that are compiled in, and the runner of one of them, which is null for other
  /// problems.
  std::vector<std::string> (*fixed_convs)();
  std::unique_ptr<runner> (*fixed_conv)(const conv_problem&, const conv_task&);

  std::vector<algorithm_info> (*gemm_algorithms)(const gemm_task&, bool strict);
  std::unique_ptr<runner> (*gemm)(const gemm_task&, const choice&, int threads);
  /// Null if the problem is not compiled in.
  std::unique_ptr<runner> (*fixed_gemm)(const gemm_task&);

  std::vector<algorithm_info> (*inner_product_algorithms)(const inner_product_task&, bool strict);
  std::unique_ptr<runner> (*inner_product)(const inner_product_task&, const choice&, int threads);

  /// All algorithms for a random problem, and a run of the named one, or of the chosen one if the
  /// name is empty. A run returns the algorithm's name and throws what the library throws.
  std::vector<algorithm_info> (*random_conv_algorithms)(const random_conv&);
  std::string (*run_random_conv)(const random_conv&, const std::string& algorithm, int threads);
  std::vector<algorithm_info> (*random_gemm_algorithms)(const random_gemm&);
  std::string (*run_random_gemm)(const random_gemm&, const std::string& algorithm, int threads);
  std::vector<algorithm_info> (*random_inner_product_algorithms)(const random_inner_product&);
  std::string (*run_random_inner_product)(const random_inner_product&, const std::string& algorithm,
                                          int threads);

  /// The passes of all operations (operations.txt).
  std::span<const registered_operation> (*operations)();

  /// Calls that are not derived from an operation's passes, and the machine's limits.
  std::span<const call_maker> (*calls)();

  /// Returns x + 1, to measure the cost of a call through this table.
  long (*increment)(long x);

  /// Null if Eigen was not found at configure time.
  std::unique_ptr<runner> (*eigen_gemm)(const gemm_task&, const conditions&);
};
SIMDNN_ISA_VARIANTS(kernels)

}  // namespace simdnn::bench
