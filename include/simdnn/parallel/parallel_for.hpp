// The parallel loop of all operations. The units of work depend on the problem alone, so it changes
// no result who computes them. They are dealt to the workers in chunks:
//
//     units    |      share of worker 0      |      share of worker 1      |
//     chunks   |   0   |  1   |  2   |   3   |   4   |  5   |  6   |   7   |
//
// A worker first takes the chunks of its own share, from left to right, then those that are left in
// the shares of others. On a quiet machine each worker computes the same contiguous range in every
// call. With OpenMP a worker is also the same thread in every call, so an operation finds in its
// cache what the previous one left there. If another program takes a worker's CPU, the other
// workers compute its share, except for one chunk.
#pragma once

#include <algorithm>
#include <atomic>
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

namespace detail {

/// Deals the units of one loop.
class dealer {
 public:
  /// The units that a worker was dealt last, and how many shares it has found empty.
  struct hand {
    index_t begin = 0, end = 0, shares_done = 0;
  };

  /// Requires units >= workers >= 1.
  dealer(index_t units, index_t workers)
      : units_(units),
        workers_(workers),
        chunks_(std::min(units, chunks_per_worker * workers)),
        shares_(std::min(workers, most_shares)) {}

  /// Deals the next chunk to a worker, or returns false if none is left.
  bool deal(index_t worker, hand& h) {
    for (; h.shares_done < shares_; ++h.shares_done) {
      const index_t share = (worker * shares_ / workers_ + h.shares_done) % shares_;
      const index_t first = chunks_ * share / shares_,
                    count = chunks_ * (share + 1) / shares_ - first;
      std::atomic<index_t>& dealt = counters_[share].dealt;
      // Workers that look for the last chunks only read the counters.
      if (dealt.load(std::memory_order_relaxed) >= count) continue;
      const index_t chunk = dealt.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= count) continue;
      h.begin = units_ * (first + chunk) / chunks_;
      h.end = units_ * (first + chunk + 1) / chunks_;
      return true;
    }
    return false;
  }

 private:
  // Smaller chunks would spread the work better, but some bodies prepare something in each call.
  static constexpr index_t chunks_per_worker = 4;
  // Above this number of workers, several have a share in common.
  static constexpr index_t most_shares = 16;
  struct alignas(64) counter {
    std::atomic<index_t> dealt{0};
  };

  index_t units_, workers_, chunks_, shares_;
  counter counters_[most_shares];
};

}  // namespace detail

/// Calls body(begin, end, worker) for ranges that cover 0..units once. A worker gets any number of
/// ranges, or none. worker is less than executor.concurrency(), and no two calls with the same
/// worker run at once, so it can select a slice of a workspace. Each call runs in the calling
/// thread's mode for denormals. If a body throws, the loop throws what the executor rethrows; other
/// workers may still compute all other units.
template <class Body>
void parallel_for(executor_ref executor, index_t units, Body&& body) {
  const index_t workers = std::min<index_t>(std::max(executor.concurrency(), 1), units);
  if (workers <= 1) {
    if (units > 0) body(index_t{0}, units, index_t{0});
    return;
  }
  detail::dealer dealer(units, workers);
  auto run = [&, denormals = denormal_mode()](index_t worker) {
    const denormal_scope as_caller(denormals);
    for (detail::dealer::hand h; dealer.deal(worker, h);) body(h.begin, h.end, worker);
  };
  executor.parallel_for(workers, loop_body(run));
}

}  // namespace simdnn::inline SIMDNN_ABI
