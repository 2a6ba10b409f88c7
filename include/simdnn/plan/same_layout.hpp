// Checks of operands that must have one layout, shape and strides: element-wise operations take these.
#pragma once

#include <simdnn/plan/operands.hpp>

namespace simdnn {

/// Throws error where the operand was default-constructed: it has no shape and no memory.
template <class T, layout L>
void check_given(const view<T, L>& operand, const char* op, const char* argument) {
  if (operand.shape().rank() != L.rank())
    throw_error(op, argument, "a tensor of " + std::to_string(L.rank()) + " dimensions",
                "an uninitialised one");
}

/// Throws error where the operand's shape or strides are not those of `like`.
template <class T, class U, layout L>
void check_same_layout(const view<T, L>& operand, const view<U, L>& like, const char* op,
                       const char* argument, const char* like_name) {
  check_given(operand, op, argument);
  if (operand.shape() != like.shape())
    throw_error(op, argument, std::string(like_name) + "'s shape " + like.shape().str(),
                operand.shape().str());
  if (!same_strides(operand, like))
    throw_error(op, argument, std::string(like_name) + "'s strides", "others");
}

/// Throws error if dst's own elements share memory, or where it shares memory with `src` without
/// being src itself. Both have the same layout.
template <class T, class U, layout L>
void check_same_or_apart(const view<T, L>& dst, const view<U, L>& src, const char* op,
                         const char* dst_name, const char* src_name) {
  check_apart(dst, op, dst_name);
  if (static_cast<const void*>(dst.data()) != static_cast<const void*>(src.data()))
    check_no_overlap(dst, src, op, dst_name, src_name);
}

}  // namespace simdnn
