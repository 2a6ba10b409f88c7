// The library's exception, and error handling in units that are compiled without exceptions.
#pragma once

#include <cstdlib>
#include <simdnn/base/config.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace simdnn {

/// Thrown by every public function on bad input, before anything is read or written.
/// what() reads "op: argument: expected X, got Y", for instance
///     conv_forward: src: expected 64 channels, got 3
class error : public std::invalid_argument {
 public:
  error(std::string op, std::string argument, std::string expected, std::string actual)
      : std::invalid_argument(op + ": " + argument + ": expected " + expected + ", got " + actual),
        op_(std::move(op)),
        argument_(std::move(argument)),
        expected_(std::move(expected)),
        actual_(std::move(actual)) {}

  /// The function or type that threw, e.g. "conv_forward".
  const std::string& op() const noexcept { return op_; }
  /// The argument or field at fault, e.g. "src".
  const std::string& argument() const noexcept { return argument_; }
  /// The required value, a noun phrase, e.g. "64 channels".
  const std::string& expected() const noexcept { return expected_; }
  /// The value that was passed instead, e.g. "3".
  const std::string& actual() const noexcept { return actual_; }

 private:
  std::string op_, argument_, expected_, actual_;
};

#if !defined(__cpp_exceptions)
/// Called instead of throwing in units compiled with -fno-exceptions. If the handler returns, the
/// program is aborted. By default there is none, and the program is aborted at once.
using error_handler = void (*)(const std::exception&);
inline error_handler& on_error() {
  static error_handler handler = nullptr;
  return handler;
}
#endif

/// Throws `e`; without exceptions, calls on_error() and aborts.
template <class Error>
[[noreturn]] SIMDNN_NOINLINE void raise(const Error& e) {
#if defined(__cpp_exceptions)
  throw e;
#else
  if (on_error() != nullptr) on_error()(e);
  std::abort();
#endif
}

[[noreturn]] SIMDNN_NOINLINE inline void throw_error(std::string op, std::string argument,
                                                     std::string expected, std::string actual) {
  raise(error(std::move(op), std::move(argument), std::move(expected), std::move(actual)));
}

/// 'text' with its quotes, for errors. Not operator+: gcc 12 gives a false warning (PR105651).
inline std::string quoted(std::string_view text) {
  std::string all(1, '\'');
  all.append(text).append(1, '\'');
  return all;
}

}  // namespace simdnn
