// simdnn_bench --neighbours N: how much of its speed a side keeps while N other processes compute,
// and how that compares with its fair share. With t threads on c CPUs, this is c / (t + N) of the
// speed on a quiet machine, at most all of it.
#pragma once

#include <sys/types.h>

#include <bench/op.hpp>
#include <bench/options.hpp>
#include <vector>

namespace simdnn::bench {

/// Processes that compute without end, made before the program starts threads. They are stopped at
/// first, and end with this object, and with the program however it ends.
class busy_processes {
 public:
  /// Throws std::runtime_error if the system does not allow that many.
  explicit busy_processes(int count);
  busy_processes(const busy_processes&) = delete;
  busy_processes& operator=(const busy_processes&) = delete;
  ~busy_processes();
  void go() const;
  void stop() const;

 private:
  void start_one();
  void end() const;
  std::vector<pid_t> processes_;
};

/// Measures openmp, pool and the peer, if there is one, on each problem. Prints a row for each side
/// and a closing line; returns the exit code.
int compare_beside_neighbours(const options&, const std::vector<named_problem>&, const op&,
                              const peer*, const request&);

/// Runs options::command in a shell beside the neighbours; returns its exit code.
int run_beside_neighbours(const options&);

}  // namespace simdnn::bench
