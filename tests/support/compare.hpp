// The tolerances of all tests.
//
// Operands are drawn from -1..1. A sum of K products, computed in T in any order, then has partial
// sums of the order of sqrt(k) / 3. Its rounding errors add up like a random walk to about
// u * K / 7, where u is half an epsilon. Relative to the size of the result this is
// sqrt(K) * u / 2.4. Tests require
//     |actual - reference| <= (4 + 2 sqrt(K)) * epsilon * factor * max(max|reference|, sqrt(K) / 3)
// The 4 is for the steps after the sum (post-ops, a division, exp). factor is 1, except for
// algorithms that transform their operands.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <simdnn/base/error.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/elements.hpp"

namespace test {

/// The error allowed relative to the size of the results.
template <class T>
double relative_tolerance(index_t terms, double factor = 1) {
  return (4 + 2 * std::sqrt(static_cast<double>(terms))) * factor *
         static_cast<double>(std::numeric_limits<T>::epsilon());
}

/// The factor of an algorithm of this name.
inline double transform_factor(std::string_view algorithm) {
  return algorithm.starts_with("winograd") ? 3 : 1;
}

/// The elements in the order of for_each_index, as double.
template <simdnn::tensor_like X>
std::vector<double> numbers(const X& x) {
  std::vector<double> result;
  for_each_index(x.as_view().shape(),
                 [&](const index& i) { result.push_back(static_cast<double>(element(x, i))); });
  return result;
}

// One function for all types and layouts, so that tests compile faster.
inline std::string difference(const std::vector<double>& actual,
                              const std::vector<double>& reference, const simdnn::shape& s,
                              index_t terms, double relative) {
  double size = std::sqrt(static_cast<double>(terms)) / 3;
  for (const double r : reference)
    if (std::isfinite(r)) size = std::max(size, std::abs(r));
  const double tolerance = relative * size;
  double worst = 0;
  std::ostringstream text;
  std::size_t at = 0;
  for_each_index(s, [&](const index& i) {
    const double a = actual[at], r = reference[at];
    ++at;
    if (a == r || (std::isnan(a) && std::isnan(r))) return;
    const double error =
        std::isfinite(a) && std::isfinite(r) ? std::abs(a - r) : std::numeric_limits<double>::max();
    if (error <= std::max(tolerance, worst)) return;
    worst = error;
    text.str("");
    text.precision(17);
    text << index_text(i, s.rank()) << " is " << a << ", reference " << r << ", error "
         << error / tolerance << " of what is allowed";
  });
  return text.str();
}

/// "" if all elements of `actual` are as near to `reference` as sums of `terms` products in
/// actual's type must be, else a description of the fault. NaN agrees only with NaN, infinity only
/// with the same infinity.
template <simdnn::tensor_like X, simdnn::tensor_like R>
std::string difference(const X& actual, const R& reference, index_t terms, double factor = 1) {
  using T = std::remove_const_t<typename X::value_type>;
  const simdnn::shape s = reference.as_view().shape();
  if (actual.as_view().shape() != s) {
    return "shape " + actual.as_view().shape().str() + " instead of " + s.str();
  }
  return difference(numbers(actual), numbers(reference), s, terms,
                    relative_tolerance<T>(terms, factor));
}

/// The text of the simdnn::error that f throws, or "no error".
template <class F>
std::string message(F f) {
  try {
    f();
  } catch (const simdnn::error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace test
