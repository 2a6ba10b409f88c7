// tensor: a view that owns its memory, 64-byte aligned, from a std::pmr::memory_resource.
#pragma once

#include <cstring>
#include <simdnn/tensor/memory_pool.hpp>
#include <simdnn/tensor/view.hpp>
#include <utility>

namespace simdnn {

template <class T, layout L>
class tensor {
  static_assert(std::is_trivially_copyable_v<T> && !std::is_const_v<T>);

 public:
  using value_type = T;
  static constexpr layout format = L;

  /// Empty: no shape, no elements and no memory. A moved-from tensor is empty too.
  tensor() = default;
  /// All zeros, including the padding of blocks. Throws error if the shape's rank is not the
  /// layout's or its size overflows, std::bad_alloc if there is no memory.
  explicit tensor(const simdnn::shape& s, std::pmr::memory_resource* memory = default_memory())
      : memory_(memory), elements_(dense_elements<L>(s)) {
    const simdnn::strides st = dense_strides<L>(s);
    T* data = nullptr;
    if (elements_ != 0) {
      data = static_cast<T*>(memory_->allocate(bytes(), memory_pool::alignment));
      std::memset(static_cast<void*>(data), 0, bytes());
    }
    view_ = simdnn::view<T, L>(data, s, st);
  }
  /// A copy has its own memory, from the same resource. A copy of an empty tensor is empty.
  tensor(const tensor& other)
      : tensor(other.shape().rank() == 0 ? tensor() : tensor(other.shape(), other.memory_)) {
    if (elements_ != 0) std::memcpy(data(), other.data(), bytes());
  }
  tensor(tensor&& other) noexcept { swap(other); }
  tensor& operator=(tensor other) noexcept {
    swap(other);
    return *this;
  }
  ~tensor() {
    if (data() != nullptr) memory_->deallocate(data(), bytes(), memory_pool::alignment);
  }
  void swap(tensor& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(elements_, other.elements_);
    std::swap(view_, other.view_);
  }

  T* data() { return view_.data(); }
  const T* data() const { return view_.data(); }
  /// Elements in memory, including padding.
  index_t elements() const { return elements_; }
  const simdnn::shape& shape() const { return view_.shape(); }
  const simdnn::strides& strides() const { return view_.strides(); }
  index_t size(int d) const { return view_.size(d); }
  index_t size(char letter) const { return view_.size(letter); }

  simdnn::view<T, L> as_view() { return view_; }
  simdnn::view<const T, L> as_view() const { return view_; }
  operator simdnn::view<T, L>() { return view_; }              // NOLINT: a tensor is a view
  operator simdnn::view<const T, L>() const { return view_; }  // NOLINT

  template <class... Index>
  T& operator()(Index... i) {
    return view_(i...);
  }
  template <class... Index>
  const T& operator()(Index... i) const {
    return view_(i...);
  }
  /// See view::part.
  simdnn::view<T, L> part(int d, index_t begin, index_t count) {
    return view_.part(d, begin, count);
  }
  simdnn::view<const T, L> part(int d, index_t begin, index_t count) const {
    return view_.part(d, begin, count);
  }

 private:
  std::size_t bytes() const { return static_cast<std::size_t>(elements_) * sizeof(T); }

  std::pmr::memory_resource* memory_ = nullptr;
  index_t elements_ = 0;
  simdnn::view<T, L> view_;
};

}  // namespace simdnn
