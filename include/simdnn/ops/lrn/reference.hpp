// lrn by its definition, in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <simdnn/ops/lrn/problem.hpp>
#include <simdnn/parallel/executor.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/walk/elements.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::lrn {

template <class T, layout L, class Isa>
class reference {
 public:
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const lrn_problem&) { return nullptr; }
  static double cost(const lrn_problem&) { return 1; }
  explicit reference(const lrn_problem& p) : p_(p) {}
  index_t workspace_bytes(int) const {
    return round_up(pixel_bytes(), workspace_slices::alignment);
  }

  void forward(const view<const T, L>& src, const view<T, L>& dst, executor_ref,
               std::span<std::byte>) const {
    for_each_element(src.shape(), [&](auto i) {
      const double s = scale(src, i);
      dst.data()[dst.offset(i)] =
          static_cast<T>(static_cast<double>(src.data()[src.offset(i)]) * std::pow(s, -p_.beta));
    });
  }
  void backward(const view<const T, L>& diff_dst, const view<const T, L>& src,
                const view<T, L>& diff_src, executor_ref, std::span<std::byte> workspace) const {
    const auto number = [](const view<const T, L>& v, const auto& i) {
      return static_cast<double>(v.data()[v.offset(i)]);
    };
    const shape pixels = lrn_problem{.batch = p_.batch, .size = p_.size}.src_shape();
    // All s of a pixel first, then all its results, because diff_src may be diff_dst.
    const workspace_slices scratch(pixel_bytes(), 1, workspace, "lrn_backward");
    double *const s = scratch.slice<double>(0), *const results = s + p_.channels;
    for_each_element(pixels, [&](auto i) {
      index_t& c = i.data()[1];
      for (c = 0; c < p_.channels; ++c) s[c] = scale(src, i);
      for (index_t of = 0; of < p_.channels; ++of) {
        double sum = 0;  // over the channels whose windows contain `of`
        for (c = std::max<index_t>(of - p_.after(), 0);
             c <= std::min(of + p_.before(), p_.channels - 1); ++c)
          sum += number(diff_dst, i) * number(src, i) * std::pow(s[c], -p_.beta) / s[c];
        c = of;
        results[c] =
            number(diff_dst, i) * std::pow(s[c], -p_.beta) -
            2 * p_.alpha * p_.beta / static_cast<double>(p_.local_size) * number(src, i) * sum;
      }
      for (c = 0; c < p_.channels; ++c)
        diff_src.data()[diff_src.offset(i)] = static_cast<T>(results[c]);
    });
  }

 private:
  index_t pixel_bytes() const { return 2 * p_.channels * static_cast<index_t>(sizeof(double)); }
  // s of an element.
  double scale(const view<const T, L>& src, std::array<index_t, max_rank> i) const {
    const index_t c = i.data()[1];
    double sum = 0;
    for (index_t j = std::max<index_t>(c - p_.before(), 0);
         j <= std::min(c + p_.after(), p_.channels - 1); ++j) {
      i.data()[1] = j;
      const double x = src.data()[src.offset(i)];
      sum += x * x;
    }
    return p_.k + p_.alpha / static_cast<double>(p_.local_size) * sum;
  }

  lrn_problem p_;
};

}  // namespace simdnn::inline SIMDNN_ABI::lrn
