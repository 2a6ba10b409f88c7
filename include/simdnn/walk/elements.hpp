// A loop over all logical indices, for the references of operations on whole tensors.
#pragma once

#include <array>
#include <simdnn/isa/abi.hpp>
#include <simdnn/tensor/view.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// Calls visit(index) for each element, the last logical dimension fastest.
template <class F>
void for_each_element(const shape& s, F&& visit) {
  if (s.elements() == 0) return;
  std::array<index_t, max_rank> i{};
  for (;;) {
    visit(i);
    int d = s.rank() - 1;
    while (d >= 0 && ++i.data()[d] == s[d]) i.data()[d--] = 0;
    if (d < 0) return;
  }
}

}  // namespace simdnn::inline SIMDNN_ABI
