// workspace: scratch memory for one call of an operation, one slice per worker. It is taken from
// the caller's span, or if there is none from an arena of the calling thread, which grows to the
// largest size and is reused: a plan's second run allocates nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <simdnn/base/math.hpp>
#include <simdnn/isa/abi.hpp>
#include <simdnn/tensor/memory_pool.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI {

namespace detail {

// One block per thread. It comes from operator new, because a resource set as default may be
// destroyed before the thread ends. A nested call (an operation inside a user's executor task or
// post-op) finds the block taken and allocates its own.
struct arena {
  std::byte* data = nullptr;
  std::size_t bytes = 0;
  bool taken = false;

  ~arena() { release(); }
  void release() {
    if (data != nullptr) ::operator delete(data, std::align_val_t{memory_pool::alignment});
    data = nullptr;
    bytes = 0;
  }
  void reserve(std::size_t needed) {
    if (needed <= bytes) return;
    release();
    data =
        static_cast<std::byte*>(::operator new(needed, std::align_val_t{memory_pool::alignment}));
    bytes = needed;
  }
};

inline arena& thread_arena() {
  thread_local arena a;
  return a;
}

}  // namespace detail

class workspace_slices {
 public:
  static constexpr index_t alignment = memory_pool::alignment;

  /// `workers` slices of `bytes_each`, 64-byte aligned. Throws error if a span is too small.
  workspace_slices(index_t bytes_each, index_t workers, std::span<std::byte> workspace = {},
                   const char* op = "workspace")
      : stride_(round_up(bytes_each, alignment)) {
    const auto total = static_cast<std::size_t>(checked_mul(stride_, workers, op, "workspace"));
    if (total == 0) return;
    if (!workspace.empty()) {
      void* p = workspace.data();
      std::size_t space = workspace.size();
      if (std::align(memory_pool::alignment, total, p, space) == nullptr)
        throw_error(op, "workspace",
                    "at least " + std::to_string(total + memory_pool::alignment) + " bytes",
                    std::to_string(workspace.size()));
      data_ = static_cast<std::byte*>(p);
      return;
    }
    detail::arena& shared = detail::thread_arena();
    lease_ = shared.taken ? &own_ : &shared;
    lease_->reserve(total);
    lease_->taken = true;
    data_ = lease_->data;
  }
  workspace_slices(const workspace_slices&) = delete;
  workspace_slices& operator=(const workspace_slices&) = delete;
  ~workspace_slices() {
    if (lease_ != nullptr) lease_->taken = false;
  }

  /// The worker's slice; nullptr if no bytes were requested.
  template <class T>
  T* slice(index_t worker) const {
    return reinterpret_cast<T*>(data_ + worker * stride_);
  }

 private:
  detail::arena own_;
  detail::arena* lease_ = nullptr;
  std::byte* data_ = nullptr;
  index_t stride_;
};

}  // namespace simdnn::inline SIMDNN_ABI
