// Adam (Kingma and Ba 2015):
//     m = b1 m + (1 - b1) g        v = b2 v + (1 - b2) g^2
//     w -= rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
#pragma once

#include <cmath>
#include <span>
#include <vector>

namespace fashion {

/// The state of one tensor of weights.
class adam {
 public:
  explicit adam(std::size_t size) : m_(size), v_(size) {}

  /// Moves the weights one step against their gradient; both have the size given above.
  void step(std::span<float> weights, std::span<const float> gradient, float rate) {
    constexpr float b1 = 0.9f, b2 = 0.999f, epsilon = 1e-8f;
    power1_ *= b1;
    power2_ *= b2;
    const auto scale = static_cast<float>(rate * std::sqrt(1 - power2_) / (1 - power1_));
    const auto floor = static_cast<float>(epsilon * std::sqrt(1 - power2_));
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const float g = gradient[i];
      m_[i] += (1 - b1) * (g - m_[i]);
      v_[i] += (1 - b2) * (g * g - v_[i]);
      weights[i] -= scale * m_[i] / (std::sqrt(v_[i]) + floor);
    }
  }

 private:
  std::vector<float> m_, v_;
  double power1_ = 1, power2_ = 1;
};

}  // namespace fashion
