// Sorts the arguments of a plan's call by their types. Operands come first. After them come, in any
// order, at most one epilogue, one executor, one workspace and, for one-shot functions, one policy.
#pragma once

#include <concepts>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/plan/operand.hpp>
#include <simdnn/plan/packed.hpp>
#include <simdnn/plan/policy.hpp>
#include <span>
#include <utility>

namespace simdnn::inline SIMDNN_ABI {

enum class argument { operand, epilogue, executor, workspace, policy };

namespace detail {

template <class A>
inline constexpr bool is_packed = false;
template <class T>
inline constexpr bool is_packed<packed<T>> = true;

template <class V>
inline constexpr bool is_packed_pointer = false;
template <class T>
inline constexpr bool is_packed_pointer<const packed<T>*> = true;

/// A std::span, std::vector or std::array.
template <class A>
concept contiguous_list = !tensor_like<A> && requires(const A& a) {
  typename A::value_type;
  a.data();
  a.size();
};

template <class A>
constexpr argument kind_of() {
  if constexpr (tensor_like<A> || is_packed<A> || std::same_as<A, none_t>)
    return argument::operand;
  else if constexpr (std::same_as<A, policy>)
    return argument::policy;
  else if constexpr (std::convertible_to<A&, std::span<std::byte>>)
    return argument::workspace;
  else if constexpr (contiguous_list<A>)
    return argument::operand;
  else if constexpr (executor<A>)
    return argument::executor;
  else
    return argument::epilogue;
}

template <class A>
constexpr auto element_of() {
  if constexpr (tensor_like<A>)
    return std::type_identity<std::remove_const_t<typename A::value_type>>();
  else if constexpr (tensor_like<typename A::value_type>)
    return element_of<std::remove_const_t<typename A::value_type>>();
  else
    return std::type_identity<std::remove_const_t<typename A::value_type>>();
}
template <class A>
constexpr layout layout_of() {
  if constexpr (tensor_like<A>)
    return A::format;
  else if constexpr (tensor_like<typename A::value_type>)
    return A::value_type::format;
  else
    return "x";
}

template <std::size_t I, class A>
struct slot {
  A& value;
};
template <class Numbers, class... A>
struct slots;
template <std::size_t... I, class... A>
struct slots<std::index_sequence<I...>, A...> : slot<I, A>... {};
template <std::size_t I, class A>
SIMDNN_INLINE constexpr A& get(const slot<I, A>& s) {
  return s.value;
}

}  // namespace detail

/// The kinds of a call's arguments, derived from their types.
template <class... Arguments>
struct argument_kinds {
  static constexpr std::size_t all = sizeof...(Arguments);
  static constexpr argument kinds[all + 1] = {detail::kind_of<std::remove_cvref_t<Arguments>>()...,
                                              argument::policy};
  /// Number of operands, which come first.
  static constexpr std::size_t operands() {
    std::size_t n = 0;
    while (n < all && kinds[n] == argument::operand) ++n;
    return n;
  }
  static constexpr std::size_t find(argument kind) {
    std::size_t i = 0;
    while (i < all && kinds[i] != kind) ++i;
    return i;
  }
  /// The type of operand I; none_t if it is left out at the end.
  template <std::size_t I>
  static constexpr auto type_at() {
    if constexpr (I < operands())
      return std::type_identity<std::remove_cvref_t<typename decltype(operand_detail::find_type<I>(
          operand_detail::type_table<std::index_sequence_for<Arguments...>,
                                     Arguments...>()))::type>>();
    else
      return std::type_identity<none_t>();
  }
  template <argument Kind>
  static constexpr std::size_t count() {
    std::size_t n = 0;
    for (std::size_t i = 0; i < all; ++i) n += kinds[i] == Kind;
    return n;
  }
};

/// References to the arguments of one call.
template <class... Arguments>
class argument_pack : public argument_kinds<Arguments...> {
  using base = argument_kinds<Arguments...>;
  static constexpr std::size_t all = base::all;

 public:
  explicit argument_pack(std::remove_reference_t<Arguments>&... arguments)
      : slots_{{arguments}...} {}

  /// Operand I; `none` if it is left out at the end.
  template <std::size_t I>
  SIMDNN_INLINE decltype(auto) get() const {
    if constexpr (I < base::operands())
      return detail::get<I>(slots_);
    else
      return (none);
  }
  template <std::size_t I>
  using type = typename decltype(base::template type_at<I>())::type;

  SIMDNN_INLINE executor_ref executor() const {
    constexpr std::size_t at = base::find(argument::executor);
    if constexpr (at < all)
      return detail::get<at>(slots_);
    else
      return default_executor();
  }
  SIMDNN_INLINE std::span<std::byte> workspace() const {
    constexpr std::size_t at = base::find(argument::workspace);
    if constexpr (at < all)
      return detail::get<at>(slots_);
    else
      return {};
  }
  SIMDNN_INLINE decltype(auto) epilogue() const {
    constexpr std::size_t at = base::find(argument::epilogue);
    if constexpr (at < all)
      return detail::get<at>(slots_);
    else
      return (none);
  }
  simdnn::policy policy() const {
    constexpr std::size_t at = base::find(argument::policy);
    if constexpr (at < all)
      return detail::get<at>(slots_);
    else
      return {};
  }

 private:
  detail::slots<std::index_sequence_for<Arguments...>, std::remove_reference_t<Arguments>...>
      slots_;
};

/// Whether an argument of type A is accepted for this operand of a table.
template <class Operand, class A>
constexpr bool accepts() {
  if constexpr (std::is_same_v<A, none_t>)
    return Operand::optional;
  else if constexpr (detail::is_packed<A>)
    return Operand::role == role::weights;
  else
    return std::is_same_v<typename Operand::type,
                          typename decltype(detail::element_of<A>())::type> &&
           Operand::fits(detail::layout_of<A>());
}
/// Makes a call fail to compile, with a single error, if accepts() is false for an argument.
template <class Operand, class A>
constexpr void refuse() {
  if constexpr (std::is_same_v<A, none_t>) {
    static_assert(Operand::optional, "this operand cannot be left out");
  } else if constexpr (detail::is_packed<A>) {
    static_assert(Operand::role == role::weights, "this operand is not packed");
  } else if constexpr (!accepts<Operand, A>()) {
    constexpr layout got = detail::layout_of<A>();
    using element = typename decltype(detail::element_of<A>())::type;
    static_cast<void>(
        sizeof(operand_expects<Operand::expected_name, typename Operand::type,
                               Operand::usual_layout, element, got, Operand::fits(got)>));
  }
}

/// The element type of a tensor or view.
template <class X>
using element_of = std::remove_const_t<typename std::remove_cvref_t<X>::value_type>;

/// Argument I, counted from 0.
template <std::size_t I, class First, class... Rest>
SIMDNN_INLINE constexpr decltype(auto) nth_of(First& first, Rest&... rest) {
  if constexpr (I == 0)
    return (first);
  else
    return nth_of<I - 1>(rest...);
}

/// A view of the argument, or a span of views if it is a list. Its elements have type T; Element is
/// const T if the operand is only read.
template <class T, class Element, class A>
SIMDNN_INLINE auto as_operand(A& a) {
  using plain = std::remove_cvref_t<A>;
  constexpr bool writable = [] {
    if constexpr (tensor_like<plain>)
      return !std::is_const_v<typename std::remove_cvref_t<decltype(a.as_view())>::value_type>;
    else
      return true;
  }();
  static_assert(std::is_const_v<Element> || writable,
                "this operand is written: it must not be const");
  if constexpr (tensor_like<plain>)
    return view<Element, plain::format>(a.as_view());
  else if constexpr (tensor_like<typename plain::value_type>)
    return std::span<const view<Element, detail::layout_of<plain>()>>(a);
  else
    return view<Element, "x">(a.data(), {static_cast<index_t>(a.size())});
}

}  // namespace simdnn::inline SIMDNN_ABI
