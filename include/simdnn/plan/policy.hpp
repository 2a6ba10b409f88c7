// policy: how a user influences the choice of an algorithm.
#pragma once

#include <simdnn/parallel/executor.hpp>
#include <string>
#include <string_view>

namespace simdnn {

/// Remembers which algorithm was measured to be the fastest. tuning_cache (tuning_cache.hpp) is one
/// implementation; users may write their own. A plan locks the memory during look-up and
/// measurement, so that only one caller measures at a time: concurrent measurements would disturb
/// each other.
class algorithm_memory {
 public:
  virtual void lock() = 0;
  virtual void unlock() = 0;
  /// The algorithm kept for this key; empty if there is none.
  virtual std::string find(const std::string& key) const = 0;
  /// Stores the algorithm that was measured to be the fastest for this key.
  virtual void keep(const std::string& key, const std::string& algorithm) = 0;

 protected:
  ~algorithm_memory() = default;
};

/// The direction of an operation's pass.
enum class direction { forward, backward_data, backward_weights };

/// strict: only algorithms whose error is that of plain summation (no Winograd).
enum class accuracy { normal, strict };

/// Given to plans and one-shot functions; the default lets the cost model choose.
struct policy {
  simdnn::accuracy accuracy = simdnn::accuracy::normal;
  /// The name of an algorithm ("direct", "gemm", "reference", "onednn" ...). If it is empty, the
  /// choice is by cost. If no algorithm has this name, the error lists the names; if the algorithm
  /// refuses the problem, the error gives the reason.
  std::string_view algorithm = {};
  /// Lets the choice by cost take oneDNN, if the program is built with it.
  bool allow_onednn = false;
  /// If this is set and no algorithm is named, the plan takes the algorithm that was measured to be
  /// the fastest instead of the cost model's choice. It looks that algorithm up in this memory,
  /// which must outlive the plan's construction. If it is missing, the plan times, once, every
  /// algorithm that the choice by cost could take, on operands that it allocates and frees, with a
  /// bias and relu if the operation fuses post-ops. Call records show these trials as calls. The
  /// same memory gives the same bits.
  algorithm_memory* measured = nullptr;
  /// Runs the measurements; the memory's entry is for its number of threads. If none is set,
  /// default_executor() is used. A temporary is copied; any other executor must outlive the policy.
  held_executor executor = {};
};

}  // namespace simdnn
