// guarded_memory: elements next to a page that may be neither read nor written, like guarded
// (guarded_tensor.hpp) but without a layout: for views with strides, packed weights and workspaces.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <new>
#include <simdnn/base/types.hpp>
#include <span>

#include "guarded_tensor.hpp"

namespace test {

/// All elements are zero. With guard::behind, the protected page follows the last element; if the
/// first one must be aligned to `alignment` bytes (a power of two), there may be a gap before the
/// page. With guard::before, the first element starts a page.
template <class T>
class guarded_memory {
 public:
  explicit guarded_memory(index_t elements, guard side = guard::behind,
                          std::size_t alignment = alignof(T))
      : elements_(elements) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = static_cast<std::size_t>(elements) * sizeof(T);
    const std::size_t inner = (bytes + page - 1) / page * page;
    mapped_ = inner + 2 * page;
    void* p = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    map_ = static_cast<std::byte*>(p);
    std::byte* const first = map_ + page;
    if (inner != 0 && mprotect(first, inner, PROT_READ | PROT_WRITE) != 0) {
      munmap(map_, mapped_);
      throw std::bad_alloc();
    }
    const std::size_t slack = inner - bytes;
    data_ =
        reinterpret_cast<T*>(side == guard::behind ? first + slack / alignment * alignment : first);
  }
  guarded_memory(guarded_memory&& other) noexcept
      : map_(other.map_), mapped_(other.mapped_), data_(other.data_), elements_(other.elements_) {
    other.map_ = nullptr;
  }
  guarded_memory& operator=(guarded_memory&&) = delete;
  ~guarded_memory() {
    if (map_ != nullptr) munmap(map_, mapped_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  index_t elements() const { return elements_; }
  T* begin() { return data_; }
  T* end() { return data_ + elements_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + elements_; }

 private:
  std::byte* map_ = nullptr;
  std::size_t mapped_ = 0;
  T* data_ = nullptr;
  index_t elements_ = 0;
};

}  // namespace test
