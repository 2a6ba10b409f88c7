// erased_pass: a pass (plan/pass.hpp) as data and function pointers, for tests and benchmarks that
// are not templates. erasure.hpp makes one.
#pragma once

#include <memory>
#include <simdnn/parallel/executor.hpp>
#include <simdnn/plan/policy.hpp>
#include <string>
#include <vector>

#include "support/placed_operand.hpp"
#include "support/random.hpp"

namespace test {

/// A plan<Pass>, with the weights that it packed last.
class erased_plan {
 public:
  virtual ~erased_plan() = default;
  /// Packs the weights. Does nothing if the pass has none.
  virtual void pack(std::span<const erased_view> operands, simdnn::executor_ref executor) = 0;
  /// Runs the pass. Returns what the pass returns, or 0 if it returns nothing. An empty workspace
  /// means the thread's arena.
  virtual double run(std::span<const erased_view> operands, simdnn::executor_ref executor,
                     std::span<std::byte> workspace) const = 0;
  virtual index_t workspace_bytes(int workers) const = 0;

  std::vector<simdnn::shape> shapes;  ///< of the operands
  std::vector<index_t> indices;       ///< operand::indices of each
  index_t terms = 1;                  ///< of the longest sum in a result
  std::string text;                   ///< of the problem in call records
  std::string algorithm;              ///< the one chosen
  double flops = 0;
};

using erased_problem = std::shared_ptr<const void>;

struct erased_pass {
  struct algorithm {
    std::string name;
    bool automatic, takes_problem;
    std::string refusal;
  };
  const char* op;
  simdnn::direction way;
  const char* isa;
  std::span<const operand_facts> operands;
  bool completes_records;  ///< the pass has its own rule for them
  bool memory_bound;
  std::vector<algorithm> (*algorithms)(const void* problem, const simdnn::policy&);
  /// Makes a plan. Throws error as plan's constructor does.
  std::unique_ptr<erased_plan> (*make)(const void* problem, const simdnn::policy&);
  /// The problem of a text. `batch` replaces its batch if it is positive. Throws error as parse()
  /// does.
  erased_problem (*parse)(const std::string& text, index_t batch);
  /// The problem whose sizes are all 1.
  erased_problem (*smallest)();
  /// A random legal problem with up to 40 channels and other sizes up to 7.
  erased_problem (*random)(test::random&);
  /// Problems without elements: one for each size of `p` that may be 0, with that size 0.
  std::vector<erased_problem> (*empty)(const void* p);
};

}  // namespace test
