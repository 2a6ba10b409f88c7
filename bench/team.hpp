// team: the executor that runs on a number of threads.
#pragma once

#include <bench/refuse.hpp>
#include <simdnn/parallel/executor.hpp>
#include <string>

namespace simdnn::bench {

#if defined(_OPENMP)
using team = openmp;
inline team make_team(int threads) { return {threads}; }
#else
using team = serial;
inline team make_team(int threads) {
  if (threads > 1)
    refuse("--threads", "1 in a program built without OpenMP", std::to_string(threads));
  return {};
}
#endif

}  // namespace simdnn::bench
