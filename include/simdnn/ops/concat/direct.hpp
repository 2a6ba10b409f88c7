// concat as copies of boxes (strided_copy.hpp). If an input begins at the border of a block, whole
// blocks are copied; otherwise the pieces between the borders of both sides are.
#pragma once

#include <simdnn/walk/strided_copy.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::concat {

template <class T, layout L>
struct direct {
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const shape&) { return nullptr; }
  static double cost(const shape& s) { return static_cast<double>(s.elements()); }
  explicit direct(const shape&) {}

  void forward(std::span<const view<const T, L>> srcs, const view<T, L>& dst,
               executor_ref executor) const {
    index_t begin = 0;
    for (const view<const T, L>& src : srcs) {
      copy(src, 0, dst, begin, src.shape(), executor);
      begin += src.size('c');
    }
    zero_padding(dst, executor);
  }
  void backward(const view<const T, L>& diff_dst, std::span<const view<T, L>> diff_srcs,
                executor_ref executor) const {
    index_t begin = 0;
    for (const view<T, L>& diff_src : diff_srcs) {
      copy(diff_dst, begin, diff_src, 0, diff_src.shape(), executor);
      begin += diff_src.size('c');
      zero_padding(diff_src, executor);
    }
  }

 private:
  static void copy(const view<const T, L>& from, index_t from_channel, const view<T, L>& to,
                   index_t to_channel, const shape& elements, executor_ref executor) {
    copy_range ranges[max_rank];
    for (int d = 0; d < L.rank(); ++d) ranges[d] = {0, 0, elements[d]};
    ranges[L.dim('c')].src_begin = from_channel;
    ranges[L.dim('c')].dst_begin = to_channel;
    copy_elements(strided(from), from.data(), strided(to), to.data(), ranges, executor);
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::concat
