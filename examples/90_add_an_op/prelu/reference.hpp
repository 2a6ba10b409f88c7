// prelu as it is written down, in double. Obviously right is all that it has to be.
#pragma once

#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/tensor/view.hpp>

#include "problem.hpp"

namespace simdnn::inline SIMDNN_ABI::prelu {

template <class T>
class reference {
 public:
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;  // taken by name only
  static const char* refuses(const prelu_problem&) { return nullptr; }
  static double cost(const prelu_problem& p) { return p.flops(); }
  explicit reference(const prelu_problem& p) : p_(p) {}

  void operator()(const view<const T, "nc">& src, const T* slope, const view<T, "nc">& dst,
                  executor_ref) const {
    for (index_t n = 0; n < p_.batch; ++n)
      for (index_t c = 0; c < p_.channels; ++c) {
        const double x = src(n, c);
        dst(n, c) = static_cast<T>(x > 0 ? x : static_cast<double>(slope[c]) * x);
      }
  }

 private:
  prelu_problem p_;
};

}  // namespace simdnn::inline SIMDNN_ABI::prelu
