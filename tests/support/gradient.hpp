// Gradients by central differences, in double.
#pragma once

#include "support/random.hpp"

namespace test {

/// d loss() / d x for each element of x, which loss reads.
template <simdnn::layout L, class F>
simdnn::tensor<double, L> numeric_gradient(simdnn::tensor<double, L>& x, F loss,
                                           double step = 1e-5) {
  simdnn::tensor<double, L> g(x.shape());
  for_each_index(x.shape(), [&](const index& i) {
    double& e = element(x, i);
    const double at = e;
    e = at + step;
    const double above = loss();
    e = at - step;
    const double below = loss();
    e = at;
    element(g, i) = (above - below) / (2 * step);
  });
  return g;
}

/// The sum of x * y over all elements. With a random y it is a loss whose gradient is y.
template <simdnn::tensor_like X, simdnn::tensor_like Y>
double dot(const X& x, const Y& y) {
  double sum = 0;
  for_each_index(x.as_view().shape(), [&](const index& i) {
    sum += static_cast<double>(element(x, i)) * static_cast<double>(element(y, i));
  });
  return sum;
}

/// The largest difference of two tensors of double.
template <simdnn::tensor_like X, simdnn::tensor_like Y>
double distance(const X& x, const Y& y) {
  double worst = 0;
  for_each_index(x.as_view().shape(), [&](const index& i) {
    const double d = std::abs(element(x, i) - element(y, i));
    if (!(d <= worst)) worst = d;  // NaN is the worst
  });
  return worst;
}

}  // namespace test
