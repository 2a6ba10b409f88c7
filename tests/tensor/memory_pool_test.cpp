#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <simdnn/tensor/memory_pool.hpp>
#include <thread>
#include <vector>

#include "support/random.hpp"

using simdnn::memory_pool;

namespace {

// What the pool takes from and returns to the system; calls counted.
class upstream : public std::pmr::memory_resource {
 public:
  std::atomic<int> taken = 0, returned = 0;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    ++taken;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    ++returned;
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace

TEST_CASE("memory is reused without a call upstream, and returned by trim and at the end") {
  upstream system;
  {
    memory_pool pool(&system);
    void* first = pool.allocate(1000, 64);
    CHECK(system.taken == 1);
    CHECK(pool.stats().bytes_in_use >= 1000);
    pool.deallocate(first, 1000, 64);
    CHECK(pool.stats().bytes_in_use == 0);
    CHECK(pool.stats().bytes_kept >= 1000);
    void* second = pool.allocate(990, 64);  // the same class
    CHECK(second == first);
    CHECK(system.taken == 1);
    CHECK(pool.stats().allocations == 2);
    CHECK(pool.stats().reused == 1);
    CHECK(pool.stats().bytes_kept == 0);
    pool.deallocate(second, 990, 64);
    pool.trim();
    CHECK(system.returned == 1);
    CHECK(pool.stats().bytes_kept == 0);
    pool.deallocate(pool.allocate(1, 1), 1, 1);
  }
  CHECK(system.taken == system.returned);
}

TEST_CASE("every size gets an aligned block that is large enough and at most a quarter larger") {
  upstream system;
  memory_pool pool(&system);
  std::vector<std::size_t> sizes{1, 63, 64, 65, 80, 81, 96, 128, 129, 1u << 20, (1u << 20) + 1};
  test::random r(1);
  for (int i = 0; i < 300; ++i)
    sizes.push_back(static_cast<std::size_t>(r.integer(1, 1 << r.integer(0, 22))));
  for (const std::size_t bytes : sizes) {
    void* p = pool.allocate(bytes, 64);
    CHECK(reinterpret_cast<std::uintptr_t>(p) % 64 == 0);
    std::memset(p, 0xff, bytes);  // ASan looks on
    const std::uint64_t held = pool.stats().bytes_in_use;
    CHECK(held >= bytes);
    CHECK(held <= bytes + bytes / 4 + 64);
    pool.deallocate(p, bytes, 64);
    CHECK(pool.stats().bytes_in_use == 0);
  }
}

TEST_CASE("what cannot be given is refused, and the counts stay right") {
  memory_pool pool(std::pmr::null_memory_resource());
  CHECK_THROWS_AS(static_cast<void>(pool.allocate(100, 64)), std::bad_alloc);
  CHECK(pool.stats().bytes_in_use == 0);
  memory_pool plenty;
  CHECK_THROWS_AS(static_cast<void>(plenty.allocate(100, 128)), std::bad_alloc);
  CHECK_THROWS_AS(static_cast<void>(plenty.allocate(std::size_t{1} << 50, 64)), std::bad_alloc);
}

TEST_CASE("many threads at once") {
  upstream system;
  {
    memory_pool pool(&system);
    std::atomic<int> broken = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
          test::random r(static_cast<std::uint64_t>(t));
          std::vector<std::pair<unsigned char*, std::size_t>> held;
          for (int i = 0; i < 4000; ++i) {
            if (held.size() < 8 || r.integer(0, 1) == 0) {
              const auto bytes = static_cast<std::size_t>(r.integer(1, 3000));
              auto* p = static_cast<unsigned char*>(pool.allocate(bytes, 64));
              std::memset(p, t + 1, bytes);
              held.emplace_back(p, bytes);
            } else {
              const auto [p, bytes] = held[held.size() / 2];
              held.erase(held.begin() + static_cast<std::ptrdiff_t>(held.size() / 2));
              if (p[0] != t + 1 || p[bytes - 1] != t + 1) ++broken;
              pool.deallocate(p, bytes, 64);
            }
          }
          for (const auto& [p, bytes] : held) pool.deallocate(p, bytes, 64);
        });
    }
    CHECK(broken == 0);
    CHECK(pool.stats().bytes_in_use == 0);
    CHECK(pool.stats().reused > pool.stats().allocations / 2);
  }
  CHECK(system.taken == system.returned);
}

TEST_CASE("the program's pool serves by default and can be trimmed") {
  memory_pool& pool = simdnn::default_pool();
  CHECK(simdnn::default_memory() == &pool);
  const auto use = [] {
    std::pmr::memory_resource* memory = simdnn::default_memory();
    memory->deallocate(memory->allocate(1 << 20, 64), 1 << 20, 64);
  };
  use();
  CHECK(pool.stats().bytes_kept >= 1 << 20);
  pool.trim();
  CHECK(pool.stats().bytes_kept == 0);

  // Also while another resource serves.
  use();
  upstream system;
  simdnn::set_default_memory(&system);
  CHECK(&simdnn::default_pool() == &pool);
  simdnn::default_pool().trim();
  CHECK(pool.stats().bytes_kept == 0);
  simdnn::set_default_memory(nullptr);
  CHECK(simdnn::default_memory() == &pool);
}
