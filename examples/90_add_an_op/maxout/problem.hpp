// maxout_problem: the sizes of maxout.
//
// dst[n][c][y] = max over j < pieces of src[n][c * pieces + j][y], in each spatial dimension.
#pragma once

#include <simdnn/problem/fields.hpp>
#include <simdnn/problem/notation.hpp>
#include <simdnn/problem/spatial.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>
#include <string_view>

namespace simdnn {

/// Filled with designated initialisers:
///     maxout_problem{.batch = 8, .channels = 32, .pieces = 2, .size = {56, 56}}
struct maxout_problem {
  index_t batch = 1;
  index_t channels = 1;  ///< of dst; src has `pieces` times as many
  index_t pieces = 2;
  spatial size = {};  ///< one to three dimensions

  friend constexpr bool operator==(const maxout_problem&, const maxout_problem&) = default;

  /// Calls f(&P::member, field) for each member, in the order of the text.
  template <class F>
  static constexpr void fields(F&& f) {
    using P = maxout_problem;
    f(&P::batch, {.name = "batch", .key = "mb", .least = 0});
    f(&P::channels, {.name = "channels", .key = "oc", .least = 1, .needed = true});
    // argmax holds a piece's number, which is exact in float up to 2^24.
    f(&P::pieces, {.name = "pieces", .key = "pc", .least = 1, .greatest = 0x1p24});
    f(&P::size, {.name = "size", .key = "i", .least = 1, .needed = true});
  }

  /// Throws error naming the field that breaks a rule. An empty batch is legal.
  maxout_problem checked(const char* op = "maxout_problem") const {
    problems::check(*this, op);
    // One image is checked first: an empty batch has no elements, but its images must not be too
    // large.
    check_elements(joined({1, channels, pieces}, size), op, "src");
    check_elements(src_shape(), op, "src");
    return *this;
  }

  /// {batch, channels * pieces, size...}
  constexpr shape src_shape() const { return joined({batch, channels * pieces}, size); }
  /// {batch, channels, size...}, of argmax too
  constexpr shape dst_shape() const { return joined({batch, channels}, size); }
  /// Elements of one channel of an image.
  constexpr index_t pixels() const {
    index_t n = 1;
    for (int d = 0; d < size.rank; ++d) n *= size[d];
    return n;
  }
  /// Comparisons of one pass.
  constexpr double flops() const { return static_cast<double>(src_shape().elements()); }

  /// In benchdnn's notation, with pc for the pieces: mb8oc32pc2ih56iw56.
  std::string str() const { return problems::print(*this); }
  /// Reads this notation.
  static maxout_problem parse(std::string_view text) {
    notation t(text, "maxout_problem");
    maxout_problem p;
    problems::read(t, p);
    t.finish();
    return p.checked(t.op());
  }
};

static_assert(problems::members<maxout_problem>() == problems::listed<maxout_problem>());

}  // namespace simdnn
