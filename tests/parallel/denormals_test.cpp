#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <bit>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <simdnn/ops/activation.hpp>
#include <stdexcept>
#include <thread>

using namespace simdnn;

namespace {

// An executor whose second thread lives longer than a call, and is asked for its mode.
class two_threads {
 public:
  two_threads() : thread_([this] { serve(); }) {}
  ~two_threads() {
    run_there(nullptr, 0);
    thread_.join();
  }
  int concurrency() const { return 2; }
  void parallel_for(index_t n, loop_body f) const {
    run_there(&f, n);
    struct waiting {
      const two_threads& executor;
      ~waiting() { executor.wait(); }
    } const until_done{*this};  // also if f throws
    f(0);
  }
  // After the last call.
  unsigned mode() const { return mode_; }

 private:
  void run_there(const loop_body* f, index_t n) const {
    const std::lock_guard lock(mutex_);
    body_ = f, n_ = n, busy_ = true;
    changed_.notify_all();
  }
  void wait() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !busy_; });
  }
  void serve() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return busy_; });
      if (body_ == nullptr) return;
      for (index_t i = 1; i < n_; ++i) (*body_)(i);
      mode_ = denormal_mode();
      busy_ = false;
      changed_.notify_all();
    }
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable const loop_body* body_ = nullptr;
  mutable index_t n_ = 0;
  mutable bool busy_ = false;
  unsigned mode_ = 0;
  std::thread thread_;
};

constexpr index_t size = 1 << 16;

// How many results of half of 1e-39 are zero, computed by two threads.
index_t zeros(executor_ref executor) {
  tensor<float, "x"> x({size}), y({size});
  std::fill_n(x.data(), size, 1e-39f);
  activation_forward([](auto v) { return v * decltype(v)(0.5f); }, x, y, executor);
  // By their bits: under the guard a comparison would take any denormal for zero.
  index_t count = 0;
  for (index_t i = 0; i < size; ++i) count += std::bit_cast<std::uint32_t>(y.data()[i]) == 0;
  return count;
}

void check(executor_ref executor) {
  CHECK(zeros(executor) == 0);  // and starts its threads
  {
    const flush_denormals flushing;
    CHECK(zeros(executor) == size);
    {
      const flush_denormals nested;
      CHECK(zeros(executor) == size);
    }
    CHECK(zeros(executor) == size);
  }
  CHECK(zeros(executor) == 0);
}

}  // namespace

TEST_CASE("the guard restores the mode that it found and nothing else") {
  const unsigned before = _mm_getcsr();
  for (const unsigned mode : {0x0000u, 0x8000u, 0x0040u, 0x8040u}) {
    const denormal_scope outer(mode);
    {
      const flush_denormals flushing;
      CHECK(denormal_mode() == flush_bits);
      _mm_setcsr(_mm_getcsr() | _MM_EXCEPT_INEXACT);
    }
    CHECK(denormal_mode() == mode);
    CHECK((_mm_getcsr() & _MM_EXCEPT_INEXACT) != 0);
  }
  CHECK(denormal_mode() == (before & flush_bits));
}

TEST_CASE("one thread") { check(serial{}); }

TEST_CASE("a user's threads flush where the caller does, and keep their own mode") {
  const two_threads executor;
  check(executor);
  {
    const flush_denormals flushing;
    zeros(executor);
    CHECK(executor.mode() == 0);
    std::atomic<bool> started = false;
    CHECK_THROWS_AS(parallel_for(executor, 2,
                                 [&](index_t, index_t, index_t worker) {
                                   // The other thread leaves the caller's unit to it.
                                   while (worker == 1 && !started) std::this_thread::yield();
                                   started = true;
                                   if (worker == 0) throw std::runtime_error("from the body");
                                 }),
                    std::runtime_error);
    CHECK(denormal_mode() == flush_bits);
  }
  CHECK(denormal_mode() == 0);
}

TEST_CASE("threads that were started under the guard do not flush for a caller without it") {
  std::optional<two_threads> executor;
  {
    const flush_denormals flushing;
    executor.emplace();
    CHECK(zeros(*executor) == size);
  }
  CHECK(zeros(*executor) == 0);
  CHECK(executor->mode() == flush_bits);
}

#if defined(_OPENMP)
TEST_CASE("OpenMP's threads flush where the caller does, and keep their own mode") {
  check(openmp{2});
  std::array<unsigned, 2> modes{7, 7};
  openmp{2}.parallel_for(2,
                         [&](index_t i) { modes[static_cast<std::size_t>(i)] = denormal_mode(); });
  CHECK(modes == std::array{0u, 0u});
}
#endif
