#include <doctest/doctest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <set>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/gemm.hpp>
#include <simdnn/parallel/pool.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/compare.hpp"
#include "support/random.hpp"

using namespace simdnn;

namespace {

// Calls f(0) ... f(n - 1) on the pool and counts the indices that did not run once.
index_t wrong_visits(const pool& workers, index_t n) {
  std::vector<std::atomic<int>> visits(static_cast<std::size_t>(n));
  workers.parallel_for(n, [&](index_t i) { ++visits[static_cast<std::size_t>(i)]; });
  index_t wrong = 0;
  for (const auto& v : visits) wrong += v != 1;
  return wrong;
}

// Runs f in a thread and says whether it ended within ten seconds. Otherwise the thread is left.
template <class F>
bool ends(F f) {
  const auto done = std::make_shared<std::atomic<bool>>(false);
  std::thread([f, done] {
    f();
    *done = true;
  }).detach();
  for (int i = 0; i < 10000 && !*done; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return *done;
}

// While `hold` is set, a thread that gets the signal stays in the handler.
std::atomic<bool> hold = false, held = false;
void stay(int) {
  held = true;
  while (hold) sched_yield();
  held = false;
}

}  // namespace

static_assert(executor<pool>);

TEST_CASE("every index runs once, in calls of any size, soon after another or after a pause") {
  for (const int threads : {1, 2, 3, 8}) {
    const pool workers(threads);
    CHECK(workers.concurrency() == threads);
    for (const index_t n : {0, 1, 2, 3, 7, 8, 100}) CHECK(wrong_visits(workers, n) == 0);
    for (int call = 0; call < 2000; ++call) REQUIRE(wrong_visits(workers, 4) == 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the threads sleep
    CHECK(wrong_visits(workers, 4) == 0);
  }
  CHECK(pool().concurrency() == usable_cpus());
}

TEST_CASE("all threads work; index 0 is the calling thread's") {
  const pool workers(3);
  const auto caller = std::this_thread::get_id();
  for (int call = 0; call < 200; ++call) {
    std::atomic<int> inside = 0;
    std::atomic<bool> caller_took_0 = false;
    // Each index waits until there are three at once.
    workers.parallel_for(3, [&](index_t i) {
      if (i == 0) caller_took_0 = std::this_thread::get_id() == caller;
      ++inside;
      while (inside < 3) std::this_thread::yield();
    });
    CHECK(inside == 3);
    CHECK(caller_took_0);
  }
}

TEST_CASE("a call does not wait for a thread that is not inside a body") {
  static const pool workers(2);
  static std::atomic<pthread_t> other = 0;
  static std::atomic<bool> known = false;
  const pthread_t caller = pthread_self();
  workers.parallel_for(2, [&](index_t) {
    if (!pthread_equal(pthread_self(), caller)) {
      other = pthread_self();
      known = true;
    }
    while (!known) sched_yield();
  });

  struct sigaction action{}, before{};
  action.sa_handler = stay;
  REQUIRE(sigaction(SIGUSR1, &action, &before) == 0);
  hold = true;
  REQUIRE(pthread_kill(other, SIGUSR1) == 0);
  while (!held) sched_yield();
  const bool ended = ends([] {
    for (int call = 0; call < 100; ++call) workers.parallel_for(4, [](index_t) {});
  });
  CHECK(ended);
  CHECK(held);
  hold = false;
  while (held) sched_yield();
  sigaction(SIGUSR1, &before, nullptr);
  CHECK(wrong_visits(workers, 8) == 0);
}

TEST_CASE("a call waits for a thread that is inside a body, also for long") {
  const pool workers(2);
  for (const int milliseconds : {0, 1, 20}) {
    std::atomic<int> inside = 0, done = 0;
    workers.parallel_for(2, [&](index_t i) {
      ++inside;
      while (inside < 2) std::this_thread::yield();
      if (i == 1) std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      ++done;
    });
    CHECK(done == 2);
  }
}

TEST_CASE("exceptions reach the caller, one of each call, and the pool goes on") {
  const pool workers(3);
  for (int call = 0; call < 100; ++call) {
    std::atomic<int> ran = 0;
    const index_t thrower = call % 4;
    std::string said;
    try {
      workers.parallel_for(4, [&](index_t i) {
        ++ran;
        if (i == thrower) throw std::runtime_error("from " + std::to_string(i));
      });
    } catch (const std::runtime_error& e) {
      said = e.what();
    }
    REQUIRE(said == "from " + std::to_string(thrower));
    REQUIRE(ran == 4);
  }
  CHECK_THROWS_AS(workers.parallel_for(8, [](index_t) { throw 7; }), int);
  CHECK(wrong_visits(workers, 8) == 0);
}

TEST_CASE("a loop inside a body runs serially, in its thread") {
  const pool workers(3);
  std::atomic<int> wrong = 0, visits = 0;
  parallel_for(workers, 12, [&](index_t begin, index_t end, index_t) {
    for (index_t i = begin; i < end; ++i) {
      const auto here = std::this_thread::get_id();
      parallel_for(workers, 5, [&](index_t from, index_t to, index_t) {
        if (std::this_thread::get_id() != here) ++wrong;
        visits += static_cast<int>(to - from);
      });
    }
  });
  CHECK(visits == 60);
  CHECK(wrong == 0);
}

TEST_CASE("several threads may call a pool at once") {
  const pool workers(3);
  std::atomic<index_t> wrong = 0;
  {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 4; ++caller)
      callers.emplace_back([&] {
        for (int call = 0; call < 500; ++call) {
          wrong += wrong_visits(workers, 1 + call % 7);
          try {
            workers.parallel_for(3, [](index_t i) {
              if (i == 2) throw std::runtime_error("mine");
            });
            ++wrong;
          } catch (const std::runtime_error&) {
          }
        }
      });
  }
  CHECK(wrong == 0);
}

TEST_CASE("pools start and end, used or not") {
  for (int i = 0; i < 50; ++i) {
    const pool unused(3);
    const pool used(3);
    CHECK(wrong_visits(used, 5) == 0);
  }
}

TEST_CASE("in the child of a fork calls run serially, and a new pool works") {
  const pool workers(3);
  CHECK(wrong_visits(workers, 8) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(10);  // ends it
    bool good = workers.concurrency() == 1;
    workers.parallel_for(8, [&, here = pthread_self()](index_t) {
      good = good && pthread_equal(pthread_self(), here) != 0;
    });
    {
      const pool own(2);
      good = good && own.concurrency() == 2 && wrong_visits(own, 8) == 0;
    }
    workers.~pool();  // does not wait for threads that are not here
    _exit(good ? 7 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
  CHECK(workers.concurrency() == 3);
  CHECK(wrong_visits(workers, 8) == 0);
}

TEST_CASE("small calls stay in the calling thread, as the grain says") {
  const pool usual(2), always(2, 0);
  CHECK(usual.grain > 0);
  CHECK(executor_ref(usual).grain() == usual.grain);
  CHECK(for_work(usual, usual.grain / 2).concurrency() == 1);
  CHECK(for_work(usual, usual.grain).concurrency() == 2);
  CHECK(for_work(always, 0).concurrency() == 2);
}

TEST_CASE("conv and gemm give the same bits on every executor") {
  const conv_problem p{
      .batch = 3, .in = 20, .out = 40, .size = {13, 11}, .kernel = {3, 3}, .pad = {1, 1}};
  tensor<float, "nchw"> x(p.src_shape());
  tensor<float, "oihw"> w(p.weights_shape());
  test::fill_random(x, 1);
  test::fill_random(w, 2);
  tensor<float, "ab"> a({130, 70}), b({70, 90});
  test::fill_random(a, 3);
  test::fill_random(b, 4);

  const auto conv = [&](executor_ref executor) {
    tensor<float, "nchw"> y(p.dst_shape());
    conv_forward(p, x, w, y, executor);
    return y;
  };
  const auto gradient = [&](executor_ref executor) {
    tensor<float, "nchw"> y(p.dst_shape());
    tensor<float, "oihw"> dw(p.weights_shape());
    test::fill_random(y, 5);
    conv_backward_weights(p, x, y, dw, executor);
    return dw;
  };
  const auto gemm = [&](executor_ref executor) {
    tensor<float, "ab"> c({130, 90});
    gemm_forward({.m = 130, .n = 90, .k = 70}, a, b, c, executor);
    return c;
  };
  const auto y = conv(serial{});
  const auto dw = gradient(serial{});
  const auto c = gemm(serial{});
  for (const int threads : {2, 3, 8}) {
    CAPTURE(threads);
    const pool workers(threads, 0);
    for (int call = 0; call < 20; ++call) {
      CHECK(test::same_bits(conv(workers), y));
      CHECK(test::same_bits(gradient(workers), dw));
      CHECK(test::same_bits(gemm(workers), c));
    }
#if defined(_OPENMP)
    const openmp team{.threads = threads, .grain = 0};
    CHECK(test::same_bits(conv(team), y));
    CHECK(test::same_bits(gradient(team), dw));
    CHECK(test::same_bits(gemm(team), c));
#endif
  }
}
