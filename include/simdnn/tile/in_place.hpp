// Whether a post-op reads the results' own memory (post::sum of dst itself): then nothing may be stored
// there before it has been applied.
#pragma once

#include <simdnn/post_ops/kernel.hpp>

namespace simdnn::inline SIMDNN_ABI::tile {

/// c is where the post-op's offset 0 stands.
template <class Op, class T>
bool reads(const Op&, const T*) {
  return false;
}
template <class T>
bool reads(const kernel::sum<T>& op, const T* c) {
  return op.data == c;
}
template <class T>
bool reads(const kernel::standard<T>& op, const T* c) {
  return op.sum == c;
}
template <class... Ops, class T>
bool reads(const kernel::chain<Ops...>& op, const T* c) {
  return std::apply([&](const auto&... each) { return (reads(each, c) || ...); }, op.ops);
}

}  // namespace simdnn::inline SIMDNN_ABI::tile
