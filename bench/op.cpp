#include <bench/op.hpp>

namespace simdnn::bench {

std::span<const op> ops() {
  static constexpr op table[] = {
      {.name = "conv",
       .backward = true,
       .fusable = true,
       .make = make_conv_workload,
       .fixed = [](const kernels& code) { return code.fixed_convs(); }},
      {.name = "gemm",
       .backward = false,
       .fusable = false,
       .make = make_gemm_workload,
       .fixed = [](const kernels&) { return fixed_cubes(); }},
      {.name = "inner_product",
       .backward = true,
       .fusable = true,
       .make = make_inner_product_workload},
  };
  return table;
}

floats random_operand(std::int64_t elements, std::uint64_t seed) {
  floats v(static_cast<std::size_t>(elements));
  std::uint64_t state = seed;
  for (float& x : v) {
    // SplitMix64 (Steele, Lea, Flood 2014); the upper 24 bits.
    std::uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    x = static_cast<float>((z ^ (z >> 31)) >> 40) * 0x1p-23F - 1.0F;
  }
  return v;
}

}  // namespace simdnn::bench
