// reorder, element by element.
#pragma once

#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/walk/elements.hpp>

namespace simdnn::inline SIMDNN_ABI::reordering {

template <class T, layout Src, layout Dst>
struct reference {
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const shape&) { return nullptr; }
  static double cost(const shape&) { return 1; }
  explicit reference(const shape&) {}

  void operator()(const view<const T, Src>& src, const view<T, Dst>& dst, executor_ref) const {
    shape padded;
    for (int d = 0; d < Dst.rank(); ++d) padded.push_back(round_up(dst.size(d), Dst.block(d)));
    for_each_element(padded, [&](const auto& i) {
      bool inside = true;
      for (int d = 0; d < Dst.rank(); ++d) inside = inside && i.data()[d] < src.size(d);
      dst.data()[dst.offset(i)] = inside ? src.data()[src.offset(i)] : T(0);
    });
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::reordering
