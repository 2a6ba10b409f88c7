// reorder: the same elements in another layout.
//
//     auto x = reorder<"nChw16c">(image);   // a new tensor
//     reorder(src, dst);                    // into an existing tensor
//     reorder_plan<float, "nchw", "nChw16c"> plan{{src.shape()}};
//     plan(src, dst);
//
// src and dst have the same element type and the same dimensions. Their layouts may be blocked or
// not, and their strides may be any. The padding of dst's last blocks is zeroed.
#pragma once

#include <simdnn/ops/reorder/algorithms.hpp>
#include <simdnn/plan/plan.hpp>
#include <simdnn/problem/tensor_problem.hpp>
#include <simdnn/tensor/tensor.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace reordering {

template <layout A, layout B>
inline constexpr bool same_dimensions = [] {
  for (int d = 0; d < max_rank; ++d)
    if (A.letter(d) != B.letter(d)) return false;
  return true;
}();

template <class T, layout Src, layout Dst>
struct forward {
  static_assert(same_dimensions<Src, Dst>, "reorder takes two layouts with the same dimensions");
  static constexpr const char* name = "reorder";
  using problem_type = tensor_problem;
  using isa_tag = isa::native;
  using algorithm_list = all<T, Src, Dst>;
  using operands = operand_list<in<"src", T, Src, &tensor_problem::tensor_shape>,
                                out<"dst", T, Dst, &tensor_problem::tensor_shape>>;
  static constexpr bool memory_bound = true;
  static shape query(const tensor_problem& p, const policy&) { return p.sizes; }
  static void run(const tensor_problem&, const chosen_algorithm& chosen,
                  const view<const T, Src>& src, const view<T, Dst>& dst,
                  const call_context& call) {
    algorithm_list::visit(chosen, [&](const auto& a) { a(src, dst, call.executor); });
  }
};

}  // namespace reordering

template <class T, layout Src, layout Dst>
class reorder_plan : public plan<reordering::forward<T, Src, Dst>> {
 public:
  using plan<reordering::forward<T, Src, Dst>>::plan;
};

template <tensor_like Src, tensor_like Dst, class... Extras>
void reorder(const Src& src, Dst&& dst, Extras&&... extras) {
  using pass = reordering::forward<element_of<Src>, Src::format, std::remove_cvref_t<Dst>::format>;
  run_once<pass>({src.as_view().shape()}, src, dst, extras...);
}

/// A new tensor in layout L, from default_memory().
template <layout L, tensor_like Src, class... Extras>
auto reorder(const Src& src, Extras&&... extras) {
  check_initialised(src.as_view().shape(), Src::format, "reorder", "src");
  tensor<element_of<Src>, L> dst(src.as_view().shape());
  reorder(src, dst, extras...);
  return dst;
}

using reorder_passes = pass_list<reordering::forward<float, "nchw", "nChw16c">>;

}  // namespace simdnn::inline SIMDNN_ABI
