// reorder: the same elements in another layout.
//     auto x = reorder<"nChw16c">(image);   // a new tensor
//     reorder(src, dst);                    // into one that is there
// Any two layouts with the same dimensions, blocked or not, with any strides, of one element type.
#pragma once

#include <simdnn/ops/reorder/algorithms.hpp>
#include <simdnn/parallel/grain.hpp>
#include <simdnn/plan/same_layout.hpp>
#include <simdnn/tensor/tensor.hpp>
#include <simdnn/trace/call_record.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace reordering {

template <layout A, layout B>
inline constexpr bool same_dimensions = [] {
  for (int d = 0; d < max_rank; ++d)
    if (A.letter(d) != B.letter(d)) return false;
  return true;
}();

}  // namespace reordering

/// Copies src to dst and zeros the padding of dst's last blocks. Throws error where the shapes
/// differ or the two share memory.
template <tensor_like Src, tensor_like Dst>
void reorder(const Src& src, Dst&& dst, executor_ref executor = default_executor()) {
  using D = std::remove_cvref_t<Dst>;
  using T = typename D::value_type;
  static_assert(std::is_same_v<std::remove_const_t<typename Src::value_type>, T>,
                "reorder takes operands of one element type, dst not const");
  static_assert(reordering::same_dimensions<Src::format, D::format>,
                "reorder takes two layouts with the same dimensions");
  const view<const T, Src::format> from = src.as_view();
  const view<T, D::format> to = dst.as_view();
  check_given(from, "reorder", "src");
  check_given(to, "reorder", "dst");
  if (to.shape() != from.shape())
    throw_error("reorder", "dst", "src is " + from.shape().str(), "is " + to.shape().str());
  check_apart(to, "reorder", "dst");
  check_no_overlap(to, from, "reorder", "dst", "src");
  if (from.empty()) return;
  executor = for_elements(executor, static_cast<double>(from.shape().elements()));
  using direct = reordering::direct<T, Src::format, D::format>;
  const calls::timer timer;
  direct(from.shape())(from, to, executor);
  timer.stop(executor, [&] {
    return calls::record<T, isa::native, Src::format, D::format>(
        "reorder", direct::name, from.shape().str(),
        2 * static_cast<double>(from.shape().elements()));
  });
}

/// A new tensor in layout L, from default_memory().
template <layout L, tensor_like Src>
auto reorder(const Src& src, executor_ref executor = default_executor()) {
  check_given(src.as_view(), "reorder", "src");
  tensor<std::remove_const_t<typename Src::value_type>, L> dst(src.as_view().shape());
  reorder(src, dst, executor);
  return dst;
}

}  // namespace simdnn::inline SIMDNN_ABI
