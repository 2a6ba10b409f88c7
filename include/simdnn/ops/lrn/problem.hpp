// lrn_problem: local response normalisation across channels.
//
//     dst[n][c][y] = src[n][c][y] * s^-beta
//     s = k + alpha / local_size * sum of src[n][j][y]^2,
//         j = c - floor((local_size - 1) / 2) .. c + ceil((local_size - 1) / 2) inside the channels
//
// This is ONNX's LRN, in which k is called bias, and for odd sizes oneDNN's lrn_across_channels.
// The divisor is local_size even for the first and last channels, whose windows are cut off.
#pragma once

#include <simdnn/problem/fields.hpp>
#include <simdnn/tensor/shape.hpp>

namespace simdnn {

/// Filled with designated initialisers:
///     lrn_problem{.batch = 8, .channels = 96, .size = {55, 55}, .k = 2}
struct lrn_problem {
  index_t batch = 1;
  index_t channels = 1;
  spatial size = {};       ///< empty: rows of channels, layout nc
  index_t local_size = 5;  ///< channels of a window
  double alpha = 1e-4;
  double beta = 0.75;
  double k = 1;

  friend constexpr bool operator==(const lrn_problem&, const lrn_problem&) = default;

  /// Calls f(&P::member, field) for each member, in the order of the text. With these bounds no s
  /// is negative.
  template <class F>
  static constexpr void fields(F&& f) {
    using P = lrn_problem;
    f(&P::batch, {.name = "batch", .key = "mb", .least = 0});
    f(&P::channels, {.name = "channels", .key = "ic", .least = 1, .needed = true});
    f(&P::size, {.name = "size", .key = "i", .least = 1});
    f(&P::local_size, {.name = "local_size", .key = "ls", .least = 1});
    f(&P::alpha, {.name = "alpha", .key = "alpha", .least = 0, .usual = 1e-4, .brief = true});
    f(&P::beta, {.name = "beta", .key = "beta", .least = 0, .usual = 0.75, .brief = true});
    f(&P::k, {.name = "k", .key = "k", .least = 0, .usual = 1, .brief = true});
  }

  /// Throws error naming the field that breaks a rule.
  lrn_problem checked(const char* op = "lrn_problem") const {
    problems::check(*this, op);
    check_elements(src_shape(), op, "src");
    return *this;
  }

  /// Number of channels of a window before and after its own channel, if the window is not cut off.
  constexpr index_t before() const { return (local_size - 1) / 2; }
  constexpr index_t after() const { return local_size / 2; }
  /// {batch, channels, size...}, which is also dst's shape.
  constexpr shape src_shape() const { return joined({batch, channels}, size); }

  /// benchdnn's notation: mb8ic96ih55iw55ls5, then _alpha, _beta and _k if they are not 1e-4, 0.75
  /// and 1. parse() returns checked() again.
  std::string str() const { return problems::print(checked()); }

  /// Reads benchdnn's notation. A missing alpha is 1e-4 here, but 1/8192 in benchdnn. If `name` is
  /// not null, it receives what follows n.
  static lrn_problem parse(std::string_view text, std::string* name = nullptr) {
    return problems::parse<lrn_problem>(text, "lrn_problem", name, {.batch = 2});
  }
};

static_assert(problems::members<lrn_problem>() == problems::listed<lrn_problem>());

}  // namespace simdnn
