// op: an operation as the driver uses it: it reads problems and makes workloads of them. Each op in
// op.cpp has its own file in ops/, for its peers and for problems known at compile time. pass.hpp
// makes an op of each other operation.
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

/// The options that apply to every problem.
struct request {
  direction dir = direction::fwd_i;
  std::int64_t batch = 0;  // 0: as the problem says
  bool with_bias = false, with_relu = false;
  bool fixed = false;  // both sides use code for this problem alone
  conditions where;
};

/// One problem with its operands. Runners refer to them: the workload must outlive its runners.
class workload {
 public:
  virtual ~workload() = default;
  /// The problem with all fields, in benchdnn's notation.
  virtual std::string notation() const = 0;
  virtual double flops() const = 0;
  /// The bytes of all operands that are not optional, each counted once.
  virtual double bytes() const = 0;
  virtual std::int64_t outputs() const = 0;
  virtual std::vector<algorithm_info> algorithms(bool strict) const = 0;
  /// Throws std::invalid_argument if choice::fixed is set and the problem is not in op::fixed.
  virtual std::unique_ptr<runner> make_simdnn(const choice&) const = 0;
  /// Requires that the peer has this op.
  virtual std::unique_ptr<runner> make_peer(const peer&) const = 0;
  virtual std::unique_ptr<judge> make_judge() const = 0;
};

struct op {
  std::string_view name;
  bool backward;  // has more than FWD_I
  bool fusable;   // takes bias and relu
  std::unique_ptr<workload> (*make)(const op&, const std::string& problem, const request&);
  bool (*has)(const op&, const peer&);
  /// A random problem with its operands (random_check.hpp); null if the op has none.
  random_case (*random)(const kernels&, direction, split_mix&);
  /// The problems of choice::fixed; null if the op has none.
  std::vector<std::string> (*fixed)(const kernels&) = nullptr;
};

/// The ops that have their own file.
std::span<const op> ops();

/// A task with the problem's sizes; the caller adds the data and what is fused.
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
