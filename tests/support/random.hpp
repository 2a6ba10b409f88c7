// Reproducible random numbers: the same seed and shape give the same logical elements in every
// layout.
#pragma once

#include <cstdint>

#include "support/elements.hpp"

namespace test {

/// splitmix64: the same on every machine, unlike the standard's distributions.
class random {
 public:
  explicit random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// Uniform between low and high.
  double number(double low = -1, double high = 1) {
    return low + (high - low) * static_cast<double>(bits() >> 11) * 0x1p-53;
  }
  /// low <= result <= high.
  index_t integer(index_t low, index_t high) {
    return low + static_cast<index_t>(bits() % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::uint64_t state_;
};

/// Fills the elements, not the blocks' padding, with uniform numbers between low and high.
template <simdnn::tensor_like X>
void fill_random(X&& x, std::uint64_t seed, double low = -1, double high = 1) {
  using T = typename std::remove_cvref_t<X>::value_type;
  random r(seed);
  for_each_index(x.as_view().shape(), [&](const index& i) {
    element(x, i) = static_cast<T>(static_cast<float>(r.number(low, high)));  // the same in double
  });
}

template <class T, simdnn::layout L>
simdnn::tensor<T, L> random_tensor(const simdnn::shape& s, std::uint64_t seed, double low = -1,
                                   double high = 1) {
  simdnn::tensor<T, L> x(s);
  fill_random(x, seed, low, high);
  return x;
}

}  // namespace test
