// reorder as copies of boxes (strided_copy.hpp).
#pragma once

#include <simdnn/walk/strided_copy.hpp>

namespace simdnn::inline SIMDNN_ABI::reordering {

template <class T, layout Src, layout Dst>
struct direct {
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const shape&) { return nullptr; }
  static double cost(const shape& s) { return static_cast<double>(s.elements()); }
  explicit direct(const shape&) {}

  void operator()(const view<const T, Src>& src, const view<T, Dst>& dst,
                  executor_ref executor) const {
    copy_range ranges[max_rank];
    for (int d = 0; d < Dst.rank(); ++d) ranges[d] = {0, 0, dst.size(d)};
    copy_elements(strided(src), src.data(), strided(dst), dst.data(), ranges, executor);
    zero_padding(dst, executor);
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::reordering
