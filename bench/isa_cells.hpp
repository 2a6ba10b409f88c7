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
  /// GFLOP/s of the multiply-add loop at this moment's clock; null for what it does not limit, and
  /// for itself.
  std::function<double()> peak;
};

/// The same names for every ISA, the last of which lists the algorithms. `full` adds problems for the
/// last-level cache, and larger ones in memory.
std::vector<cell> make_cells(std::span<const isa::dispatched<kernels>> isas, int all_threads,
                             bool full);

}  // namespace simdnn::bench
