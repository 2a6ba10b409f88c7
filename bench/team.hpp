// team: the executor of simdnn's side.
#pragma once

#include <bench/refuse.hpp>
#include <memory>
#include <simdnn/parallel/pool.hpp>
#include <string>

namespace simdnn::bench {

/// OpenMP's threads, or a pool's. Copies share the pool.
struct team {
#if defined(_OPENMP)
  openmp usual;
#else
  serial usual;
#endif
  std::shared_ptr<const pool> workers;  // null: `usual` runs
  double grain = 0;

  int concurrency() const { return workers ? workers->concurrency() : usual.concurrency(); }
  void parallel_for(index_t n, loop_body f) const {
    workers ? workers->parallel_for(n, f) : usual.parallel_for(n, f);
  }
};

inline team make_team(int threads, bool pooled = false) {
  team made{};
  if (pooled) {
    made.workers = std::make_shared<const pool>(threads);
    made.grain = made.workers->grain;
    return made;
  }
#if defined(_OPENMP)
  made.usual = openmp{threads};
  made.grain = made.usual.grain;
#else
  if (threads > 1)
    refuse("--threads", "1 or --executor pool in a program built without OpenMP",
           std::to_string(threads));
#endif
  return made;
}

}  // namespace simdnn::bench
