// What a user may say about how an operation is to be done.
#pragma once

#include <simdnn/parallel/executor.hpp>
#include <string>
#include <string_view>

namespace simdnn {

/// Who remembers which algorithm was measured to be the fastest: tuning_cache (tuning_cache.hpp), or a
/// class of the user's. It is locked while a plan looks a key up, and measures what is missing: one
/// caller at a time, for others would disturb it.
class algorithm_memory {
 public:
  virtual void lock() = 0;
  virtual void unlock() = 0;
  /// The algorithm kept for this key, or empty.
  virtual std::string find(const std::string& key) const = 0;
  /// Keeps what was measured, from now on.
  virtual void keep(const std::string& key, const std::string& algorithm) = 0;

 protected:
  ~algorithm_memory() = default;
};

/// The pass of an operation.
enum class direction { forward, backward_data, backward_weights };

/// strict: only algorithms whose error is that of plain summation (no Winograd).
enum class accuracy { normal, strict };

/// Given to plans and one-shot functions; the default lets the cost model choose.
struct policy {
  simdnn::accuracy accuracy = simdnn::accuracy::normal;
  /// An algorithm by its name ("direct", "gemm", "reference", "onednn" ...); empty chooses by cost. A
  /// name that does not exist or that refuses the problem throws error with the list or the reason.
  std::string_view algorithm = {};
  /// Lets the choice by cost take oneDNN, where the program was built with it.
  bool allow_onednn = false;
  /// Where set, and no algorithm is named, the fastest by measurement is taken in place of the cost
  /// model's choice: from this memory, which must outlive the plan's construction, else by timing
  /// every algorithm that the choice by cost could take, once, with a bias and relu where the op
  /// fuses such, on operands that the plan allocates for it and drops. Call records show these
  /// trials as the calls that they are. Results are then the same bits where the memory is the same.
  algorithm_memory* measured = nullptr;
  /// Who runs what is measured, and how many threads the memory's entry is for; none:
  /// default_executor(). A temporary is copied, any other executor must outlive the policy.
  held_executor executor = {};
};

}  // namespace simdnn
