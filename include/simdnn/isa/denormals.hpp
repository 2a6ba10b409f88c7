// Denormals are the numbers closest to zero (below 1.2e-38 in float). Arithmetic on them can take a
// CPU 150 times as long as on other numbers. Each thread has a mode that replaces them by zeros;
// parallel_for sets the caller's mode in its workers.
#pragma once

#include <xmmintrin.h>

#include <simdnn/isa/abi.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// The bits of MXCSR that replace denormals by zeros: in results (FTZ) and in operands (DAZ).
inline constexpr unsigned flush_bits = 0x8000 | 0x0040;

/// The flush_bits that are set in the calling thread.
SIMDNN_INLINE unsigned denormal_mode() { return _mm_getcsr() & flush_bits; }

/// Sets the calling thread's mode; the destructor restores the previous one.
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

/// While the object exists, operations called by its thread read denormals as zeros and write zeros
/// instead of denormals, in all workers except oneDNN's. The thread that creates it must destroy
/// it; scopes may nest.
class flush_denormals : denormal_scope {
 public:
  flush_denormals() : denormal_scope(flush_bits) {}
};

}  // namespace simdnn::inline SIMDNN_ABI
