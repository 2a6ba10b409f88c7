// An op for the passes of any operation: the operand table says how to call them, the algorithm
// `reference` what they must compute.
#pragma once

#include <bench/op.hpp>
#include <bench/team.hpp>
#include <support/erased_pass.hpp>
#include <support/pass_calls.hpp>
#include <vector>

namespace simdnn::bench {

/// An op for each operation of operations.txt, by the names of its passes.
std::vector<op> registered_ops(const kernels&);

/// The bytes of operands with these shapes, without the optional ones.
double bytes_of(const test::erased_pass&, std::span<const simdnn::shape> shapes);

/// A pass with its own operands, which its construction runs once: dense, with random numbers. Optional operands are left out if the
/// pass allows that.
class pass_runner final : public runner {
 public:
  pass_runner(const test::pass_calls&, const policy&, int threads, bool pooled = false);
  void run() override { plan_->run(views_, team_, workspace_); }
  void fetch(float* result) override;
  std::string implementation() const override { return plan_->algorithm; }
  double flops() const { return plan_->flops; }
  /// The bytes of the operands in the call, each counted once.
  double bytes() const { return bytes_; }

 private:
  struct operand {
    std::vector<std::byte, line_aligned<std::byte>> memory;
    test::random_view where;
  };
  void leave_out(std::size_t operands);

  const test::pass_calls& calls_;
  team team_;
  std::unique_ptr<test::erased_plan> plan_;
  std::vector<operand> operands_;
  std::vector<test::erased_view> views_;
  std::vector<std::byte> workspace_;
  double bytes_ = 0;
};

}  // namespace simdnn::bench
