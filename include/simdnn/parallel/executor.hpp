// Executors run parallel loops. An executor is any object with
//     int concurrency() const;                  // how many calls may run at once, at least 1
//     void parallel_for(index_t n, F f) const;  // calls f(0) ... f(n - 1) in any order and returns
//                                               // when all have returned; n <= concurrency()
//     double grain;                             // optional: calls of fewer operations run serially
// Operations take an executor as executor_ref, so the choice of an executor costs an indirect call.
#pragma once

#include <concepts>
#include <exception>
#include <memory>
#include <simdnn/base/types.hpp>
#include <simdnn/isa/program.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <type_traits>
#include <utility>
#if defined(_OPENMP)
#include <omp.h>
#include <pthread.h>
#endif

namespace simdnn {

/// The function that an executor calls: a reference to a callable that outlives the loop.
class loop_body {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, loop_body>)
  explicit loop_body(F& f)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, index_t i) { (*static_cast<F*>(object))(i); }) {}
  void operator()(index_t i) const { call_(object_, i); }

 private:
  void* object_;
  void (*call_)(void*, index_t);
};

template <class E>
concept executor = requires(const E& e, index_t n, loop_body f) {
  { e.concurrency() } -> std::convertible_to<int>;
  e.parallel_for(n, f);
};

/// Runs everything in the calling thread.
struct serial {
  int concurrency() const { return 1; }
  template <class F>
  void parallel_for(index_t n, F&& f) const {
    for (index_t i = 0; i < n; ++i) f(i);
  }
};

#if defined(_OPENMP)
/// A team of OpenMP threads; 0 means omp_get_max_threads(). Runs serially inside a parallel region,
/// and also in the child of a fork that follows a parallel loop: the team's threads stay in the
/// parent, and gcc's OpenMP would wait for them forever. The first exception that a body throws is
/// rethrown in the calling thread.
/// The end of a loop waits for every thread of the team, also for one that had no CPU in the
/// meantime and so nothing to do. Between loops the threads spin, unless the environment has
/// OMP_WAIT_POLICY=passive. If other programs use the CPUs, a pool (pool.hpp) is faster.
struct openmp {
  int threads = 0;
  /// Calls of fewer operations stay in the calling thread.
  double grain = costs::grain;

  int concurrency() const {
    if (omp_in_parallel() || isa::program().forked.load(std::memory_order_relaxed)) return 1;
    return threads > 0 ? threads : omp_get_max_threads();
  }
  template <class F>
  void parallel_for(index_t n, F&& f) const {
    const int team = concurrency();
    if (team == 1 || n <= 1) return serial{}.parallel_for(n, f);
    watch_forks();
#if defined(__cpp_exceptions)
    std::exception_ptr failure;
#pragma omp parallel for num_threads(team) schedule(static)
    for (index_t i = 0; i < n; ++i) {
      try {
        f(i);
      } catch (...) {
#pragma omp critical(simdnn_failure)
        if (!failure) failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
#else
#pragma omp parallel for num_threads(team) schedule(static)
    for (index_t i = 0; i < n; ++i) f(i);
#endif
  }

 private:
  static void watch_forks() {
    [[maybe_unused]] static const int registered =
        pthread_atfork(nullptr, nullptr, [] { isa::program().forked = true; });
  }
};
#endif

/// A reference to an executor, which must outlive it (a temporary lives until the call ends).
class executor_ref {
 public:
  template <executor E>
    requires(!std::same_as<E, executor_ref>)
  executor_ref(const E& e)  // NOLINT: implicit, so that any executor can be passed to an operation
      : object_(std::addressof(e)),
        grain_([&] {
          if constexpr (requires { e.grain; })
            return static_cast<double>(e.grain);
          else
            return 0.0;
        }()),
        concurrency_(
            [](const void* object) -> int { return static_cast<const E*>(object)->concurrency(); }),
        parallel_for_([](const void* object, index_t n, loop_body f) {
          static_cast<const E*>(object)->parallel_for(n, f);
        }) {}

  int concurrency() const { return concurrency_(object_); }
  /// Calls of fewer operations run in the calling thread (grain.hpp).
  double grain() const { return grain_; }
  void parallel_for(index_t n, loop_body f) const { parallel_for_(object_, n, f); }

 private:
  const void* object_;
  double grain_;
  int (*concurrency_)(const void*);
  void (*parallel_for_)(const void*, index_t, loop_body);
};

/// An executor to store, as policy does, or none. A temporary is copied, and copies of this object
/// share that copy; any other executor is referred to and must outlive this object. (Not a
/// std::optional: gcc 12 warns that its destructor uses uninitialised memory.)
class held_executor {
 public:
  held_executor() = default;
  template <class E>
    requires(executor<std::remove_cvref_t<E>>)
  held_executor(E&& e)  // NOLINT: implicit, so that any executor can be assigned
      : held_executor(hold(std::forward<E>(e))) {}
  /// The executor, or `otherwise` if this holds none.
  executor_ref or_else(executor_ref otherwise) const { return held_ ? executor_ : otherwise; }

 private:
  held_executor(executor_ref e, std::shared_ptr<const void> owned)
      : held_(true), executor_(e), owned_(std::move(owned)) {}
  template <class E>
  static held_executor hold(E&& e) {
    using kept = std::remove_cvref_t<E>;
    if constexpr (std::is_lvalue_reference_v<E> || std::is_same_v<kept, executor_ref>) {
      return {e, nullptr};
    } else {
      const auto copy = std::make_shared<const kept>(std::move(e));
      return {*copy, copy};
    }
  }

  static constexpr serial none{};
  bool held_ = false;
  executor_ref executor_ = none;
  std::shared_ptr<const void> owned_;
};

}  // namespace simdnn
