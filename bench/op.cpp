#include <bench/kernels.hpp>
#include <bench/op.hpp>
#include <bench/random_case.hpp>
#include <bench/split_mix.hpp>

namespace simdnn::bench {

std::span<const op> ops() {
  static constexpr op table[] = {
      {.name = "conv",
       .backward = true,
       .fusable = true,
       .make = make_conv_workload,
       .has = [](const op&, const peer& p) { return p.conv != nullptr; },
       .random = make_random_conv,
       .fixed = [](const kernels& code) { return code.fixed_convs(); }},
      {.name = "gemm",
       .backward = false,
       .fusable = false,
       .make = make_gemm_workload,
       .has = [](const op&, const peer& p) { return p.gemm != nullptr; },
       .random = make_random_gemm,
       .fixed = [](const kernels&) { return fixed_cubes(); }},
      {.name = "inner_product",
       .backward = true,
       .fusable = true,
       .make = make_inner_product_workload,
       .has = [](const op&, const peer& p) { return p.inner_product != nullptr; },
       .random = make_random_inner_product},
  };
  return table;
}

comparison product_judge::compare(const float* got, bool sample) const {
  constexpr std::uint64_t seed = 20240229;
  static dot_function* const dots = isa::dispatch<kernels>()->dots;
  return bench::compare(*wanted_, got, sample, seed, dots);
}

floats random_operand(std::int64_t elements, std::uint64_t seed) {
  floats v(static_cast<std::size_t>(elements));
  split_mix random(seed);
  for (float& x : v) x = random.number();
  return v;
}

}  // namespace simdnn::bench
