// Walking the logical elements of tensors in any layout.
#pragma once

#include <array>
#include <cmath>
#include <cstring>
#include <simdnn/tensor/tensor.hpp>
#include <string>
#include <vector>

namespace test {

using simdnn::index_t;
using index = std::array<index_t, simdnn::max_rank>;

/// Calls f(index) for each element of the shape, the last dimension fastest.
template <class F>
void for_each_index(const simdnn::shape& s, F f) {
  if (s.elements() == 0) return;
  index i{};
  for (;;) {
    f(i);
    int d = s.rank() - 1;
    while (d >= 0 && ++i[d] == s[d]) i[d--] = 0;
    if (d < 0) return;
  }
}

/// The element of a tensor_like at this index.
template <simdnn::tensor_like X>
auto& element(X&& x, const index& i) {
  const auto v = x.as_view();
  return v.data()[v.offset(i)];
}

/// "(1,2,0,3)"
inline std::string index_text(const index& i, int rank) {
  std::string text;
  for (int d = 0; d < rank; ++d) text.append(d == 0 ? "(" : ",").append(std::to_string(i[d]));
  return text + ")";
}

/// A new tensor of layout L with the same elements.
template <simdnn::layout L, simdnn::tensor_like X>
auto copy_to(const X& x) {
  simdnn::tensor<std::remove_const_t<typename X::value_type>, L> result(x.as_view().shape());
  for_each_index(x.as_view().shape(), [&](const index& i) { element(result, i) = element(x, i); });
  return result;
}

/// Whether all elements are equal bit by bit; the padding of blocks is ignored.
template <simdnn::tensor_like X, simdnn::tensor_like Y>
bool same_bits(const X& x, const Y& y) {
  bool same = x.as_view().shape() == y.as_view().shape();
  if (!same) return false;
  for_each_index(x.as_view().shape(), [&](const index& i) {
    same = same && std::memcmp(&element(x, i), &element(y, i), sizeof(typename X::value_type)) == 0;
  });
  return same;
}

/// Whether the padding of a dense tensor's blocks is zero, as every operation must leave it.
template <simdnn::tensor_like X>
bool padding_is_zero(const X& x) {
  const auto v = x.as_view();
  std::vector<bool> counts(simdnn::dense_elements<X::format>(v.shape()));
  for_each_index(v.shape(), [&](const index& i) { counts[v.offset(i)] = true; });
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (!counts[i] && !(v.data()[i] == 0)) return false;
  return true;
}

}  // namespace test
