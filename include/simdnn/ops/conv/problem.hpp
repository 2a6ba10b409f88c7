// conv_problem: the geometry of a convolution.
//
//     dst[n][o][y] = sum over i, k of src[n][i][y * stride - pad + k * dilation] * weights[o][i][k]
//
// y and k have an index for each spatial dimension; i runs over the input channels of o's group. As
// usual in deep learning the kernel is not flipped (cross-correlation).
#pragma once

#include <simdnn/problem/fields.hpp>
#include <simdnn/problem/notation.hpp>
#include <simdnn/problem/spatial.hpp>
#include <simdnn/problem/window.hpp>
#include <simdnn/tensor/shape.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace simdnn {

/// Use designated initialisers:
///     conv_problem{.batch = 8, .in = 64, .out = 128, .size = {56, 56}, .kernel = {3, 3}, .pad = {1, 1}}
/// There are one to three spatial dimensions, as many as `size` has. Each other spatial field has
/// as many, or is empty and has its default.
struct conv_problem {
  index_t batch = 1;
  index_t in = 1;      ///< input channels, all groups together
  index_t out = 1;     ///< output channels, all groups together
  index_t groups = 1;  ///< output channels of group g see input channels of group g only
  spatial size = {};   ///< of src
  spatial kernel = {};
  spatial stride = {};    ///< default 1
  spatial pad = {};       ///< zeros before src; default 0
  spatial pad_end = {};   ///< zeros after src; if negative, the end of src is not read; default pad
  spatial dilation = {};  ///< distance of the kernel's taps; default 1, no dilation

  friend constexpr bool operator==(const conv_problem&, const conv_problem&) = default;

  constexpr int rank() const { return size.rank; }

  /// Calls f(&P::member, field) for each member, in the order in which str() prints them.
  template <class F>
  static constexpr void fields(F&& f) {
    using P = conv_problem;
    f(&P::groups, {.name = "groups", .key = "g", .least = 1, .usual = 1, .brief = true});
    f(&P::batch, {.name = "batch", .key = "mb", .least = 0});
    f(&P::in, {.name = "in", .key = "ic", .least = 1, .needed = true});
    f(&P::size, {.name = "size", .key = "i", .least = 1, .needed = true});
    f(&P::out, {.name = "out", .key = "oc", .least = 1, .needed = true});
    f(&P::kernel, {.name = "kernel", .key = "k", .least = 1});
    f(&P::stride, {.name = "stride", .key = "s", .least = 1, .usual = 1});
    f(&P::pad, {.name = "pad", .key = "p", .least = 0, .usual = 0});
    f(&P::dilation,
      {.name = "dilation", .key = "d", .least = 1, .usual = 1, .brief = true, .subtracted = 1});
    f(&P::pad_end, {.name = "pad_end", .key = "pe", .least = -0x1p31});
  }

  /// Returns the problem with all defaults filled in. Throws an error that names the field that
  /// breaks a rule.
  conv_problem checked(const char* op = "conv_problem") const {
    conv_problem p = *this;
    problems::check_window(p, op);
    for (const auto& [name, channels] : {std::pair{"in", in}, std::pair{"out", out}})
      if (channels % groups != 0)
        throw_error(op, name, "a multiple of groups (" + std::to_string(groups) + ")",
                    std::to_string(channels));
    check_elements(p.src_shape(), op, "src");
    check_elements(p.dst_shape(), op, "dst");
    check_elements(p.weights_shape(), op, "weights");
    return p;
  }

  /// Output size of spatial dimension d.
  constexpr index_t output(int d) const { return problems::window_outputs(*this, d); }
  /// {batch, in, size...}
  constexpr shape src_shape() const { return joined({batch, in}, size); }
  /// {batch, out, output sizes...}
  constexpr shape dst_shape() const { return joined({batch, out}, problems::outputs(*this)); }
  /// {out, in / groups, kernel...}
  constexpr shape weights_shape() const { return joined({out, in / groups}, kernel); }
  /// Multiplications and additions of one pass, including those with padding.
  constexpr double flops() const {
    double n = 2.0 * static_cast<double>(batch) * static_cast<double>(out) *
               static_cast<double>(in / groups);
    for (int d = 0; d < rank(); ++d)
      n *= static_cast<double>(output(d)) * static_cast<double>(kernel[d]);
    return n;
  }
  /// Number of elements of src, weights and dst together.
  constexpr double elements() const {
    return static_cast<double>(src_shape().elements()) +
           static_cast<double>(weights_shape().elements()) +
           static_cast<double>(dst_shape().elements());
  }

  /// The problem in benchdnn's notation, where dilation 0 means none:
  /// mb8ic64ih56iw56oc128oh56ow56kh3kw3sh1sw1ph1pw1. parse(str()) returns checked().
  std::string str() const { return problems::print_window(checked()); }

  /// Reads benchdnn's notation. Unset fields are derived as in benchdnn. If the size of dst is not
  /// what the floor rule gives with equal padding at both ends, it determines pad_end. `name`
  /// receives the text after n.
  static conv_problem parse(std::string_view text, std::string* name = nullptr) {
    notation t(text, "conv_problem");
    conv_problem p{.batch = 2};
    problems::read(t, p);
    const spatial outputs = problems::read_outputs(t);
    t.finish();
    p.kernel = p.kernel.or_all(p.rank(), 1);
    problems::derive_padding(p, outputs, t.op());
    if (name != nullptr) *name = t.name();
    return p.checked(t.op());
  }
};

static_assert(problems::members<conv_problem>() == problems::listed<conv_problem>());

}  // namespace simdnn
