#include <doctest/doctest.h>

#include <simdnn/isa/cpu.hpp>

namespace isa = simdnn::isa;

TEST_CASE("names and ids convert both ways") {
  for (const isa::id i : isa::all) CHECK(isa::from_name(isa::to_name(i)) == i);
  CHECK(isa::from_name("avx512") == isa::id::avx512);
  CHECK_FALSE(isa::from_name("AVX2"));
  CHECK_FALSE(isa::from_name(""));
}

TEST_CASE("detection agrees with the compiler's runtime") {
  __builtin_cpu_init();
  const bool sse42 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
  const bool avx2 = sse42 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  CHECK(isa::cpu_supports(isa::id::sse2));
  CHECK(isa::cpu_supports(isa::id::sse42) == sse42);
  CHECK(isa::cpu_supports(isa::id::avx2) == avx2);
  CHECK(isa::cpu_supports(isa::id::avx512) == avx512);
  CHECK(isa::cpu_supports(isa::best_supported()));
}
