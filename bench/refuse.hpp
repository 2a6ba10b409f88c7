// Errors of the benchmarks about wrong options and problems, in the format of the library's errors.
#pragma once

#include <stdexcept>
#include <string>

namespace simdnn::bench {

/// Throws std::invalid_argument: "argument: expected X, got Y".
[[noreturn]] inline void refuse(const std::string& argument, const std::string& expected,
                                const std::string& actual) {
  throw std::invalid_argument(argument + ": expected " + expected + ", got " + actual);
}

}  // namespace simdnn::bench
