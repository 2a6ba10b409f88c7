// Small calls run in the calling thread: waking other threads would take longer than they save.
#pragma once

#include <simdnn/isa/abi.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/parallel/executor.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// The executor for a call of this many operations: `executor`, or a serial one if they are fewer
/// than its grain. The operations depend on the problem alone; both give bitwise the same results.
inline executor_ref for_work(executor_ref executor, double operations) {
  static constexpr serial alone{};
  return operations < executor.grain() ? executor_ref(alone) : executor;
}
/// The same for an element-wise pass over this many elements.
inline executor_ref for_elements(executor_ref executor, double elements) {
  return for_work(executor, costs::element_operations * elements);
}

}  // namespace simdnn::inline SIMDNN_ABI
