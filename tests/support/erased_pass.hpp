// erased_pass: a pass (plan/pass.hpp) as data and function pointers, for tests and benchmarks that are
// no templates. erasure.hpp makes one.
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
  /// Does nothing if the pass has no weights.
  virtual void pack(std::span<const erased_view> operands, simdnn::executor_ref executor) = 0;
  /// Returns what the pass does, 0 if that is nothing. An empty workspace stands for the thread's arena.
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
  bool completes_records;  ///< by a rule of its own
  bool memory_bound;
  std::vector<algorithm> (*algorithms)(const void* problem, const simdnn::policy&);
  /// Throws error as plan's constructor does.
  std::unique_ptr<erased_plan> (*make)(const void* problem, const simdnn::policy&);
  /// The problem of a text, its batch replaced if `batch` is positive. Throws error as parse() does.
  erased_problem (*parse)(const std::string& text, index_t batch);
  /// All sizes are 1.
  erased_problem (*smallest)();
  /// A legal problem with sizes up to 7.
  erased_problem (*random)(test::random&);
  /// Problems without elements: each size of `p` that may be 0 in turn is so.
  std::vector<erased_problem> (*empty)(const void* p);
};

}  // namespace test
