// post_op: a function applied to results while they are in registers (bias, scale, sum and clamp)
// or in L1 (all others). Post-ops are composed with | and applied from left to right:
//     post::bias(b) | post::sum(residual) | post::relu() | post::fuse([](auto v) { return v * v; })
// Plans check the operands, then lower the composition to the types that tiles take (standard.hpp,
// fused.hpp).
#pragma once

#include <simdnn/epilogue/fused.hpp>
#include <simdnn/epilogue/standard.hpp>
#include <simdnn/tensor/overlap.hpp>
#include <string>
#include <tuple>

namespace simdnn::inline SIMDNN_ABI {

namespace post {

/// A per-channel vector is a tensor<T, "x">, where T is that of dst, with one element per channel
/// of dst. It must be contiguous and must not share memory with dst.
template <class T>
struct bias_op {
  view<const T, "x"> b;
};
template <class T>
struct scale_shift_op {
  view<const T, "x"> scale, shift;
};
template <class T, layout L>
struct sum_op {
  view<const T, L> residual;
};
template <class F>
struct map_op {
  F f;
};
/// A composition of post-ops, made by |. `sequence<>` changes nothing.
template <class... Ops>
struct sequence {
  std::tuple<Ops...> ops;
};
using none = sequence<>;

/// + b[channel]
template <tensor_like B>
auto bias(const B& b) {
  using T = std::remove_const_t<typename B::value_type>;
  static_assert(B::format == layout("x"),
                "post::bias takes a tensor<T, \"x\">, one element per channel");
  return sequence<bias_op<T>>{{{b.as_view()}}};
}
/// * scale[channel] + shift[channel]: batch normalisation at inference, folded
template <tensor_like S, tensor_like H>
auto scale_shift(const S& scale, const H& shift) {
  using T = std::remove_const_t<typename S::value_type>;
  static_assert(S::format == layout("x") && tensor_of<H, T, "x">,
                "post::scale_shift takes two tensor<T, \"x\">, one element per channel");
  return sequence<scale_shift_op<T>>{{{scale.as_view(), shift.as_view()}}};
}
/// + residual, a tensor with the layout, shape and strides of dst. It may be dst itself, but must
/// not overlap it in any other way.
template <tensor_like R>
auto sum(const R& residual) {
  using T = std::remove_const_t<typename R::value_type>;
  return sequence<sum_op<T, R::format>>{{{residual.as_view()}}};
}
/// function::clamp and classes derived from it that keep its operator(), such as function::relu.
template <class F>
concept clamp_function = std::is_base_of_v<function::clamp, F> && requires(const F& f) {
  static_cast<const function::clamp&>(f);
  requires std::is_same_v<decltype(&F::template operator()<double>),
                          decltype(&function::clamp::operator()<double>)>;
};
/// A function of one value, called with a vector in kernels and with double in the reference. A
/// clamp_function is reduced to function::clamp, which kernels apply in registers.
template <class F>
auto fuse(F f) {
  if constexpr (clamp_function<F>)
    return sequence<map_op<function::clamp>>{{{static_cast<const function::clamp&>(f)}}};
  else
    return sequence<map_op<F>>{{{f}}};
}
inline auto clamp(double low, double high) { return fuse(function::clamp{low, high}); }
inline auto relu() { return fuse(function::relu()); }
inline auto leaky_relu(double slope = 0.01) { return fuse(function::leaky_relu{slope}); }
inline auto elu(double alpha = 1) { return fuse(function::elu{alpha}); }
inline auto tanh() { return fuse(function::tanh{}); }
inline auto sigmoid() { return fuse(function::sigmoid{}); }

template <class... A, class... B>
auto operator|(const sequence<A...>& a, const sequence<B...>& b) {
  return sequence<A..., B...>{std::tuple_cat(a.ops, b.ops)};
}
/// A bare function after a post-op, such as a lambda or function::relu{}.
template <class... A, class F>
  requires std::is_invocable_v<F, double>
auto operator|(const sequence<A...>& a, F f) {
  return a | fuse(f);
}

template <class X>
inline constexpr bool is_sequence = false;
template <class... Ops>
inline constexpr bool is_sequence<sequence<Ops...>> = true;

}  // namespace post

/// A composition of post-ops.
template <class X>
concept post_op = post::is_sequence<std::remove_cvref_t<X>>;

namespace detail {

// Positions in the standard order: scale/shift (0), sum (1), clamp (2); -1 for other post-ops.
template <class Op>
inline constexpr int standard_place = -1;
template <class T>
inline constexpr int standard_place<post::bias_op<T>> = 0;
template <class T>
inline constexpr int standard_place<post::scale_shift_op<T>> = 0;
template <class T, layout L>
inline constexpr int standard_place<post::sum_op<T, L>> = 1;
template <>
inline constexpr int standard_place<post::map_op<function::clamp>> = 2;

template <class... Ops>
constexpr bool is_standard() {
  [[maybe_unused]] int last = -1;
  bool ok = true;
  ((ok = ok && standard_place<Ops> > last, last = standard_place<Ops>), ...);
  return ok;
}

template <class T, layout L>
struct lowering {
  const char* op;
  index_t channels;
  view<T, L> dst;

  const T* channel_vector(const view<const T, "x">& v, const char* name) const {
    if (v.size(0) != channels)
      throw_error(op, name, std::to_string(channels) + " elements (dst's channels)",
                  std::to_string(v.size(0)));
    if (channels > 1 && v.stride(0) != 1)
      throw_error(op, name, "contiguous elements", "stride " + std::to_string(v.stride(0)));
    check_no_overlap(dst, v, op, "dst", name);
    return v.data();
  }
  const T* residual(const view<const T, L>& v) const {
    if (v.shape() != dst.shape() || !same_strides(v, dst))
      throw_error(op, "post::sum", "dst's shape " + dst.shape().str() + " and its strides",
                  v.shape().str() + (v.shape() == dst.shape() ? " with other strides" : ""));
    if (v.data() != dst.data()) check_no_overlap(dst, v, op, "dst", "post::sum");
    return v.data();
  }

  auto lower(const post::bias_op<T>& b) const {
    return std::tuple(epilogue::shift<T>{channel_vector(b.b, "post::bias")});
  }
  auto lower(const post::scale_shift_op<T>& s) const {
    return std::tuple(epilogue::scale<T>{channel_vector(s.scale, "post::scale_shift scale")},
                      epilogue::shift<T>{channel_vector(s.shift, "post::scale_shift shift")});
  }
  auto lower(const post::sum_op<T, L>& s) const {
    return std::tuple(epilogue::sum<T>{residual(s.residual)});
  }
  template <class F>
  auto lower(const post::map_op<F>& m) const {
    return std::tuple(epilogue::map<F>{m.f});
  }

  void set(epilogue::standard<T>& k, const epilogue::scale<T>& s) const { k.scale = s.data; }
  void set(epilogue::standard<T>& k, const epilogue::shift<T>& s) const { k.shift = s.data; }
  void set(epilogue::standard<T>& k, const epilogue::sum<T>& s) const { k.sum = s.data; }
  void set(epilogue::standard<T>& k, const epilogue::map<function::clamp>& c) const {
    k.clamped = true;
    k.low = static_cast<T>(c.f.low);
    k.high = static_cast<T>(c.f.high);
  }
};

template <class... Ops>
auto make_chain(std::tuple<Ops...> ops) {
  return epilogue::chain<Ops...>{ops};
}

}  // namespace detail

/// Checks a composition against dst, which has this many channels, and lowers it: to
/// epilogue::standard if it is bias or scale_shift, then sum, then clamp or relu, each at most
/// once; otherwise to a chain. Throws error in the name of `op`. For kernels compiled for one
/// post-op.
template <class T, layout L, class... Ops>
auto lower(const post::sequence<Ops...>& ops, const view<T, L>& dst, index_t channels,
           const char* op) {
  const detail::lowering<T, L> low{op, channels, dst};
  auto lowered =
      std::apply([&](const auto&... o) { return std::tuple_cat(low.lower(o)...); }, ops.ops);
  if constexpr (detail::is_standard<Ops...>()) {
    epilogue::standard<T> k;
    std::apply([&](const auto&... o) { (low.set(k, o), ...); }, lowered);
    return k;
  } else {
    return detail::make_chain(lowered);
  }
}

/// The same for all other kernels. Returns epilogue::fused<T> or a fused_chain, which must exist
/// until the call ends.
template <class Isa, class T, layout L, class... Ops>
auto lower(const post::sequence<Ops...>& ops, const view<T, L>& dst, index_t channels,
           const char* op) {
  if constexpr (detail::is_standard<Ops...>())
    return epilogue::fused<T>(lower(ops, dst, channels, op));
  else
    return epilogue::fused_chain<T, Isa, decltype(lower(ops, dst, channels, op))>(
        lower(ops, dst, channels, op));
}

}  // namespace simdnn::inline SIMDNN_ABI
