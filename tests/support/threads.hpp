// A user's executor, on std::jthread: whichever thread is free takes the next index.
#pragma once

#include <atomic>
#include <simdnn/base/types.hpp>
#include <thread>
#include <vector>

namespace test {

struct threads {
  int count;

  int concurrency() const { return count; }
  template <class F>
  void parallel_for(simdnn::index_t n, F f) const {
    std::atomic<simdnn::index_t> next{0};
    const auto work = [&] {
      for (simdnn::index_t i = next++; i < n; i = next++) f(i);
    };
    std::vector<std::jthread> team;
    for (int t = 1; t < count; ++t) team.emplace_back(work);
    work();
  }
};

/// Calls f(threads) for 2, 3 and 8 threads, to compare with one.
template <class F>
void for_each_team(F f) {
  for (const int count : {2, 3, 8}) f(threads{count});
}

}  // namespace test
