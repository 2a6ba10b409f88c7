// An executor that runs simdnn's loops on oneTBB's threads:
//     tbb::task_arena arena(4);
//     simdnn::conv_forward(problem, src, weights, dst, onetbb_executor{arena});
#pragma once

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <simdnn/parallel/executor.hpp>

struct onetbb_executor {
  tbb::task_arena& arena;

  int concurrency() const { return arena.max_concurrency(); }
  void parallel_for(simdnn::index_t n, simdnn::loop_body f) const {
    // Isolated, so that a thread that waits here does not begin a task of another loop. The simple
    // partitioner makes each index a task of its own.
    arena.execute([&] {
      tbb::this_task_arena::isolate(
          [&] { tbb::parallel_for(simdnn::index_t{0}, n, f, tbb::simple_partitioner()); });
    });
  }
};
