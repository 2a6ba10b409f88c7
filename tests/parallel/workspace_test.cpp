#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <simdnn/parallel/workspace.hpp>
#include <thread>
#include <vector>

#include "support/allocations.hpp"
#include "support/compare.hpp"

using namespace simdnn;

TEST_CASE("slices are aligned, apart and as large as asked for") {
  const workspace_slices w(100, 3);
  for (index_t i = 0; i < 3; ++i) {
    CHECK(reinterpret_cast<std::uintptr_t>(w.slice<float>(i)) % 64 == 0);
    std::memset(w.slice<char>(i), static_cast<int>(i), 100);
  }
  for (index_t i = 0; i < 3; ++i)
    for (index_t b = 0; b < 100; ++b) CHECK(w.slice<char>(i)[b] == static_cast<char>(i));
  const workspace_slices nothing(0, 5);
  CHECK(nothing.slice<float>(0) == nullptr);
  CHECK(nothing.slice<float>(4) == nullptr);
}

TEST_CASE("a thread's arena grows once and is then reused") {
  const long none = test::allocations;
  {
    const workspace_slices w(1 << 16, 2);
  }
  const long before = test::allocations;
  CHECK(before > none);  // the counter counts
  const char* first;
  {
    const workspace_slices w(1 << 16, 2);
    first = w.slice<char>(0);
  }
  const workspace_slices smaller(64, 1);
  CHECK(smaller.slice<char>(0) == first);
  CHECK(test::allocations == before);
}

TEST_CASE("nested calls have memory of their own") {
  const workspace_slices outer(256, 1);
  std::memset(outer.slice<char>(0), 1, 256);
  {
    const workspace_slices inner(256, 1), third(256, 1);
    std::memset(inner.slice<char>(0), 2, 256);
    std::memset(third.slice<char>(0), 3, 256);
    CHECK(inner.slice<char>(0)[255] == 2);
  }
  CHECK(outer.slice<char>(0)[0] == 1);
  CHECK(outer.slice<char>(0)[255] == 1);
}

TEST_CASE("threads have arenas of their own") {
  const workspace_slices here(64, 1);
  const char* there = nullptr;
  std::thread([&] {
    const workspace_slices w(64, 1);
    there = w.slice<char>(0);
  }).join();
  CHECK(there != here.slice<char>(0));
}

TEST_CASE("memory of the caller's is used, whatever its alignment, and must suffice") {
  std::vector<std::byte> memory(2 * 128 + 64);
  for (std::size_t shift = 0; shift <= 63; shift += 21) {
    const std::span<std::byte> given(memory.data() + shift, memory.size() - shift);
    const bool enough = (reinterpret_cast<std::uintptr_t>(given.data()) + 63) / 64 * 64 + 256 <=
                        reinterpret_cast<std::uintptr_t>(given.data() + given.size());
    const std::string said = test::message([&] {
      const workspace_slices w(100, 2, given, "conv_forward");
      CHECK(w.slice<std::byte>(0) >= given.data());
      CHECK(w.slice<std::byte>(1) + 100 <= given.data() + given.size());
      CHECK(reinterpret_cast<std::uintptr_t>(w.slice<float>(1)) % 64 == 0);
    });
    CHECK((said == "no error") == enough);
  }
  CHECK(test::message([&] {
          workspace_slices(100, 2, std::span(memory.data(), 200), "conv_forward");
        }) == "conv_forward: workspace: expected at least 320 bytes, got 200");
  CHECK(test::message([] {
          workspace_slices(index_t{1} << 40, index_t{1} << 40, {}, "conv_forward");
        }).starts_with("conv_forward: workspace: expected a size below 2^63, got "));
}
