// pool: an executor that keeps its speed while other programs use some of the CPUs. Its threads
// take the indices of a call from a counter. When the counter is spent, the calling thread closes
// the call and waits only for threads that are inside a body. It does not wait for a thread that is
// asleep, or that has no CPU, and has not taken an index: the others have taken them all. OpenMP's
// join waits for every thread.
//
//     const simdnn::pool workers(4);  // once: starting threads takes long
//     simdnn::conv_forward(problem, src, weights, dst, workers);
//
// Spinning: a thread without work spins for about 20 us, then sleeps until the next call. The
// calling thread waits in the same way. So a call that soon follows another one starts its threads
// in less than a microsecond; after a pause, it makes one system call to wake them.
#pragma once

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <concepts>
#include <exception>
#include <memory>
#include <simdnn/base/types.hpp>
#include <simdnn/isa/program.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/parallel/executor.hpp>
#include <simdnn/parallel/usable_cpus.hpp>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace simdnn {

/// An executor (executor.hpp) with threads of its own. Any number of threads may call it at once: a
/// call that finds the pool busy runs serially in its own thread, and so does a call from inside a
/// body. The first exception that a body throws is rethrown in the calling thread after the call.
/// In the child of a fork, which does not have the threads, calls run serially. The pool must
/// outlive all calls; it cannot be copied.
class pool {
 public:
  /// Starts threads - 1 threads, because the calling thread works too; 0 means usable_cpus().
  /// Throws std::system_error if the system does not allow that many.
  explicit pool(int threads = 0, double least_operations = costs::pool_grain)
      : pool(watched{}, threads > 0 ? threads : usable_cpus(), least_operations) {
    // The pool is constructed already: if this throws, the destructor stops the threads.
    for (int i = 1; i < threads_; ++i) workers_->emplace_back([this] { serve(); });
  }
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;
  /// Waits until the threads have ended.
  ~pool() {
    // A forked child does not have the threads; it can neither join nor detach them.
    if (forked()) {
      static_cast<void>(workers_.release());
      return;
    }
    stop_.store(true, std::memory_order_relaxed);
    next_call();
    for (std::thread& worker : *workers_) worker.join();
  }

  int concurrency() const { return forked() ? 1 : threads_; }

  /// Calls f(0) in the calling thread, and f(1) ... f(n - 1) in any thread.
  template <class F>
  void parallel_for(index_t n, F&& f) const {
    if (n <= 1 || concurrency() == 1 || busy_.exchange(true, std::memory_order_acquire))
      return serial{}.parallel_for(n, f);
    if constexpr (std::same_as<std::remove_cvref_t<F>, loop_body>)
      run(n, f);
    else
      run(n, loop_body(f));
  }

  /// Calls of fewer operations stay in the calling thread.
  double grain;

 private:
  struct watched {};
  pool(watched, int threads, double least_operations)
      : grain(least_operations),
        threads_(threads),
        generation_(watch_forks()),
        workers_(std::make_unique<std::vector<std::thread>>()) {}

  static unsigned watch_forks() {
    [[maybe_unused]] static const int registered =
        pthread_atfork(nullptr, nullptr, [] { ++isa::program().generation; });
    return isa::program().generation.load(std::memory_order_relaxed);
  }
  // Whether this process is a child of the one that started the threads.
  bool forked() const {
    return isa::program().generation.load(std::memory_order_relaxed) != generation_;
  }

  // `inside_` is the number of threads that may read the call and take indices, or `closed`. Only
  // the calling thread opens and closes it; a thread may enter while it is not closed.
  static constexpr int closed = -1;

  void run(index_t n, const loop_body& body) const {
    body_ = &body, n_ = n;
    taken_.store(1, std::memory_order_relaxed);
    inside_.store(0, std::memory_order_release);
    next_call();
    call(0);
    take_all();
    while (!close()) {
      const int inside = inside_.load(std::memory_order_relaxed);
      if (inside > 0) inside_.wait(inside, std::memory_order_relaxed);
    }
#if defined(__cpp_exceptions)
    const std::exception_ptr failure = std::exchange(failure_, nullptr);
    failed_.store(false, std::memory_order_relaxed);
    busy_.store(false, std::memory_order_release);
    if (failure) std::rethrow_exception(failure);
#else
    busy_.store(false, std::memory_order_release);
#endif
  }
  void next_call() const {
    number_.fetch_add(1, std::memory_order_release);
    number_.notify_all();
  }

  void serve() const {
    for (int seen = 0;;) {
      const auto called = [&] { return number_.load(std::memory_order_acquire) != seen; };
      if (!spin_until(called)) number_.wait(seen, std::memory_order_acquire);
      seen = number_.load(std::memory_order_acquire);
      if (stop_.load(std::memory_order_relaxed)) return;
      if (!enter()) continue;
      take_all();
      if (inside_.fetch_sub(1, std::memory_order_release) == 1) inside_.notify_one();
    }
  }
  bool enter() const {
    int inside = inside_.load(std::memory_order_relaxed);
    while (inside != closed)
      if (inside_.compare_exchange_weak(inside, inside + 1, std::memory_order_acquire)) return true;
    return false;
  }
  bool close() const {
    return spin_until([&] {
      int nobody = 0;
      return inside_.load(std::memory_order_relaxed) == 0 &&
             inside_.compare_exchange_strong(nobody, closed, std::memory_order_acquire);
    });
  }

  void take_all() const {
    for (index_t i; (i = taken_.fetch_add(1, std::memory_order_relaxed)) < n_;) call(i);
  }
  void call(index_t i) const {
#if defined(__cpp_exceptions)
    try {
      (*body_)(i);
    } catch (...) {
      if (!failed_.exchange(true, std::memory_order_relaxed)) failure_ = std::current_exception();
    }
#else
    (*body_)(i);
#endif
  }

  // Calls done() for about 20 us until it returns true; returns its last result.
  template <class Done>
  static bool spin_until(Done done) {
    if (done()) return true;
    using clock = std::chrono::steady_clock;
    for (const auto end = clock::now() + std::chrono::microseconds(20); clock::now() < end;)
      for (int i = 0; i < 16; ++i) {
        __builtin_ia32_pause();
        if (done()) return true;
      }
    return false;
  }

  const int threads_;
  const unsigned generation_;
  std::unique_ptr<std::vector<std::thread>> workers_;
  std::atomic<bool> stop_{false};
  mutable std::atomic<bool> busy_{false};
  // The call: its number, which sleeping threads wait for, and what to run.
  alignas(64) mutable std::atomic<int> number_{0};
  mutable const loop_body* body_ = nullptr;
  mutable index_t n_ = 0;
  mutable std::atomic<bool> failed_{false};
  mutable std::exception_ptr failure_;
  // What the threads write during a call.
  alignas(64) mutable std::atomic<index_t> taken_{0};
  alignas(64) mutable std::atomic<int> inside_{closed};
};

}  // namespace simdnn
