// call: a function with its own operands, whose time isa_bench measures.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace simdnn::bench {

/// What limits the speed of a call: the multiply-add units, reading and writing its operands, or
/// the latency of operations that run one after the other.
enum class bound { arithmetic, memory, latency };

class call {
 public:
  call(double flops, double bytes) : flops(flops), bytes(bytes) {}
  virtual ~call() = default;
  /// The timed part.
  virtual void run() = 0;

  const double flops;  // operations of one run
  const double bytes;  // of the operands, each read or written once
};

/// A call that runs f, which owns its operands.
template <class F>
std::unique_ptr<call> make_call(double flops, double bytes, F f) {
  struct owner final : call {
    owner(double flops, double bytes, F f) : call(flops, bytes), f(std::move(f)) {}
    void run() override { f(); }
    F f;
  };
  return std::make_unique<owner>(flops, bytes, std::move(f));
}

struct call_maker {
  const char* name;  // op/pass/problem/algorithm
  bound limit;
  /// All operands together take about `bytes` bytes. If only_size is set, `bytes` is ignored.
  std::unique_ptr<call> (*make)(std::int64_t bytes, int threads);
  const char* only_size = nullptr;  // the only size class, e.g. "L1", or null
  bool one_thread = false;          // it takes no executor
};

}  // namespace simdnn::bench
