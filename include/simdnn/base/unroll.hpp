// Compile-time unrolling. gcc keeps an array of accumulators in registers only if every index is a
// constant, which a pack expansion guarantees and `#pragma GCC unroll` does not.
#pragma once

#include <simdnn/base/types.hpp>
#include <type_traits>
#include <utility>

namespace simdnn {

template <int I>
using int_constant = std::integral_constant<int, I>;

/// Calls f(int_constant<0>{}), ..., f(int_constant<N - 1>{}) in this order, inlined.
template <int N, class F>
SIMDNN_INLINE constexpr void unroll(F&& f) {
  [&]<int... I>(std::integer_sequence<int, I...>)
      SIMDNN_INLINE_LAMBDA { (f(int_constant<I>{}), ...); }(std::make_integer_sequence<int, N>{});
}

}  // namespace simdnn
