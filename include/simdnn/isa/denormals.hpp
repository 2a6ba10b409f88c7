// Denormals: the numbers nearest to zero (below 1.2e-38 in float), with which a CPU can take 150 times
// as long as with others. Each thread has a mode for them; parallel_for gives its workers the
// caller's.
#pragma once

#include <xmmintrin.h>

#include <simdnn/isa/abi.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// The bits of MXCSR that replace denormals by zeros: in results (FTZ) and in operands (DAZ).
inline constexpr unsigned flush_bits = 0x8000 | 0x0040;

/// Those that are set in the calling thread.
SIMDNN_INLINE unsigned denormal_mode() { return _mm_getcsr() & flush_bits; }

/// The calling thread is in this mode while the object lives, then again in the one before.
class denormal_scope {
 public:
  explicit denormal_scope(unsigned mode) : before_(denormal_mode()) { set(mode); }
  denormal_scope(const denormal_scope&) = delete;
  denormal_scope& operator=(const denormal_scope&) = delete;
  ~denormal_scope() { set(before_); }

 private:
  static void set(unsigned mode) {
    const unsigned now = _mm_getcsr();
    if ((now & flush_bits) != mode) _mm_setcsr((now & ~flush_bits) | mode);
  }
  unsigned before_;
};

/// While it lives, the operations that its thread calls take denormals for zeros and return zeros
/// in their place, in all workers (but oneDNN's). Its thread destroys it; scopes may nest.
class flush_denormals : denormal_scope {
 public:
  flush_denormals() : denormal_scope(flush_bits) {}
};

}  // namespace simdnn::inline SIMDNN_ABI
