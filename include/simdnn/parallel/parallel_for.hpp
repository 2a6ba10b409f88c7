// The parallel loop of all operations. The units of work depend on the problem alone; each worker
// gets a contiguous range of them.
#pragma once

#include <algorithm>
#include <simdnn/isa/abi.hpp>
#include <simdnn/isa/denormals.hpp>
#include <simdnn/parallel/executor.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// OpenMP with all threads if the translation unit is compiled with it, else serial.
inline executor_ref default_executor() {
#if defined(_OPENMP)
  static constexpr openmp all{};
#else
  static constexpr serial all{};
#endif
  return all;
}

/// Calls body(begin, end, worker) for ranges that cover 0..units once. worker is less than
/// executor.concurrency(), and no two calls with the same worker run at once, so it can select a
/// slice of a workspace. Each call runs in the calling thread's mode for denormals.
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
