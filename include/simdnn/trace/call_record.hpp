// A record of each call of an operation, and of each packing of weights.
//
// SIMDNN_VERBOSE=1 in the environment prints the records to stderr, one line each:
//     simdnn: conv_forward mb8ic64ih56... float nChw16c:nChw16c avx512 winograd_4x4_3x3 threads=2
//     ms=0.412 GFLOP/s=561.2 GB/s=15.7
// (on one line). A hook of the program gets the same records:
//     const call_hook hook{[](const call_record& call, void* data) { ... }, &statistics};
//     set_call_hook(&hook);
// Both are told once per program if a call uses more threads than the process may use CPUs.
// chrome_trace (chrome_trace.hpp) is such a hook; it writes a timeline. With no listener, a call
// costs three extra loads and two branches; -DSIMDNN_NO_CALL_RECORDS removes them. fixed_gemm and
// fixed_conv make no records, because they take less time than reading a clock.
#pragma once

#include <time.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <simdnn/isa/abi.hpp>
#include <simdnn/isa/program.hpp>
#include <simdnn/parallel/executor.hpp>
#include <simdnn/parallel/usable_cpus.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace simdnn {

/// One call of an operation. Its time does not include the checks of the operands.
struct call_record {
  const char* op = "";  ///< operation and direction, such as "conv_backward_data"
  /// If true, the call packed weights into the plan's order and did not run the operation.
  bool packing = false;
  std::string problem = {};  ///< in benchdnn's notation; for a tensor_problem, its sizes
  const char* type = "";     ///< "float" or "double"; for reorder and concat also other types
  /// "nChw16c:nChw16c": the layouts of the plan, in the order of its arguments.
  std::string layouts = {};
  const char* isa = "";        ///< "avx512"
  const char* algorithm = "";  ///< "winograd_4x4_3x3"
  int threads = 1;             ///< the executor's concurrency
  double flops = 0;            ///< of the plain algorithm; 0 if the operation does not count them
  double bytes = 0;            ///< of all operands, each once
  std::int64_t start = 0;      ///< nanoseconds on the monotonic clock
  std::int64_t duration = 0;   ///< nanoseconds

  double milliseconds() const { return static_cast<double>(duration) * 1e-6; }
  double gflops() const { return duration > 0 ? flops / static_cast<double>(duration) : 0; }
  double gbytes() const { return duration > 0 ? bytes / static_cast<double>(duration) : 0; }

  /// The line that SIMDNN_VERBOSE=1 prints, without the newline.
  std::string str() const {
    return std::string("simdnn: ") + op + (packing ? "/pack " : " ") + problem + ' ' + type + ' ' +
           layouts + ' ' + isa + ' ' + algorithm + " threads=" + std::to_string(threads) +
           " ms=" + decimal(milliseconds(), 3) + " GFLOP/s=" + decimal(gflops(), 1) +
           " GB/s=" + decimal(gbytes(), 1);
  }
  /// x >= 0 with this many digits after the decimal point, which is '.' in every locale.
  static std::string decimal(double x, int digits) {
    std::int64_t unit = 1;
    for (int i = 0; i < digits; ++i) unit *= 10;
    const auto all = static_cast<std::int64_t>(x * static_cast<double>(unit) + 0.5);
    std::string behind = std::to_string(all % unit);
    behind.insert(0, static_cast<std::size_t>(digits) - behind.size(), '0');
    return std::to_string(all / unit) + '.' + behind;
  }
};

/// Called after each operation, on the thread that called the operation; several threads may call
/// it at once. It must not throw.
struct call_hook {
  void (*called)(const call_record& call, void* data);
  void* data = nullptr;
  /// If not null, called before `called` with the text of a warning, for which the same rules hold.
  void (*warned)(const char* text, void* data) = nullptr;
};

}  // namespace simdnn

namespace simdnn::inline SIMDNN_ABI {

/// Installs a hook for the whole program, including its units for other ISAs; nullptr removes the
/// hook. Returns the previous hook. A hook must outlive all calls that began before it was removed.
inline const call_hook* set_call_hook(const call_hook* hook) {
  return isa::program().hook.exchange(hook, std::memory_order_acq_rel);
}

namespace calls {

#if defined(SIMDNN_NO_CALL_RECORDS)
inline constexpr bool compiled = false;
#else
inline constexpr bool compiled = true;
#endif

inline std::int64_t now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{1000000000} * t.tv_sec + t.tv_nsec;
}

/// Whether records are wanted, or it is not known yet whether they are.
inline bool observed() {
  if (!compiled) return false;
  const isa::program_state& state = isa::program();
  return state.hook.load(std::memory_order_relaxed) != nullptr ||
         state.verbose.load(std::memory_order_relaxed) != isa::verbosity::off;
}

inline bool verbose() {
  std::atomic<isa::verbosity>& setting = isa::program().verbose;
  if (setting.load(std::memory_order_relaxed) == isa::verbosity::unknown) {
    const char* const text = std::getenv("SIMDNN_VERBOSE");
    const bool on = text != nullptr && *text != 0 && std::string_view(text) != "0";
    setting.store(on ? isa::verbosity::on : isa::verbosity::off, std::memory_order_relaxed);
  }
  return setting.load(std::memory_order_relaxed) == isa::verbosity::on;
}

inline void report(const call_record& call) {
  if (verbose()) std::fprintf(stderr, "%s\n", call.str().c_str());
  const call_hook* const hook = isa::program().hook.load(std::memory_order_acquire);
  if (hook != nullptr) hook->called(call, hook->data);
}

/// Warns of a call that uses more threads than the process may use CPUs (affinity mask or cgroup):
/// they take turns, which makes calls slower. Only the program's first such call that anyone
/// listens to is reported.
inline void warn_of_threads(const call_record& call) {
  std::atomic<bool>& done = isa::program().oversubscribed;
  if (call.threads <= 1 || done.load(std::memory_order_relaxed) || call.threads <= usable_cpus())
    return;
  const call_hook* const hook = isa::program().hook.load(std::memory_order_acquire);
  const bool hooked = hook != nullptr && hook->warned != nullptr, printed = verbose();
  if ((!hooked && !printed) || done.exchange(true)) return;
  const std::string text = std::string("simdnn: warning: ") + call.op + ": expected at most " +
                           std::to_string(usable_cpus()) +
                           " threads, the CPUs that this process may use, got " +
                           std::to_string(call.threads);
  if (printed) std::fprintf(stderr, "%s\n", text.c_str());
  if (hooked) hook->warned(text.c_str(), hook->data);
}

template <class T>
constexpr const char* type_name() {
  return std::is_same_v<T, float>          ? "float"
         : std::is_same_v<T, double>       ? "double"
         : std::is_same_v<T, std::int32_t> ? "int32"
                                           : "other";
}

/// Measures the time from its construction to stop().
class timer {
 public:
  timer() : start_(observed() ? now() : 0) {}
  /// Calls finish(start) if a record is wanted, or if it is not known yet whether it is.
  template <class Finish>
  void stop(const Finish& finish) const {
    if (start_ != 0) [[unlikely]]
      finish(start_);
  }

 private:
  std::int64_t start_;
};

}  // namespace calls

}  // namespace simdnn::inline SIMDNN_ABI
