// What isa_bench measures: op x pass x problem x algorithm x size x threads x ISA.
#pragma once

#include <bench/kernels.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace simdnn::bench {

struct cell {
  std::string name;  // op/pass/problem/algorithm/size/threads:N/isa
  bound limit;
  std::function<std::unique_ptr<call>()> prepare;
  /// GFLOP/s of the multiply-add loop at the current clock. Empty for cells that arithmetic does
  /// not limit, and for the loop itself.
  std::function<double()> peak;
};

/// Every ISA has the same cells; the last ISA determines the algorithms. `full` adds problems for
/// the last-level cache.
std::vector<cell> make_cells(std::span<const isa::dispatched<kernels>> isas, int all_threads,
                             bool full);

}  // namespace simdnn::bench
