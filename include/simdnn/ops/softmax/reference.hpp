// softmax by its definition, in double.
#pragma once

#include <cmath>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/walk/elements.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, layout L, class Isa>
struct reference {
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const shape&) { return nullptr; }
  static double cost(const shape&) { return 1; }
  explicit reference(const shape&) {}

  void forward(const view<const T, L>& src, const view<T, L>& dst, executor_ref) const {
    for_each_pixel(src.shape(), [&](auto channel) {
      const index_t channels = src.size('c');
      double largest = static_cast<double>(src.data()[src.offset(channel(0))]);
      for (index_t c = 1; c < channels; ++c) {
        const double x = src.data()[src.offset(channel(c))];
        if (x > largest || x != x) largest = x;
      }
      double sum = 0;
      for (index_t c = 0; c < channels; ++c) {
        const double x = src.data()[src.offset(channel(c))];
        sum += std::exp(x - largest);
      }
      for (index_t c = 0; c < channels; ++c) {
        const double x = src.data()[src.offset(channel(c))];
        dst.data()[dst.offset(channel(c))] = static_cast<T>(std::exp(x - largest) / sum);
      }
    });
  }
  void backward(const view<const T, L>& diff_dst, const view<const T, L>& dst,
                const view<T, L>& diff_src, executor_ref) const {
    for_each_pixel(dst.shape(), [&](auto channel) {
      double sum = 0;
      for (index_t c = 0; c < dst.size('c'); ++c) {
        const index_t at = dst.offset(channel(c));
        sum += static_cast<double>(diff_dst.data()[at]) * static_cast<double>(dst.data()[at]);
      }
      for (index_t c = 0; c < dst.size('c'); ++c) {
        const index_t at = dst.offset(channel(c));
        const double g = diff_dst.data()[at], y = dst.data()[at];
        diff_src.data()[at] = static_cast<T>(y * (g - sum));
      }
    });
  }

 private:
  // Calls f(channel) for each pixel of each image; channel(c) is the index of the pixel's channel
  // c.
  template <class F>
  static void for_each_pixel(const shape& s, F f) {
    constexpr int dim = L.dim('c');
    shape pixels;
    for (int d = 0; d < L.rank(); ++d) pixels.push_back(d == dim && s[d] != 0 ? 1 : s[d]);
    for_each_element(pixels, [&](auto i) {
      f([&](index_t c) {
        i.data()[dim] = c;
        return i;
      });
    });
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::softmax
