// operand: one line of the table that describes the operands of an operation's pass.
//
//     using operands = operand_list<in<"src", T, Src, &pooling_problem::src_shape, needs::fastest>,
//                                   out<"dst", T, Src, &pooling_problem::dst_shape, needs::fastest>,
//                                   saved<"argmax", T, Src, &pooling_problem::dst_shape,
//                                         optional_operand>>;
//
// Each line gives the name, the element type, the layout (one, or any that passes a predicate), the
// shape as a function of the problem (no_shape if the pass checks it itself), and traits in any
// order. plan (plan.hpp) reads the table.
#pragma once

#include <simdnn/tensor/view.hpp>
#include <type_traits>

namespace simdnn {

/// The argument for an optional operand that is left out: plan(diff_dst, none, diff_src).
struct none_t {};
inline constexpr none_t none{};

/// A string as a template argument.
template <std::size_t N>
struct literal {
  char text[N];
  consteval literal(const char (&s)[N]) {  // NOLINT: implicit, so that "src" is one
    for (std::size_t i = 0; i < N; ++i) text[i] = s[i];
  }
};

/// weights: read; the plan packs them first. saved: written by the forward pass for the backward
/// passes, which list it as `in`.
enum class role { in, out, inout, weights, saved };

/// What an operand's strides must satisfy in addition to its layout.
enum class needs {
  any,
  fastest,   ///< a plain layout's fastest dimension has stride 1
  channels,  ///< the same, but only if that dimension is the channels
  images     ///< each image is contiguous
};

struct optional_t {};
/// The operand may be left out.
inline constexpr optional_t optional_operand{};
struct list_t {};
/// The operand is a std::span of views.
inline constexpr list_t list_operand{};

template <literal Name>
struct like_t {};
/// The operand must have the layout, shape and strides of the operand of this name.
template <literal Name>
inline constexpr like_t<Name> like{};
template <literal Name>
struct in_place_t {};
/// The operand may be the same view as the operand of this name, whose elements it then replaces.
template <literal Name>
inline constexpr in_place_t<Name> in_place_of{};

template <auto Count>
struct indices_t {};
/// The operand's elements are integers from 0 to Count(problem) - 1.
template <auto Count>
inline constexpr indices_t<Count> indices_below{};

// Instead of one layout, a table may have an object of a class such as
//     struct any_image {
//       static constexpr layout usual = "nchw";               for operands of trials and tests
//       static constexpr bool fits(const layout& l);          whether the operand may have layout l
//     };
// The pass then takes the operand's layout from the type of its view.

/// For operands whose shape the pass checks itself.
inline constexpr int no_shape = 0;

namespace operand_detail {

// The member may belong to a base class.
template <class Problem>
constexpr shape shape_by(const std::type_identity_t<Problem>& p, shape (Problem::*member)() const) {
  return (p.*member)();
}

template <class Problem>
constexpr index_t index_count(const Problem&, auto) {
  return 0;
}
template <class Problem, auto Count>
constexpr index_t index_count(const Problem& p, indices_t<Count>) {
  return Count(p);
}

}  // namespace operand_detail

template <simdnn::role Role, literal Name, class T, auto Layout, auto Shape, auto... Traits>
struct operand {
  using type = T;
  static constexpr simdnn::role role = Role;
  static constexpr const char* name = Name.text;
  static constexpr auto expected_name = Name;
  static constexpr bool any = !std::is_same_v<std::remove_cvref_t<decltype(Layout)>, layout>;
  template <class Trait>
  static constexpr bool has = (std::is_same_v<std::remove_cvref_t<decltype(Traits)>, Trait> || ...);
  static constexpr bool optional = has<optional_t>;
  static constexpr bool list = has<list_t>;
  static constexpr simdnn::needs needs = [] {
    simdnn::needs all = simdnn::needs::any;
    [[maybe_unused]] const auto note = [&](auto trait) {
      if constexpr (std::is_same_v<decltype(trait), simdnn::needs>) all = trait;
    };
    (note(Traits), ...);
    return all;
  }();

  /// The layout of the operands that trials and tests make.
  static constexpr layout usual_layout = [] {
    if constexpr (any)
      return decltype(Layout)::usual;
    else
      return Layout;
  }();
  static constexpr bool fits(const layout& given) {
    if constexpr (any)
      return decltype(Layout)::fits(given);
    else
      return given == Layout;
  }
  static constexpr bool has_shape = !std::is_same_v<std::remove_cvref_t<decltype(Shape)>, int>;
  template <class Problem>
  static constexpr simdnn::shape shape(const Problem& p) {
    if constexpr (!has_shape)
      return {};
    else if constexpr (std::is_member_function_pointer_v<std::remove_cvref_t<decltype(Shape)>>)
      return operand_detail::shape_by(p, Shape);
    else
      return Shape(p);
  }
  /// n if the elements must be integers from 0 to n - 1; 0 if they may be any numbers.
  template <class Problem>
  static constexpr index_t indices(const Problem& p) {
    return (operand_detail::index_count(p, Traits) + ... + 0);
  }
  template <literal Other>
  static constexpr bool is_like = has<like_t<Other>>;
  template <literal Other>
  static constexpr bool may_replace = has<in_place_t<Other>>;
};

template <literal Name, class T, auto Layout, auto Shape, auto... Traits>
using in = operand<role::in, Name, T, Layout, Shape, Traits...>;
template <literal Name, class T, auto Layout, auto Shape, auto... Traits>
using out = operand<role::out, Name, T, Layout, Shape, Traits...>;
template <literal Name, class T, auto Layout, auto Shape, auto... Traits>
using inout = operand<role::inout, Name, T, Layout, Shape, Traits...>;
template <literal Name, class T, auto Layout, auto Shape, auto... Traits>
using weights = operand<role::weights, Name, T, Layout, Shape, Traits...>;
template <literal Name, class T, auto Layout, auto Shape, auto... Traits>
using saved = operand<role::saved, Name, T, Layout, Shape, Traits...>;

namespace operand_detail {

template <std::size_t I, class T>
struct numbered {
  using type = T;
};
template <class Numbers, class... T>
struct type_table;
template <std::size_t... I, class... T>
struct type_table<std::index_sequence<I...>, T...> : numbered<I, T>... {};
template <std::size_t I, class T>
numbered<I, T> find_type(const numbered<I, T>&);

}  // namespace operand_detail

template <class... Operands>
struct operand_list {
  static constexpr std::size_t count = sizeof...(Operands);
  static constexpr std::size_t required = ((Operands::optional ? 0 : 1) + ... + 0);
  template <std::size_t I>
  using at = typename decltype(operand_detail::find_type<I>(
      operand_detail::type_table<std::index_sequence_for<Operands...>, Operands...>()))::type;

  /// The line with the weights; count if there is none.
  static constexpr std::size_t weights_line = [] {
    std::size_t at = 0, found = count;
    ((found = Operands::role == role::weights ? at : found, ++at), ...);
    return found;
  }();
  /// Whether operand I may be the same view as operand J.
  template <std::size_t I, std::size_t J>
  static constexpr bool may_replace = at<I>::template may_replace<at<J>::expected_name>;
  /// The line of the operand whose layout, shape and strides operand I must have; -1 if there is
  /// none.
  template <std::size_t I>
  static constexpr int like_line = [] {
    int at_line = 0, found = -1;
    ((found = at<I>::template is_like<Operands::expected_name> ? at_line : found, ++at_line), ...);
    return found;
  }();
};

/// Makes a call fail to compile. The error names what was expected and what was passed:
///     operand_expects<literal<4>{"src"}, float, layout{"nChw16c"}, float, layout{"nhwc"}, false>
/// If the operand takes several layouts, the error names the usual one.
template <literal Operand, class T, layout Expected, class U, layout Got, bool LayoutFits>
struct operand_expects {
  static_assert(LayoutFits, "this operand has another layout than the plan");
  static_assert(std::is_same_v<T, U>, "this operand has another element type than the plan");
};

}  // namespace simdnn
