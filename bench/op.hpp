// An op as the driver sees it: it reads problems and makes workloads of them. Those of op.cpp have a
// file each in ops/, for peers of their own and problems known at compile time; pass.hpp makes one of
// each other operation.
#pragma once

#include <bench/judge.hpp>
#include <bench/kernels.hpp>
#include <bench/peers/peer.hpp>
#include <span>
#include <string>
#include <string_view>

namespace simdnn::bench {

struct op;
class split_mix;
struct random_case;

/// What the command line says about every problem.
struct request {
  direction dir = direction::fwd_i;
  std::int64_t batch = 0;  // 0: as the problem says
  bool with_bias = false, with_relu = false;
  bool fixed = false;  // both sides' code knows the problem
  conditions where;
};

/// One problem with its operands. Runners refer to them: the workload must outlive its runners.
class workload {
 public:
  virtual ~workload() = default;
  /// The problem with all fields, in benchdnn's notation.
  virtual std::string notation() const = 0;
  virtual double flops() const = 0;
  /// Of src, weights and dst, or of the three matrices, each once.
  virtual double bytes() const = 0;
  virtual std::int64_t outputs() const = 0;
  virtual std::vector<algorithm_info> algorithms(bool strict) const = 0;
  /// Throws std::invalid_argument where choice::fixed is asked for and the problem is none of
  /// op::fixed.
  virtual std::unique_ptr<runner> make_simdnn(const choice&) const = 0;
  /// The peer has this op.
  virtual std::unique_ptr<runner> make_peer(const peer&) const = 0;
  virtual std::unique_ptr<judge> make_judge() const = 0;
};

struct op {
  std::string_view name;
  bool backward;  // has more than FWD_I
  bool fusable;   // takes bias and relu
  std::unique_ptr<workload> (*make)(const op&, const std::string& problem, const request&);
  bool (*has)(const op&, const peer&);
  /// A random problem with its operands (random_check.hpp); null where the op has none.
  random_case (*random)(const kernels&, direction, split_mix&);
  /// The problems of choice::fixed; null where the op has none.
  std::vector<std::string> (*fixed)(const kernels&) = nullptr;
};

/// The ops with a file of their own.
std::span<const op> ops();

/// The problem's numbers; the caller adds data and what is fused.
conv_task to_task(const conv_problem&, direction);

std::unique_ptr<workload> make_conv_workload(const op&, const std::string& problem, const request&);
random_case make_random_conv(const kernels&, direction, split_mix&);
random_case make_random_gemm(const kernels&, direction, split_mix&);
random_case make_random_inner_product(const kernels&, direction, split_mix&);
std::vector<std::string> fixed_cubes();
std::unique_ptr<workload> make_gemm_workload(const op&, const std::string& problem, const request&);
std::unique_ptr<workload> make_inner_product_workload(const op&, const std::string& problem,
                                                      const request&);

/// Numbers from [-1, 1), the same for the same seed.
floats random_operand(std::int64_t elements, std::uint64_t seed);

}  // namespace simdnn::bench
