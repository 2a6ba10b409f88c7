// prelu: dst = src > 0 ? src : slope * src, one slope a channel. To be copied: an operation is one
// folder and one facade. In the library they stand in include/simdnn/ops/ and include each other as
// <simdnn/ops/prelu/...>.
//
//     prelu_problem p{.batch = 8, .channels = 64};
//     prelu_forward(p, src, slope, dst);               one shot
//     prelu_plan<float> plan{p};                       many calls
//     plan(src, slope, dst);
#pragma once

#include <simdnn/plan/operands.hpp>

#include "prelu/algorithms.hpp"

namespace simdnn::inline SIMDNN_ABI {

/// A chosen way to compute one problem. Immutable; callable from many threads.
template <class T, class Isa = isa::native>
class prelu_plan {
  static constexpr const char* op = "prelu_forward";

 public:
  using algorithm_list = prelu::all<T, Isa>;

  /// Throws error where the problem breaks a rule or the policy's algorithm does not take it.
  explicit prelu_plan(const prelu_problem& p, const policy& wanted = {})
      : problem_(p.checked(op)), algorithm_(algorithm_list::choose(problem_, wanted, op)) {}

  const prelu_problem& problem() const { return problem_; }
  const char* algorithm_name() const {
    return std::visit([](const auto& v) { return v.name; }, algorithm_);
  }

  /// src and dst {batch, channels}, slope {channels}; dst may be src itself. Throws error where
  /// shapes are not the problem's, channels are not neighbours, or dst overlaps what is read.
  template <tensor_of<T, "nc"> X, tensor_of<T, "x"> S, tensor_of<T, "nc"> Y>
  void operator()(const X& src, const S& slope, Y&& dst,
                  executor_ref executor = default_executor()) const {
    const view<const T, "nc"> x = src.as_view();
    const view<const T, "x"> s = slope.as_view();
    const view<T, "nc"> y = dst.as_view();
    check_shape(x, problem_.src_shape(), op, "src");
    check_shape(s, problem_.slope_shape(), op, "slope");
    check_shape(y, problem_.src_shape(), op, "dst");
    check_channels(x.stride('c'), "src");
    check_channels(s.stride('x'), "slope");
    check_channels(y.stride('c'), "dst");
    if (y.data() != x.data() || y.strides() != x.strides())
      check_no_overlap(y, x, op, "dst", "src");
    check_no_overlap(y, s, op, "dst", "slope");
    std::visit([&](const auto& v) { v(x, s.data(), y, executor); }, algorithm_);
  }

 private:
  void check_channels(index_t stride, const char* argument) const {
    if (stride != 1 && problem_.channels > 1)
      throw_error(op, argument, "stride 1 between channels", std::to_string(stride));
  }

  prelu_problem problem_;
  typename algorithm_list::chosen algorithm_;
};

/// A plan, once.
template <class Isa = isa::native, tensor_like X, tensor_like S, tensor_like Y>
void prelu_forward(const prelu_problem& p, const X& src, const S& slope, Y&& dst,
                   const policy& wanted = {}, executor_ref executor = default_executor()) {
  using T = typename std::remove_cvref_t<Y>::value_type;
  prelu_plan<T, Isa>(p, wanted)(src, slope, dst, executor);
}

}  // namespace simdnn::inline SIMDNN_ABI
