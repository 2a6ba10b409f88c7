// random_problem and smallest_problem: legal problems for tests and for benchmarks that check
// results.
#pragma once

#include <algorithm>
#include <simdnn/base/error.hpp>
#include <simdnn/problem/fields.hpp>
#include <simdnn/problem/spatial.hpp>
#include <type_traits>

namespace simdnn {

/// Bounds of every number of a random problem, besides those of its field; least <= greatest.
struct random_bounds {
  index_t least = -2;     ///< smallest number
  index_t greatest = 12;  ///< largest number
  int most_rank = 3;      ///< most spatial dimensions, 1 to 3
};

namespace problems {

/// Fills every field of a problem within its own bounds and the given ones. The result may break
/// rules between fields. An optional field keeps its default in one of four cases.
template <lists_fields P, class Integer>
P random_fields(Integer&& integer, const random_bounds& within = {}) {
  P p;
  int rank = -1;  // drawn with the first spatial field
  P::fields([&](auto member, const field& f) {
    auto& x = p.*member;
    using T = std::remove_reference_t<decltype(x)>;
    const auto number = [&]<class N>(N) {
      const double least = std::clamp(static_cast<double>(within.least), f.least, f.greatest),
                   greatest = std::clamp(static_cast<double>(within.greatest), f.least, f.greatest);
      if constexpr (std::is_same_v<N, double>)
        return least +
               (greatest - least) * static_cast<double>(integer(0, index_t{1} << 52)) * 0x1p-52;
      else
        return static_cast<N>(integer(static_cast<index_t>(least), static_cast<index_t>(greatest)));
    };
    if constexpr (std::is_same_v<T, spatial>)
      if (rank < 0) rank = static_cast<int>(integer(f.needed ? 1 : 0, within.most_rank));
    if (!f.needed && integer(0, 3) == 0) return;
    if constexpr (std::is_same_v<T, spatial>) {
      x = spatial::all(rank, 0);
      for (int d = 0; d < rank; ++d) x[d] = number(index_t{});
    } else {
      x = number(T{});
    }
  });
  return p;
}

/// A problem with this many spatial dimensions and all sizes 1. Optional fields are left out.
template <lists_fields P>
constexpr P smallest_problem(int rank) {
  P p;
  P::fields([&](auto member, const field& f) {
    auto& x = p.*member;
    using T = std::remove_reference_t<decltype(x)>;
    if constexpr (std::is_same_v<T, spatial>) {
      if (f.least >= 1) x = spatial::all(rank, static_cast<index_t>(f.least));
    } else if constexpr (std::is_same_v<T, index_t>) {
      if (f.usual == field::none) x = std::max<index_t>(1, static_cast<index_t>(f.least));
    }
  });
  return p;
}

}  // namespace problems

#if defined(__cpp_exceptions)
/// A random problem that checked() accepts. It draws again until the rules between fields hold, and
/// throws checked()'s error if they still do not after 10000 further draws. `integer(low, high)`
/// returns a random index_t x with low <= x <= high. The same numbers give the same problem.
template <problems::lists_fields P, class Integer>
P random_problem(Integer&& integer, const random_bounds& within = {}) {
  for (int left = 10000;; --left) {
    const P p = problems::random_fields<P>(integer, within);
    try {
      p.checked();
      return p;
    } catch (const error&) {
      if (left == 0) throw;
    }
  }
}
#endif

}  // namespace simdnn
