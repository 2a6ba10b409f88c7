// after: declares that a pass applies post-ops to the results in one of its operands.
//     using post_ops = after<"dst">;
// The pass's run() then takes an epilogue::fused<T>, as the last argument before the context.
#pragma once

#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/plan/arguments.hpp>
#include <simdnn/plan/measure.hpp>
#include <string_view>
#include <tuple>

namespace simdnn::inline SIMDNN_ABI {

template <literal Operand>
struct after {
  /// Number of elements of a per-channel operand of a post-op: the channels of the results, or the
  /// columns of a matrix.
  template <class T, layout L>
  static index_t channels(const view<T, L>& v) {
    return L.dim('c') >= 0 ? v.size(L.dim('c')) : v.size(L.rank() - 1);
  }

  /// Checks the post-ops against the operand. The result converts to epilogue::fused<T>.
  template <class Pass, class PostOps, class... V>
  SIMDNN_INLINE static auto lower(const PostOps& ops, const V&... views) {
    const auto& v = nth_of<line<Pass>()>(views...);
    using T = std::remove_const_t<typename std::remove_cvref_t<decltype(v)>::value_type>;
    if constexpr (requires { Pass::template takes<PostOps>(); }) Pass::template takes<PostOps>();
    if constexpr (std::is_same_v<PostOps, none_t> || std::is_same_v<PostOps, post::none>) {
      return epilogue::fused<T>{};
    } else {
      static_assert(post_op<PostOps>,
                    "this argument is no operand, executor, workspace or post-op");
      return simdnn::lower<typename Pass::isa_tag>(ops, v, channels(v), Pass::name);
    }
  }

  /// The bias of the post-ops that trials use: bias, then relu.
  template <class Pass, class Operands>
  static auto trial_bias(const Operands& operands) {
    const auto& results = std::get<line<Pass>()>(operands);
    using T = typename std::remove_cvref_t<decltype(results)>::value_type;
    return trial_tensor<T, "x">({channels(results.as_view())});
  }
  template <class Bias>
  static auto trial_post_ops(const Bias& bias) {
    return post::bias(bias) | post::relu();
  }

 private:
  template <class Pass>
  static constexpr std::size_t line() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      std::size_t at = 0;
      ((at = std::string_view(Pass::operands::template at<I>::name) == Operand.text ? I : at), ...);
      return at;
    }(std::make_index_sequence<Pass::operands::count>());
  }
};

}  // namespace simdnn::inline SIMDNN_ABI
