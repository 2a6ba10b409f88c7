// activation, element by element in double.
#pragma once

#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/walk/elements.hpp>

namespace simdnn::inline SIMDNN_ABI::activation {

template <class F, class T, layout L, class Isa>
struct reference {
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const shape&) { return nullptr; }
  static double cost(const shape&) { return 1; }
  explicit reference(const shape&) {}

  void forward(const F& f, const view<const T, L>& src, const view<T, L>& dst, executor_ref) const {
    for_each_element(src.shape(), [&](const auto& i) {
      const index_t at = src.offset(i);
      dst.data()[at] = static_cast<T>(f(static_cast<double>(src.data()[at])));
    });
  }
  void backward(const F& f, const view<const T, L>& diff_dst, const view<const T, L>& src,
                const view<const T, L>& dst, const view<T, L>& diff_src, executor_ref) const {
    for_each_element(src.shape(), [&](const auto& i) {
      const index_t at = src.offset(i);
      const double g = diff_dst.data()[at], x = src.data()[at], y = dst.data()[at];
      diff_src.data()[at] = static_cast<T>(f.gradient(g, x, y));
    });
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::activation
