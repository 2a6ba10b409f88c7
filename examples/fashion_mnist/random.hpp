// Random numbers that are the same on every machine, unlike those of the standard's distributions.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace fashion {

class generator {
 public:
  explicit generator(std::uint64_t seed) : bits_(seed) {}

  /// 0 <= result < n.
  int below(int n) { return static_cast<int>(bits_() % static_cast<std::uint64_t>(n)); }
  /// Uniform between -limit and limit.
  float even(float limit) { return limit * (static_cast<float>(bits_() >> 40) * 0x1p-23f - 1.0f); }
  void shuffle(std::vector<int>& items) {
    for (int i = static_cast<int>(items.size()) - 1; i > 0; --i)
      std::swap(items[i], items[below(i + 1)]);
  }
  /// He et al. 2015: keeps the variance of activations after a relu. `inputs` is the number of
  /// products in one sum.
  void fill_weights(std::span<float> weights, double inputs) {
    const auto limit = static_cast<float>(std::sqrt(6 / inputs));
    for (float& w : weights) w = even(limit);
  }

 private:
  std::mt19937_64 bits_;
};

}  // namespace fashion
