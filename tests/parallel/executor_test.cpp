#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <simdnn/parallel/parallel_for.hpp>
#include <stdexcept>

#include "support/threads.hpp"

using namespace simdnn;

namespace {

// Calls parallel_for and checks its contract: units once each, workers' calls one at a time.
void check_contract(executor_ref executor, index_t units) {
  CAPTURE(units);
  std::vector<std::atomic<int>> visits(static_cast<std::size_t>(units));
  std::vector<std::atomic<bool>> busy(
      static_cast<std::size_t>(std::max(executor.concurrency(), 1)));
  std::atomic<int> faults = 0, empty = 0;
  parallel_for(executor, units, [&](index_t begin, index_t end, index_t worker) {
    if (worker < 0 || worker >= static_cast<index_t>(busy.size()) || busy[worker].exchange(true))
      ++faults;
    if (begin >= end) ++empty;
    for (index_t i = begin; i < end; ++i) ++visits[i];
    busy[worker] = false;
  });
  CHECK(faults == 0);
  CHECK(empty == 0);
  for (const auto& v : visits) CHECK(v == 1);
}

void check_executor(executor_ref executor) {
  for (const index_t units : {0, 1, 2, 3, 7, 8, 100}) check_contract(executor, units);
}

}  // namespace

static_assert(executor<serial> && executor<test::threads> && !executor<int>);

TEST_CASE("every unit runs once, whoever runs it") {
  check_executor(serial{});
  check_executor(default_executor());
  for (const int count : {1, 2, 3, 8}) check_executor(test::threads{count});
}

TEST_CASE("a worker that is held up keeps one chunk, and the others compute the rest") {
  constexpr index_t units = 64;
  for (const index_t workers : {2, 4, 20}) {
    CAPTURE(workers);
    std::vector<std::atomic<int>> visits(units);
    std::atomic<index_t> done = 0, held = 0;
    parallel_for(test::threads{static_cast<int>(workers)}, units,
                 [&](index_t begin, index_t end, index_t) {
                   for (index_t i = begin; i < end; ++i) ++visits[i];
                   // The thread that gets unit 0 waits for all units of the other threads.
                   if (begin == 0) {
                     held = end - begin;
                     while (done < units - held) std::this_thread::yield();
                   }
                   done += end - begin;
                 });
    CHECK(done == units);
    CHECK(held >= 1);
    CHECK(held <= units / (4 * workers) + 1);
    for (const auto& v : visits) CHECK(v == 1);
  }
}

TEST_CASE("workers of the same speed keep to their shares") {
  // Each in turn is dealt a chunk: two rounds of four, of 32 units.
  detail::dealer dealer(32, 2);
  detail::dealer::hand hands[2];
  for (index_t chunk = 0; chunk < 4; ++chunk)
    for (index_t worker = 0; worker < 2; ++worker) {
      REQUIRE(dealer.deal(worker, hands[worker]));
      CHECK(hands[worker].begin == 16 * worker + 4 * chunk);
      CHECK(hands[worker].end == 16 * worker + 4 * chunk + 4);
    }
  CHECK(!dealer.deal(0, hands[0]));
  CHECK(!dealer.deal(1, hands[1]));
}

TEST_CASE("a serial executor stays in the calling thread") {
  std::set<std::thread::id> ids;
  parallel_for(serial{}, 10,
               [&](index_t, index_t, index_t) { ids.insert(std::this_thread::get_id()); });
  CHECK(ids == std::set{std::this_thread::get_id()});
}

TEST_CASE("a user's executor is asked for its concurrency and given the loop") {
  struct recording {
    mutable index_t asked = 0;
    int concurrency() const { return 4; }
    void parallel_for(index_t n, loop_body f) const {
      asked = n;
      for (index_t i = n - 1; i >= 0; --i) f(i);  // any order
    }
  };
  const recording mine;
  check_contract(mine, 10);
  CHECK(mine.asked == 4);
  check_contract(mine, 3);
  CHECK(mine.asked == 3);
}

TEST_CASE("an exception of the body reaches the caller") {
  const auto thrower = [](index_t begin, index_t, index_t) {
    if (begin == 0) throw std::runtime_error("from the body");
  };
  CHECK_THROWS_WITH_AS(parallel_for(serial{}, 8, thrower), "from the body", std::runtime_error);
  CHECK_THROWS_WITH_AS(parallel_for(default_executor(), 8, thrower), "from the body",
                       std::runtime_error);
}

TEST_CASE("a held executor is a copy of a temporary and refers to any other") {
  struct counting {
    std::shared_ptr<int> calls;
    int concurrency() const { return 2; }
    void parallel_for(index_t n, loop_body f) const {
      ++*calls;
      serial{}.parallel_for(n, f);
    }
  };
  const auto calls = std::make_shared<int>(0);
  const auto run = [](const held_executor& executor) {
    parallel_for(executor.or_else(serial{}), 4, [](index_t, index_t, index_t) {});
  };
  run({});
  CHECK(*calls == 0);
  {
    held_executor held = counting{calls};
    CHECK(calls.use_count() == 2);
    run(held);
    CHECK(*calls == 1);
    const held_executor copy = held;
    CHECK(calls.use_count() == 2);  // the one copy is shared
    held = {};
    run(copy);
    CHECK(*calls == 2);
  }
  CHECK(calls.use_count() == 1);
  const counting mine{calls};
  const held_executor reference = mine;
  const held_executor through_reference = executor_ref(mine);
  CHECK(calls.use_count() == 2);
  run(reference);
  run(through_reference);
  CHECK(*calls == 4);
}

#if defined(_OPENMP)
TEST_CASE("OpenMP: the team that was asked for, serial inside a region") {
  CHECK(openmp{3}.concurrency() == 3);
  CHECK(openmp{}.concurrency() == omp_get_max_threads());
  check_executor(openmp{3});
  check_executor(openmp{8});
  std::atomic<int> wrong = 0, teams = 0;
  parallel_for(openmp{3}, 3, [&](index_t, index_t, index_t) {
    teams = omp_get_num_threads();
    if (openmp{3}.concurrency() != 1 || openmp{}.concurrency() != 1) ++wrong;
    int visits = 0;  // no race: it runs here
    parallel_for(openmp{3}, 5, [&](index_t begin, index_t end, index_t worker) {
      visits += static_cast<int>(end - begin);
      if (worker != 0) ++wrong;
    });
    if (visits != 5) ++wrong;
  });
  CHECK(teams == 3);
  CHECK(wrong == 0);
  CHECK_THROWS_AS(
      parallel_for(openmp{3}, 8, [](index_t, index_t, index_t) { throw std::runtime_error("x"); }),
      std::runtime_error);
}
#endif
