// gemm_problem: c = alpha * a * b + beta * c, with a of m rows and k columns, b of k rows and n
// columns. Transposes are layouts: a matrix stored column by column is a tensor<T, "ba">.
#pragma once

#include <charconv>
#include <simdnn/base/math.hpp>
#include <simdnn/plan/policy.hpp>
#include <simdnn/problem/fields.hpp>
#include <simdnn/problem/notation.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>
#include <string_view>
#include <system_error>

namespace simdnn {

struct gemm_problem {
  index_t m = 1, n = 1, k = 1;
  double alpha = 1;  ///< 0: a and b are never read
  double beta = 0;   ///< 0: c is written, never read

  friend constexpr bool operator==(const gemm_problem&, const gemm_problem&) = default;

  /// Calls f(&P::member, field) for each member, in the order in which str() prints them.
  template <class F>
  static constexpr void fields(F&& f) {
    using P = gemm_problem;
    f(&P::m, {.name = "m", .least = 0});
    f(&P::n, {.name = "n", .least = 0});
    f(&P::k, {.name = "k", .least = 0});
    f(&P::alpha, {.name = "alpha", .key = "alpha", .usual = 1, .brief = true});
    f(&P::beta, {.name = "beta", .key = "beta", .usual = 0, .brief = true});
  }

  /// Throws an error that names the field that breaks a rule. Sizes may be 0; if k is 0, the
  /// product is beta * c.
  gemm_problem checked(const char* op = "gemm_problem") const {
    problems::check(*this, op);
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
  /// Number of elements of a, b and c together.
  constexpr double elements() const {
    const auto x = static_cast<double>(m), y = static_cast<double>(n), z = static_cast<double>(k);
    return x * z + z * y + x * y;
  }

  /// benchdnn's notation of a matmul, then alpha and beta if they are not 1 and 0:
  /// 16x64:64x32, 16x64:64x32_alpha0.5_beta1. parse(str()) returns *this if both are finite.
  std::string str() const {
    const std::string inner = std::to_string(k);
    return std::to_string(m) + "x" + inner + ":" + inner + "x" + std::to_string(n) +
           problems::print(*this);
  }
  /// Reads what str() returns, optionally followed by n"name". `name` receives the name.
  static gemm_problem parse(std::string_view text, std::string* name = nullptr) {
    constexpr const char* op = "gemm_problem";
    const char *at = text.data(), *const end = at + text.size();
    index_t sizes[4] = {};  // m, k, k, n
    bool good = true;
    for (int i = 0; i < 4 && good; ++i) {
      const auto [next, fault] = std::from_chars(at, end, sizes[i]);
      good = fault == std::errc() && sizes[i] >= 0;
      at = next;
      if (good && i < 3) good = at != end && *at++ == "x:x"[i];
    }
    if (!good || sizes[1] != sizes[2] || (at != end && *at != '_' && *at != 'n'))
      throw_error(op, "problem", "MxK:KxN such as 16x64:64x32", quoted(text));
    notation t({at, end}, op);
    gemm_problem p{.m = sizes[0], .n = sizes[3], .k = sizes[1]};
    problems::read(t, p);
    t.finish();
    if (name != nullptr) *name = t.name();
    return p.checked(op);
  }
};

static_assert(problems::members<gemm_problem>() == problems::listed<gemm_problem>());

/// What the choice of an algorithm depends on.
struct gemm_query {
  gemm_problem problem;
  simdnn::accuracy accuracy = simdnn::accuracy::normal;
};

}  // namespace simdnn
