// The problems of `--op gemm --fixed`: cubes from 4 to 16, compiled into simdnn's side and Eigen's.
#pragma once

#include <bench/task.hpp>
#include <memory>
#include <utility>

namespace simdnn::bench {

constexpr int first_fixed = 4, last_fixed = 16;

/// Returns make.template operator()<Size>() for the task's size; null if the task is not in the
/// list.
template <class Make>
std::unique_ptr<runner> make_fixed(const gemm_task& t, Make make) {
  std::unique_ptr<runner> made;
  [&]<int... I>(std::integer_sequence<int, I...>) {
    const auto is = [&](int size) { return t.m == size && t.n == size && t.k == size; };
    ((is(first_fixed + I) ? void(made = make.template operator()<first_fixed + I>()) : void()),
     ...);
  }(std::make_integer_sequence<int, last_fixed - first_fixed + 1>{});
  return made;
}

}  // namespace simdnn::bench
