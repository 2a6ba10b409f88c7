// strided_operand: a tensor_like with random strides (random_view.hpp) in its own memory.
// Everything around its elements is NaN, so that reading it shows in results. faults() of a written
// operand finds writes to it.
#pragma once

#include <limits>
#include <simdnn/tensor/tensor.hpp>
#include <string>
#include <vector>

#include "support/elements.hpp"
#include "support/guarded_memory.hpp"
#include "support/random.hpp"
#include "support/random_view.hpp"

namespace test {

template <class T, simdnn::layout L>
class strided_operand {
 public:
  using value_type = T;
  static constexpr simdnn::layout format = L;

  /// Random elements from -1 to 1, blocks' padding zero, NaN elsewhere.
  static strided_operand read(const simdnn::shape& s, random& r, bool repeats = true) {
    strided_operand x(make_random_view(L, s, r, {.repeats = repeats}));
    fill_random(x, r.bits());
    return x;
  }
  /// NaN everywhere, also in the padding.
  static strided_operand written(const simdnn::shape& s, random& r) {
    strided_operand x(make_random_view(L, s, r));
    for (T& e : x.memory_) e = unknown;
    x.remember();
    return x;
  }
  /// Random elements in the same places as another operand's, as element-wise operations require.
  static strided_operand like(const strided_operand& other, random& r) {
    strided_operand x(other.view_);
    fill_random(x, r.bits());
    x.remember();
    return x;
  }

  simdnn::view<T, L> as_view() const {
    T* const data = const_cast<T*>(memory_.data());
    return {data == nullptr ? nullptr : data + view_.first, view_.shape, view_.strides};
  }
  const random_view& where() const { return view_; }
  /// Whether the elements along a plain layout's fastest dimension are contiguous.
  bool fastest_contiguous() const {
    constexpr int d = L.outer_dim(L.rank() - 1);
    return !L.plain() || view_.shape[d] <= 1 || view_.strides[d] == 1;
  }
  /// "" if only the view was written and its padding is zero.
  std::string faults() const {
    const std::vector<place> all = places(view_);
    if (foreign_write(all, before_.data(), memory_.data()) >= 0)
      return "an element of others is overwritten: " + view_.str();
    if (nonzero_padding(all, memory_.data()) >= 0) return "padding is not zero: " + view_.str();
    return "";
  }

 private:
  static constexpr T unknown = std::numeric_limits<T>::quiet_NaN();

  explicit strided_operand(const random_view& v) : view_(v), memory_(v.elements, v.side) {
    const std::vector<place> all = places(v);
    for (index_t i = 0; i < v.elements; ++i)
      memory_.data()[i] = all[static_cast<std::size_t>(i)] == place::outside ? unknown : T(0);
  }
  void remember() { before_.assign(memory_.begin(), memory_.end()); }

  random_view view_;
  guarded_memory<T> memory_;
  std::vector<T> before_;
};

}  // namespace test
