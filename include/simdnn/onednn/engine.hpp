// The engine and the streams of oneDNN, 2.6 and 3.x. Empty unless SIMDNN_WITH_ONEDNN is defined;
// the program must then be linked to oneDNN.
//
// oneDNN uses its own threads: as many as OpenMP gives it (OMP_NUM_THREADS), or one inside a
// parallel region. The executor of an operation does not change that. oneDNN selects instructions
// for the CPU that it finds (ONEDNN_MAX_CPU_ISA limits them) and ignores the plan's Isa.
#pragma once

#if defined(SIMDNN_WITH_ONEDNN)
#include <oneapi/dnnl/dnnl_version.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <simdnn/base/error.hpp>
#include <simdnn/isa/abi.hpp>

#if DNNL_VERSION_MAJOR < 2 || (DNNL_VERSION_MAJOR == 2 && DNNL_VERSION_MINOR < 6)
#error "simdnn needs oneDNN 2.6 or newer"
#endif
#if !defined(__cpp_exceptions)
#error "SIMDNN_WITH_ONEDNN needs exceptions: oneDNN reports its failures by them"
#endif

namespace simdnn::inline SIMDNN_ABI::onednn {

/// The engine for the CPU.
inline const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

/// The calling thread's own stream.
inline dnnl::stream& stream() {
  thread_local dnnl::stream own(engine());
  return own;
}

/// The error that a plan throws if oneDNN has no implementation or fails.
inline error failure(const char* op, const dnnl::error& e) {
  return error(op, "policy.algorithm", "an algorithm that takes the problem",
               std::string("'onednn' (oneDNN: ") + e.what() + ")");
}

}  // namespace simdnn::inline SIMDNN_ABI::onednn
#endif
