// guarded: a tensor next to a page that may be neither read nor written, so that an access out of
// bounds ends the test.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <new>
#include <simdnn/tensor/view.hpp>

namespace test {

using simdnn::index_t;

/// Which byte is protected: the one after the tensor's last byte, or the one before its first.
enum class guard { behind, before };

/// A dense tensor of zeros, including the padding of blocks. With guard::behind it is aligned to
/// the element only.
template <class T, simdnn::layout L>
class guarded {
 public:
  using value_type = T;
  static constexpr simdnn::layout format = L;

  explicit guarded(const simdnn::shape& s, guard side = guard::behind) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = simdnn::dense_elements<L>(s) * sizeof(T);
    const std::size_t inner = (bytes + page - 1) / page * page;
    mapped_ = inner + 2 * page;
    void* p = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) throw std::bad_alloc();
    map_ = static_cast<std::byte*>(p);
    std::byte* first = map_ + page;
    if (inner != 0 && mprotect(first, inner, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    std::byte* data = side == guard::behind ? first + inner - bytes : first;
    view_ = simdnn::view<T, L>(reinterpret_cast<T*>(data), s);
  }
  /// A copy of another tensor of this layout.
  template <simdnn::tensor_of<T, L> X>
  guarded(const X& other, guard side) : guarded(other.as_view().shape(), side) {
    for (index_t i = 0; i < elements(); ++i) data()[i] = other.data()[i];
  }
  guarded(const guarded&) = delete;
  guarded& operator=(const guarded&) = delete;
  ~guarded() { munmap(map_, mapped_); }

  T* data() const { return view_.data(); }
  /// The number of elements in memory, padding included.
  index_t elements() const { return simdnn::dense_elements<L>(view_.shape()); }
  const simdnn::shape& shape() const { return view_.shape(); }
  simdnn::view<T, L> as_view() const { return view_; }

 private:
  std::byte* map_ = nullptr;
  std::size_t mapped_ = 0;
  simdnn::view<T, L> view_;
};

/// Calls f(guard::behind), then f(guard::before).
template <class F>
void for_each_guard(F f) {
  f(guard::behind);
  f(guard::before);
}

}  // namespace test
