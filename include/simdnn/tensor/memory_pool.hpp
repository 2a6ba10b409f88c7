// memory_pool: a thread-safe std::pmr::memory_resource that keeps freed blocks and reuses them
// without a system call. Also default_memory(), the resource that tensors use by default.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory_resource>
#include <mutex>
#include <new>
#include <simdnn/base/error.hpp>
#include <simdnn/base/types.hpp>
#include <simdnn/isa/program.hpp>

namespace simdnn {

/// Every block is 64-byte aligned and has one of four sizes per power of two (at most 25 % unused).
/// A freed block goes to the free list of its size; trim() and the destructor return the lists'
/// blocks to upstream.
class memory_pool : public std::pmr::memory_resource {
 public:
  static constexpr std::size_t alignment = 64;

  struct statistics {
    std::uint64_t allocations = 0;  ///< calls of allocate
    std::uint64_t reused = 0;       ///< of these, served from a free list
    std::uint64_t bytes_in_use = 0;
    std::uint64_t bytes_kept = 0;  ///< waiting in free lists
  };

  explicit memory_pool(std::pmr::memory_resource* upstream = std::pmr::new_delete_resource())
      : upstream_(upstream) {}
  memory_pool(const memory_pool&) = delete;
  memory_pool& operator=(const memory_pool&) = delete;
  ~memory_pool() override { trim(); }

  /// Returns all kept memory to upstream.
  void trim() {
    for (int c = 0; c < classes; ++c) {
      size_class& list = lists_[c];
      const std::lock_guard lock(list.mutex);
      while (list.head != nullptr) {
        free_block* block = list.head;
        list.head = block->next;
        kept_ -= class_bytes(c);
        upstream_->deallocate(block, class_bytes(c), alignment);
      }
    }
  }

  statistics stats() const { return {allocations_, reused_, in_use_, kept_}; }

 private:
  struct free_block {
    free_block* next;
  };
  struct size_class {
    std::mutex mutex;
    free_block* head = nullptr;
  };
  // 64, 80, 96, 112, 128, 160, ... up to 2^48.
  static constexpr int smallest = 6, classes = (48 - smallest) * 4;

  static int class_of(std::size_t bytes) {
    if (bytes <= (std::size_t{1} << smallest)) return 0;
    const auto power =
        static_cast<int>(std::bit_width(bytes - 1)) - 1;  // 2^power < bytes <= 2^(power+1)
    const std::size_t quarter = std::size_t{1} << (power - 2);
    const auto steps =
        static_cast<int>((bytes - (std::size_t{1} << power) + quarter - 1) / quarter);
    return (power - smallest) * 4 + steps;
  }
  static std::size_t class_bytes(int c) {
    const std::size_t base = std::size_t{1} << (smallest + c / 4);
    // Rounded up to whole cache lines: quarters of 64 and 128 are not.
    return (base + base / 4 * static_cast<std::size_t>(c % 4) + alignment - 1) / alignment *
           alignment;
  }

  void* do_allocate(std::size_t bytes, std::size_t align) override {
    if (bytes >= (std::size_t{1} << 48) || align > alignment) raise(std::bad_alloc());
    const int c = class_of(bytes);
    size_class& list = lists_[c];
    ++allocations_;
    {
      const std::lock_guard lock(list.mutex);
      if (list.head != nullptr) {
        free_block* block = list.head;
        list.head = block->next;
        ++reused_;
        kept_ -= class_bytes(c);
        in_use_ += class_bytes(c);
        return block;
      }
    }
    void* const block = upstream_->allocate(class_bytes(c), alignment);
    in_use_ += class_bytes(c);
    return block;
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t) override {
    const int c = class_of(bytes);
    in_use_ -= class_bytes(c);
    kept_ += class_bytes(c);
    const std::lock_guard lock(lists_[c].mutex);
    lists_[c].head = new (p) free_block{lists_[c].head};
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  std::pmr::memory_resource* upstream_;
  size_class lists_[classes];
  std::atomic<std::uint64_t> allocations_{0}, reused_{0}, in_use_{0}, kept_{0};
};

/// The pool that default_memory() returns unless it was replaced. There is one per program, shared
/// by all ISA variants, and it exists until the program ends. trim() returns the memory that it
/// keeps, stats() tells how much that is.
inline memory_pool& default_pool() {
  std::atomic<memory_pool*>& pool = isa::program().pool;
  if (memory_pool* made = pool.load(std::memory_order_acquire)) return *made;
  auto* made = new memory_pool;  // never destroyed: static tensors may be destroyed last
  memory_pool* other = nullptr;
  if (pool.compare_exchange_strong(other, made, std::memory_order_acq_rel)) return *made;
  delete made;
  return *other;
}

/// The resource from which tensors and packed weights allocate by default: the one last set, or
/// default_pool() if none is set.
inline std::pmr::memory_resource* default_memory() {
  std::pmr::memory_resource* set = isa::program().default_memory.load(std::memory_order_acquire);
  return set != nullptr ? set : &default_pool();
}

/// Replaces the default resource, which is not owned; nullptr restores the pool. Existing tensors
/// keep the resource that they were made with.
inline void set_default_memory(std::pmr::memory_resource* resource) {
  isa::program().default_memory.store(resource, std::memory_order_release);
}

}  // namespace simdnn
