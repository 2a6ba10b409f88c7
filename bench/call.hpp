// A call on operands of its own, for what simdnn_bench knows no problem of: ops that memory bounds,
// a few more, and the machine's limits.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

namespace simdnn::bench {

/// What limits a call at best: the multiply-add units, reading and writing its operands, or its
/// operations one behind the other.
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

/// f() as a call; f owns what it works on.
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
  /// All operands together take about this many bytes, unless there is but one size.
  std::unique_ptr<call> (*make)(std::int64_t bytes, int threads);
  const char* only_size = nullptr;  // where the operands are, then
  bool one_thread = false;          // it takes no executor
};

}  // namespace simdnn::bench
