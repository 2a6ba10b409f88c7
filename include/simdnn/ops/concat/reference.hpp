// concat, element by element.
#pragma once

#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/walk/elements.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::concat {

template <class T, layout L>
struct reference {
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const shape&) { return nullptr; }
  static double cost(const shape&) { return 1; }
  explicit reference(const shape&) {}

  void forward(std::span<const view<const T, L>> srcs, const view<T, L>& dst, executor_ref) const {
    index_t begin = 0;
    for (const view<const T, L>& src : srcs) {
      copy(src, 0, dst, begin, src.shape());
      begin += src.size('c');
    }
    zero(dst);
  }
  void backward(const view<const T, L>& diff_dst, std::span<const view<T, L>> diff_srcs,
                executor_ref) const {
    index_t begin = 0;
    for (const view<T, L>& diff_src : diff_srcs) {
      copy(diff_dst, begin, diff_src, 0, diff_src.shape());
      begin += diff_src.size('c');
      zero(diff_src);
    }
  }

 private:
  static constexpr int channel = L.dim('c');

  static void copy(const view<const T, L>& from, index_t from_channel, const view<T, L>& to,
                   index_t to_channel, const shape& elements) {
    for_each_element(elements, [&](const auto& i) {
      auto s = i, d = i;
      s.data()[channel] += from_channel;
      d.data()[channel] += to_channel;
      to.data()[to.offset(d)] = from.data()[from.offset(s)];
    });
  }
  static void zero(const view<T, L>& v) {
    shape padded;
    for (int d = 0; d < L.rank(); ++d) padded.push_back(round_up(v.size(d), L.block(d)));
    for_each_element(padded, [&](const auto& i) {
      bool inside = true;
      for (int d = 0; d < L.rank(); ++d) inside = inside && i.data()[d] < v.size(d);
      if (!inside) v.data()[v.offset(i)] = 0;
    });
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::concat
