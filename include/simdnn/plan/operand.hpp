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

/// Stands for an optional operand that is left out: plan(diff_dst, none, diff_src).
struct none_t {};
inline constexpr none_t none{};

/// A text as a template argument.
template <std::size_t N>
struct literal {
  char text[N];
  consteval literal(const char (&s)[N]) {  // NOLINT: implicit, so that "src" is one
    for (std::size_t i = 0; i < N; ++i) text[i] = s[i];
  }
};

/// weights: read, and packed by the plan first. saved: written by a forward pass for the gradients'
/// passes, in which it is an operand `in`.
enum class role { in, out, inout, weights, saved };

/// What an operand's strides must be, besides what its layout says.
enum class needs {
  any,
  fastest,   ///< a plain layout's fastest dimension has stride 1
  channels,  ///< the same, if that dimension is the channels
  images     ///< the elements of one image follow each other without gaps
};

struct optional_t {};
/// May be left out.
inline constexpr optional_t optional_operand{};
struct list_t {};
/// A std::span of views.
inline constexpr list_t list_operand{};

template <literal Name>
struct like_t {};
/// Has the layout, shape and strides of the operand of this name.
template <literal Name>
inline constexpr like_t<Name> like{};
template <literal Name>
struct in_place_t {};
/// May be the same view as the operand of this name, whose elements are then replaced.
template <literal Name>
inline constexpr in_place_t<Name> in_place_of{};

template <auto Count>
struct indices_t {};
/// Its elements are whole numbers from 0 to what this function of the problem returns, less 1.
template <auto Count>
inline constexpr indices_t<Count> indices_below{};

// In the place of one layout a table may have an object of a class such as
//     struct any_image {
//       static constexpr layout usual = "nchw";               of operands that trials and tests make
//       static constexpr bool fits(const layout& l);          whether it takes this layout
//     };
// The operand's own layout then reaches the pass as that of its view.

/// The pass checks the shape itself.
inline constexpr int no_shape = 0;

namespace operand_detail {

// The member may be one of a base class.
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
  /// How many numbers its elements may be, from 0; 0 if they are any numbers.
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

  /// The line of the weights; count if there are none.
  static constexpr std::size_t weights_line = [] {
    std::size_t at = 0, found = count;
    ((found = Operands::role == role::weights ? at : found, ++at), ...);
    return found;
  }();
  /// Whether line I may be the same view as line J.
  template <std::size_t I, std::size_t J>
  static constexpr bool may_replace = at<I>::template may_replace<at<J>::expected_name>;
  /// The line whose layout, shape and strides line I has; -1 if there is none.
  template <std::size_t I>
  static constexpr int like_line = [] {
    int at_line = 0, found = -1;
    ((found = at<I>::template is_like<Operands::expected_name> ? at_line : found, ++at_line), ...);
    return found;
  }();
};

/// Refuses a call at compile time; the error names what was expected and what came:
///     operand_expects<literal<4>{"src"}, float, layout{"nChw16c"}, float, layout{"nhwc"}, false>
/// An operand that takes several layouts names the usual one.
template <literal Operand, class T, layout Expected, class U, layout Got, bool LayoutFits>
struct operand_expects {
  static_assert(LayoutFits, "this operand has another layout than the plan");
  static_assert(std::is_same_v<T, U>, "this operand has another element type than the plan");
};

}  // namespace simdnn
