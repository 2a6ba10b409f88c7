// gemm_problem: c = alpha * a * b + beta * c, with a of m rows and k columns, b of k rows and n
// columns. Transposes are layouts: a matrix stored column by column is a tensor<T, "ba">.
#pragma once

#include <simdnn/base/math.hpp>
#include <simdnn/plan/policy.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>
#include <string_view>

namespace simdnn {

struct gemm_problem {
  index_t m = 1, n = 1, k = 1;
  double alpha = 1;  ///< 0: a and b are never read
  double beta = 0;   ///< 0: c is written, never read

  friend constexpr bool operator==(const gemm_problem&, const gemm_problem&) = default;

  /// Throws error naming the field that breaks a rule. Zero sizes are legal; k = 0 leaves beta * c.
  gemm_problem checked(const char* op = "gemm_problem") const {
    const auto rule = [&](index_t size, const char* field) {
      if (size < 0) throw_error(op, field, "it must be at least 0", "is " + std::to_string(size));
    };
    rule(m, "m");
    rule(n, "n");
    rule(k, "k");
    for (const shape& s : {a_shape(), b_shape(), c_shape()})
      checked_size(s.elements(), op, "m, n, k");
    return *this;
  }
  constexpr shape a_shape() const { return {m, k}; }
  constexpr shape b_shape() const { return {k, n}; }
  constexpr shape c_shape() const { return {m, n}; }
  constexpr double flops() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }
  /// Elements of a, b and c, each once.
  constexpr double elements() const {
    const auto x = static_cast<double>(m), y = static_cast<double>(n), z = static_cast<double>(k);
    return x * z + z * y + x * y;
  }

  /// benchdnn's notation of a matmul: "16x64:64x32".
  std::string str() const {
    const std::string inner = std::to_string(k);
    return std::to_string(m) + "x" + inner + ":" + inner + "x" + std::to_string(n);
  }
  /// Reads "16x64:64x32", with n"name" behind it; alpha and beta keep their defaults.
  static gemm_problem parse(std::string_view text, std::string* name = nullptr);
};

inline gemm_problem gemm_problem::parse(std::string_view text, std::string* name) {
  const auto fail = [&] {
    throw_error("gemm_problem", "problem", "MxK:KxN is expected, such as 16x64:64x32",
                "is '" + std::string(text) + "'");
  };
  std::size_t at = 0;
  const auto number = [&](char behind) {
    if (at >= text.size() || text[at] < '0' || text[at] > '9') fail();
    index_t value = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9')
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, text[at++] - '0', &value))
        fail();
    if (behind != 0 && (at >= text.size() || text[at++] != behind)) fail();
    return value;
  };
  gemm_problem p;
  p.m = number('x');
  p.k = number(':');
  if (number('x') != p.k) fail();
  p.n = number(0);
  if (at < text.size() && text[at] == '_') ++at;
  if (at < text.size() && text[at] != 'n') fail();
  if (name != nullptr) {
    *name = at < text.size() ? text.substr(at + 1) : "";
    std::erase(*name, '"');
  }
  return p.checked();
}

/// What the choice of an algorithm looks at.
struct gemm_query {
  gemm_problem problem;
  simdnn::accuracy accuracy = simdnn::accuracy::normal;
};

}  // namespace simdnn
