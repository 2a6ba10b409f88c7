// The transforms of Winograd's minimal filtering F(Outputs, Taps) in one dimension (Lavin and Gray,
// arXiv 1509.09308):
//     y = A^T [ (G g) * (B^T d) ]
// from Toom-Cook interpolation at 0, at pairs of points +-p, and at infinity. The two points of a
// pair share the sum of even powers and the sum of odd powers. Points that are large or small
// increase rounding errors: with the four points +-5/8 and +-3/2 the error in two dimensions is 2.7
// times smaller than with +-1 and +-2.
#pragma once

#include <simdnn/base/unroll.hpp>
#include <simdnn/isa/vec.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <int Outputs, int Taps>
struct winograd_transform {
  static constexpr int outputs = Outputs, taps = Taps, inputs = Outputs + Taps - 1;
  static_assert(inputs == 4 || inputs == 6 || inputs == 8,
                "there are points for one, two and three pairs");

  /// y = B^T d
  template <class V>
  static SIMDNN_INLINE void input(const c_array<V, inputs>& d, c_array<V, inputs>& y) {
    y[0] = sum<V, pairs>(all.c, d, 0);
    y[inputs - 1] = sum<V, pairs>(all.c, d, 1);
    unroll<pairs>([&](auto i) SIMDNN_INLINE_LAMBDA {
      const V even = sum<V, pairs - 1>(others[i].c, d, 2),
              odd = V(number<V>(points[i])) * sum<V, pairs - 1>(others[i].c, d, 1);
      y[1 + 2 * i] = even + odd;
      y[2 + 2 * i] = even - odd;
    });
  }
  /// y = A^T m
  template <class V>
  static SIMDNN_INLINE void output(const c_array<V, inputs>& m, c_array<V, outputs>& y) {
    c_array<V, pairs> sums, differences;
    unroll<pairs>([&](auto i) SIMDNN_INLINE_LAMBDA {
      sums[i] = m[1 + 2 * i] + m[2 + 2 * i];
      differences[i] = m[1 + 2 * i] - m[2 + 2 * i];
    });
    unroll<outputs>([&](auto j) SIMDNN_INLINE_LAMBDA {
      const auto& s = j % 2 == 0 ? sums : differences;
      V result = j == 0 ? m[0] + s[0] : V(number<V>(power(points[0], j))) * s[0];
      unroll<pairs - 1>([&](auto i) SIMDNN_INLINE_LAMBDA {
        result = j == 0 ? result + s[i + 1]
                        : fma(s[i + 1], V(number<V>(power(points[i + 1], j))), result);
      });
      y[j] = j == outputs - 1 ? result + m[inputs - 1] : result;
    });
  }
  /// u = G g
  static void weights(const c_array<double, taps>& g, c_array<double, inputs>& u) {
    u[0] = g[0] / all.c[0];
    u[inputs - 1] = g[taps - 1];
    for (int i = 0; i < pairs; ++i) {
      const double p = points[i], square = p * p;
      double norm = 2 * square;  // product of the distances to all other points
      for (int k = 0; k < pairs; ++k)
        if (k != i) norm *= square - points[k] * points[k];
      double even = 0, odd = 0;
      for (int k = 0; k < taps; ++k) (k % 2 == 0 ? even : odd) += power(p, k) * g[k] / norm;
      u[1 + 2 * i] = even + odd;
      u[2 + 2 * i] = even - odd;
    }
  }

 private:
  static constexpr int pairs = (inputs - 2) / 2;
  static constexpr double choose(int i) {
    constexpr double two[] = {0.625, 1.5}, three[] = {0.5, 0.875, 1.5};
    return pairs == 1 ? 1.0 : pairs == 2 ? two[i] : three[i];
  }
  struct numbers {
    c_array<double, pairs + 1> c;
  };
  static constexpr numbers points_of() {
    numbers n{};
    for (int i = 0; i < pairs; ++i) n.c[i] = choose(i);
    return n;
  }
  // Coefficients, by ascending powers of z, of the product of z - p^2 over all pairs but
  // `left_out`.
  static constexpr numbers product(int left_out) {
    numbers n{};
    n.c[0] = 1;
    for (int i = 0; i < pairs; ++i) {
      if (i == left_out) continue;
      for (int k = pairs; k >= 0; --k)
        n.c[k] = (k > 0 ? n.c[k - 1] : 0) - choose(i) * choose(i) * n.c[k];
    }
    return n;
  }
  static constexpr double power(double p, int n) { return n == 0 ? 1 : p * power(p, n - 1); }
  template <class V>
  static constexpr auto number(double x) {
    return static_cast<typename V::value_type>(x);
  }
  // The sum of c[i] * d[first + 2 * i] for i = 0 .. Last, where c[Last] is 1.
  template <class V, int Last>
  static SIMDNN_INLINE V sum(const c_array<double, pairs + 1>& c, const c_array<V, inputs>& d,
                             int first) {
    V result = d[first + 2 * Last];
    unroll<Last>([&](auto i) SIMDNN_INLINE_LAMBDA {
      result = fma(d[first + 2 * (Last - 1 - i)], V(number<V>(c[Last - 1 - i])), result);
    });
    return result;
  }

  static constexpr numbers point_list = points_of();
  static constexpr const c_array<double, pairs + 1>& points = point_list.c;
  static constexpr numbers all = product(-1);
  struct without_one {
    c_array<numbers, pairs> of;
    constexpr const numbers& operator[](int i) const { return of[i]; }
  };
  static constexpr without_one others = [] {
    without_one w{};
    for (int i = 0; i < pairs; ++i) w.of[i] = product(i);
    return w;
  }();
};

/// The identity, for the dimension in which a one-dimensional kernel has size 1.
template <>
struct winograd_transform<1, 1> {
  static constexpr int outputs = 1, taps = 1, inputs = 1;
  template <class V>
  static SIMDNN_INLINE void input(const V (&d)[1], V (&y)[1]) {
    y[0] = d[0];
  }
  template <class V>
  static SIMDNN_INLINE void output(const V (&m)[1], V (&y)[1]) {
    y[0] = m[0];
  }
  static void weights(const double (&g)[1], double (&u)[1]) { u[0] = g[0]; }
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
