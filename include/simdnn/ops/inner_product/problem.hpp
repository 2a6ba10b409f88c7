// inner_product_problem: the geometry of a fully connected layer.
//
// dst[n][o] = sum over i and the pixels x of src[n][i][x] * weights[o][i][x].
#pragma once

#include <simdnn/problem/fields.hpp>
#include <simdnn/problem/notation.hpp>
#include <simdnn/problem/spatial.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>
#include <string_view>

namespace simdnn {

/// Use designated initialisers:
///     inner_product_problem{.batch = 8, .in = 256, .out = 4096, .size = {6, 6}}
struct inner_product_problem {
  index_t batch = 1;
  index_t in = 1;     ///< channels of src
  index_t out = 1;    ///< channels of dst
  spatial size = {};  ///< of src; empty if src has channels only

  friend constexpr bool operator==(const inner_product_problem&,
                                   const inner_product_problem&) = default;

  /// Calls f(&P::member, field) for each member, in the order in which str() prints them.
  template <class F>
  static constexpr void fields(F&& f) {
    using P = inner_product_problem;
    f(&P::batch, {.name = "batch", .key = "mb", .least = 0});
    f(&P::in, {.name = "in", .key = "ic", .least = 1, .needed = true});
    f(&P::size, {.name = "size", .key = "i", .least = 1});
    f(&P::out, {.name = "out", .key = "oc", .least = 1, .needed = true});
  }

  /// Throws an error that names the field that breaks a rule.
  inner_product_problem checked(const char* op = "inner_product_problem") const {
    problems::check(*this, op);
    check_elements(src_shape(), op, "src");
    check_elements(weights_shape(), op, "weights");
    check_elements(dst_shape(), op, "dst");
    return *this;
  }

  /// {batch, in, size...}
  constexpr shape src_shape() const { return joined({batch, in}, size); }
  /// {out, in, size...}
  constexpr shape weights_shape() const { return joined({out, in}, size); }
  /// {batch, out}
  constexpr shape dst_shape() const { return {batch, out}; }
  /// Multiplications and additions of one pass.
  constexpr double flops() const {
    double n =
        2.0 * static_cast<double>(batch) * static_cast<double>(out) * static_cast<double>(in);
    for (int d = 0; d < size.rank; ++d) n *= static_cast<double>(size[d]);
    return n;
  }
  /// Number of elements of src, weights and dst together.
  constexpr double elements() const {
    return static_cast<double>(src_shape().elements()) +
           static_cast<double>(weights_shape().elements()) +
           static_cast<double>(dst_shape().elements());
  }

  /// benchdnn's notation: mb112ic2048oc1000, mb8ic256ih6iw6oc4096.
  std::string str() const { return problems::print(*this); }
  /// Reads benchdnn's notation. The default batch is 2, as in benchdnn. `name` receives the text
  /// after n.
  static inner_product_problem parse(std::string_view text, std::string* name = nullptr) {
    return problems::parse<inner_product_problem>(text, "inner_product_problem", name,
                                                  {.batch = 2});
  }
};

static_assert(problems::members<inner_product_problem>() ==
              problems::listed<inner_product_problem>());

}  // namespace simdnn
