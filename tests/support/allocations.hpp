// Counts the program's allocations. It replaces operator new: only one file of a program includes
// it.
#pragma once

#include <atomic>
#include <cstdlib>
#include <new>

namespace test {

/// Calls of operator new so far, by any thread.
inline std::atomic<long> allocations{0};

}  // namespace test

// Not inlined: gcc would see malloc paired with delete and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++test::allocations;
  if (void* p = std::malloc(bytes == 0 ? 1 : bytes)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  ++test::allocations;
  const auto align = static_cast<std::size_t>(alignment);
  if (void* p = std::aligned_alloc(align, (bytes + align - 1) / align * align)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
