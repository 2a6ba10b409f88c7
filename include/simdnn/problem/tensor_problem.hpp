// tensor_problem: the problem of operations whose operands have one shape.
#pragma once

#include <charconv>
#include <simdnn/base/math.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>
#include <string_view>

namespace simdnn {

struct tensor_problem {
  shape sizes = {};

  friend constexpr bool operator==(const tensor_problem&, const tensor_problem&) = default;

  /// Throws error in the name of `op` if there are too many elements.
  tensor_problem checked(const char* op = "tensor_problem") const {
    checked_size(sizes.elements(), op, "sizes");
    return *this;
  }
  constexpr shape tensor_shape() const { return sizes; }
  /// "8x64x56x56"
  std::string str() const { return sizes.str(); }
  /// Reads such a text. Throws error if it is not a list of one to max_rank sizes.
  static tensor_problem parse(std::string_view text) {
    constexpr const char* op = "tensor_problem";
    tensor_problem p;
    const char *at = text.data(), *const end = at + text.size();
    for (;;) {
      index_t size = 0;
      const auto [next, code] = std::from_chars(at, end, size);
      if (code != std::errc() || size < 0 || p.sizes.rank() == max_rank ||
          (next != end && *next != 'x'))
        throw_error(op, "problem", "sizes such as 8x64x56x56", quoted(text));
      p.sizes.push_back(size);
      if (next == end) return p.checked(op);
      at = next + 1;
    }
  }
};

}  // namespace simdnn
