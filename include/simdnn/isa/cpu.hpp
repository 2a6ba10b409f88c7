// The ISAs that this CPU and its operating system support, from cpuid and xgetbv, and their names.
#pragma once

#include <cpuid.h>

#include <array>
#include <optional>
#include <simdnn/isa/abi.hpp>
#include <string_view>

namespace simdnn::isa {

/// All ISAs, ascending.
inline constexpr std::array all{id::sse2, id::sse42, id::avx2, id::avx512};

/// "sse2", "sse42", "avx2" or "avx512".
constexpr const char* to_name(id isa) {
  constexpr const char* names[] = {sse2::name, sse42::name, avx2::name, avx512::name};
  return names[static_cast<int>(isa)];
}

/// The ISA with this name; nullopt if there is none.
constexpr std::optional<id> from_name(std::string_view name) {
  for (const id isa : all) {
    if (name == to_name(isa)) return isa;
  }
  return std::nullopt;
}

// In the ABI namespace, because it runs before an ISA is chosen: the caller must get the copy that
// was compiled with its own flags.
inline namespace SIMDNN_ABI {

namespace detail {

struct cpuid_registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// All zero if the CPU does not have this leaf.
inline cpuid_registers cpuid(unsigned leaf) {
  cpuid_registers r;
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
  return r;
}

// XCR0: the register states that the operating system saves. Needs OSXSAVE.
inline unsigned enabled_states() {
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

// Checks every feature that -msse4.2, -mavx2 -mfma and the -mavx512 flags let a compiler use. These
// are more than the flags name: gcc adds popcnt to SSE4.2, clang F16C to AVX-512.
inline id detect() {
  const auto has = [](unsigned word, unsigned bits) { return (word & bits) == bits; };
  const cpuid_registers one = cpuid(1), seven = cpuid(7);
  if (!has(one.ecx, bit_SSE3 | bit_SSSE3 | bit_SSE4_1 | bit_SSE4_2 | bit_POPCNT)) return id::sse2;

  constexpr unsigned ymm_states = 0x06;  // XMM, YMM
  constexpr unsigned zmm_states = 0xe6;  // and opmask, upper halves of ZMM0-15, ZMM16-31
  if (!has(one.ecx, bit_OSXSAVE | bit_AVX | bit_FMA | bit_F16C) || !has(seven.ebx, bit_AVX2) ||
      !has(enabled_states(), ymm_states)) {
    return id::sse42;
  }
  constexpr unsigned avx512 =
      bit_AVX512F | bit_AVX512CD | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL;
  if (!has(seven.ebx, avx512) || !has(enabled_states(), zmm_states)) return id::avx2;
  return id::avx512;
}

}  // namespace detail

/// The best ISA that this CPU and its operating system support.
inline id best_supported() {
  static const id best = detail::detect();
  return best;
}

inline bool cpu_supports(id isa) { return isa <= best_supported(); }

}  // namespace SIMDNN_ABI
}  // namespace simdnn::isa
