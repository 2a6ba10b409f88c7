// lrn as it is written down, in double.
#pragma once

#include <cmath>
#include <simdnn/ops/lrn/problem.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/walk/elements.hpp>
#include <span>
#include <vector>

namespace simdnn::inline SIMDNN_ABI::lrn {

template <class T, layout L, class Isa>
class reference {
 public:
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const lrn_problem&) { return nullptr; }
  static double cost(const lrn_problem&) { return 1; }
  explicit reference(const lrn_problem& p) : p_(p) {}

  void forward(const view<const T, L>& src, const view<T, L>& dst, executor_ref,
               std::span<std::byte>) const {
    for_each_element(src.shape(), [&](auto i) {
      const double s = scale(src, i);
      dst.data()[dst.offset(i)] =
          static_cast<T>(static_cast<double>(src.data()[src.offset(i)]) * std::pow(s, -p_.beta));
    });
  }
  void backward(const view<const T, L>& diff_dst, const view<const T, L>& src,
                const view<T, L>& diff_src, executor_ref, std::span<std::byte>) const {
    const auto number = [](const view<const T, L>& v, const auto& i) {
      return static_cast<double>(v.data()[v.offset(i)]);
    };
    const shape pixels = lrn_problem{.batch = p_.batch, .size = p_.size}.src_shape();
    // A pixel's channels at once: diff_src may be diff_dst.
    std::vector<double> results(static_cast<std::size_t>(p_.channels));
    for_each_element(pixels, [&](auto i) {
      for (index_t c = 0; c < p_.channels; ++c) {
        double sum = 0;
        for (index_t j = 0; j < p_.channels; ++j) {
          if (c < j - p_.before() || c > j + p_.after()) continue;
          i.data()[1] = j;
          const double s = scale(src, i);
          sum += number(diff_dst, i) * number(src, i) * std::pow(s, -p_.beta) / s;
        }
        i.data()[1] = c;
        results[static_cast<std::size_t>(c)] =
            number(diff_dst, i) * std::pow(scale(src, i), -p_.beta) -
            2 * p_.alpha * p_.beta / static_cast<double>(p_.local_size) * number(src, i) * sum;
      }
      for (index_t c = 0; c < p_.channels; ++c) {
        i.data()[1] = c;
        diff_src.data()[diff_src.offset(i)] = static_cast<T>(results[static_cast<std::size_t>(c)]);
      }
    });
  }

 private:
  // s of an element.
  double scale(const view<const T, L>& src, std::array<index_t, max_rank> i) const {
    const index_t c = i.data()[1];
    double sum = 0;
    for (index_t j = 0; j < p_.channels; ++j) {
      if (j < c - p_.before() || j > c + p_.after()) continue;
      i.data()[1] = j;
      const double x = src.data()[src.offset(i)];
      sum += x * x;
    }
    return p_.k + p_.alpha / static_cast<double>(p_.local_size) * sum;
  }

  lrn_problem p_;
};

}  // namespace simdnn::inline SIMDNN_ABI::lrn
