// Small calls stay in the calling thread: waking others would take longer than they save.
#pragma once

#include <simdnn/isa/abi.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/parallel/executor.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// Who runs a call of so many operations: `executor`, or the calling thread if they are fewer than
/// the executor's grain. The operations come from the problem alone, and results are the same bits
/// either way.
inline executor_ref for_work(executor_ref executor, double operations) {
  static constexpr serial alone{};
  return operations < executor.grain() ? executor_ref(alone) : executor;
}
/// The same for a call that passes over so many elements.
inline executor_ref for_elements(executor_ref executor, double elements) {
  return for_work(executor, costs::element_operations * elements);
}

}  // namespace simdnn::inline SIMDNN_ABI
