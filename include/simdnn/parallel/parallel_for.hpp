// The loops of operations: units of work, given by the problem alone, dealt to an executor in
// contiguous runs.
#pragma once

#include <algorithm>
#include <simdnn/isa/abi.hpp>
#include <simdnn/isa/denormals.hpp>
#include <simdnn/parallel/executor.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// OpenMP with all threads where the translation unit has it, else serial.
inline executor_ref default_executor() {
#if defined(_OPENMP)
  static constexpr openmp all{};
#else
  static constexpr serial all{};
#endif
  return all;
}

/// body(begin, end, worker) with begin..end covering 0..units once; worker <
/// executor.concurrency(), and no two calls with the same worker run at once, so that it names a
/// part of a workspace. Each call is in the calling thread's mode for denormals.
template <class Body>
void parallel_for(executor_ref executor, index_t units, Body&& body) {
  const index_t workers = std::min<index_t>(std::max(executor.concurrency(), 1), units);
  if (workers <= 1) {
    if (units > 0) body(index_t{0}, units, index_t{0});
    return;
  }
  auto run = [&, denormals = denormal_mode()](index_t worker) {
    const denormal_scope as_caller(denormals);
    body(units * worker / workers, units * (worker + 1) / workers, worker);
  };
  executor.parallel_for(workers, loop_body(run));
}

}  // namespace simdnn::inline SIMDNN_ABI
