// split_mix: random numbers that are the same on every machine, unlike those of the standard's
// distributions. SplitMix64 (Steele, Lea, Flood 2014).
#pragma once

#include <cstddef>
#include <cstdint>

namespace simdnn::bench {

class split_mix {
 public:
  explicit split_mix(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// A number from [-1, 1), made of the upper 24 bits.
  float number() { return static_cast<float>(bits() >> 40) * 0x1p-23F - 1.0F; }
  /// low <= result <= high.
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool one_in(std::int64_t n) { return integer(1, n) == 1; }
  template <class T, std::size_t N>
  const T& pick(const T (&list)[N]) {
    return list[integer(0, N - 1)];
  }

 private:
  std::uint64_t state_;
};

}  // namespace simdnn::bench
