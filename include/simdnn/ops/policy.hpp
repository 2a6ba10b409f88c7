// What a user may say about how an operation is to be done.
#pragma once

#include <string_view>

namespace simdnn {

/// The pass of an operation.
enum class direction { forward, backward_data, backward_weights };

/// strict: only algorithms whose error is that of plain summation (no Winograd).
enum class accuracy { normal, strict };

/// Given to plans and one-shot functions; the default lets the cost model choose.
struct policy {
  simdnn::accuracy accuracy = simdnn::accuracy::normal;
  /// A variant by its name ("direct", "gemm", "reference", "onednn" ...); empty chooses by cost. A name
  /// that does not exist or that refuses the problem throws error with the list or the reason.
  std::string_view variant = {};
  /// Lets the choice by cost take oneDNN, where the program was built with it.
  bool allow_onednn = false;
};

}  // namespace simdnn
