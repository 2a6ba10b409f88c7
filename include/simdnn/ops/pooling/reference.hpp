// pooling by its definition, in double. The argmax is the first of several equal elements or NaNs.
#pragma once

#include <simdnn/ops/pooling/geometry.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::pooling {

template <class T, layout L, class Isa>
class reference {
 public:
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const pooling_problem&) { return nullptr; }
  static double cost(const pooling_problem&) { return 1; }
  explicit reference(const pooling_problem& p) : g_(p) {}

  /// argmax is null if the positions of the maxima are not wanted.
  void forward(const view<const T, L>& src, const view<T, L>& dst, const view<T, L>* argmax,
               executor_ref, std::span<std::byte>) const {
    for_each_output([&](index_t n, index_t c, const index_t(&o)[3]) {
      double sum = 0, hits = 0, best = 0, best_tap = -1;
      for_each_tap(o, [&](const index_t(&k)[3], const index_t(&i)[3]) {
        const double x = at(src, n, c, i);
        sum += x;
        ++hits;
        if (best_tap < 0 || x > best || (x != x && best == best)) {
          best = x;
          best_tap = static_cast<double>(g_.tap(k[0], k[1], k[2]));
        }
      });
      const bool max = g_.kind == pooling_kind::max;
      at(dst, n, c, o) = static_cast<T>(max ? best : sum / divisor(hits));
      if (max && argmax != nullptr) at(*argmax, n, c, o) = static_cast<T>(best_tap);
    });
  }

  void backward(const view<const T, L>& diff_dst, const view<const T, L>* argmax,
                const view<T, L>& diff_src, executor_ref, std::span<std::byte>) const {
    for (index_t n = 0; n < g_.batch; ++n)
      for (index_t c = 0; c < g_.channels; ++c) {
        index_t i[3];
        for (i[0] = 0; i[0] < g_.size[0]; ++i[0])
          for (i[1] = 0; i[1] < g_.size[1]; ++i[1])
            for (i[2] = 0; i[2] < g_.size[2]; ++i[2])
              at(diff_src, n, c, i) = static_cast<T>(gradient(diff_dst, argmax, n, c, i));
      }
  }

 private:
  // Tries all windows, because arithmetic on ranges could be wrong here and in the other algorithms
  // alike.
  double gradient(const view<const T, L>& diff_dst, const view<const T, L>* argmax, index_t n,
                  index_t c, const index_t (&i)[3]) const {
    double sum = 0;
    index_t o[3];
    for (o[0] = 0; o[0] < g_.outputs[0]; ++o[0])
      for (o[1] = 0; o[1] < g_.outputs[1]; ++o[1])
        for (o[2] = 0; o[2] < g_.outputs[2]; ++o[2]) {
          index_t k[3];
          bool inside = true;
          for (int d = 0; d < 3; ++d) {
            k[d] = i[d] - (o[d] * g_.stride[d] - g_.pad[d]);
            inside = inside && k[d] >= 0 && k[d] < g_.kernel[d];
          }
          if (!inside) continue;
          const double g = at(diff_dst, n, c, o);
          if (g_.kind != pooling_kind::max)
            sum += g / divisor(hits(o));
          else if (at(*argmax, n, c, o) == static_cast<T>(g_.tap(k[0], k[1], k[2])))
            sum += g;
        }
    return sum;
  }
  double divisor(double hits) const {
    const index_t volume = g_.kernel[0] * g_.kernel[1] * g_.kernel[2];
    return g_.kind == pooling_kind::average_padded ? static_cast<double>(volume) : hits;
  }
  double hits(const index_t (&o)[3]) const {
    double n = 0;
    for_each_tap(o, [&](const auto&, const auto&) { ++n; });
    return n;
  }
  template <class F>
  void for_each_output(F f) const {
    index_t o[3];
    for (index_t n = 0; n < g_.batch; ++n)
      for (index_t c = 0; c < g_.channels; ++c)
        for (o[0] = 0; o[0] < g_.outputs[0]; ++o[0])
          for (o[1] = 0; o[1] < g_.outputs[1]; ++o[1])
            for (o[2] = 0; o[2] < g_.outputs[2]; ++o[2]) f(n, c, o);
  }
  template <class F>
  void for_each_tap(const index_t (&o)[3], F f) const {
    index_t k[3], i[3];
    for (k[0] = 0; k[0] < g_.kernel[0]; ++k[0])
      for (k[1] = 0; k[1] < g_.kernel[1]; ++k[1])
        for (k[2] = 0; k[2] < g_.kernel[2]; ++k[2]) {
          bool inside = true;
          for (int d = 0; d < 3; ++d) {
            i[d] = o[d] * g_.stride[d] - g_.pad[d] + k[d];
            inside = inside && i[d] >= 0 && i[d] < g_.size[d];
          }
          if (inside) f(k, i);
        }
  }
  template <class U>
  static U& at(const view<U, L>& v, index_t n, index_t c, const index_t (&i)[3]) {
    std::array<index_t, max_rank> logical{n, c};
    for (int d = 2; d < L.rank(); ++d) logical.data()[d] = i[3 - L.rank() + d];
    return v.data()[v.offset(logical)];
  }

  geometry g_;
};

}  // namespace simdnn::inline SIMDNN_ABI::pooling
