// pooling_problem: the geometry of max and average pooling.
//
// dst[n][c][y] = max or mean over k of src[n][c][y * stride - pad + k], in each spatial dimension.
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

/// max: the largest element inside src; NaN if any is NaN. average: the sum divided by the number
/// of kernel positions inside src. average_padded: the sum divided by the kernel's volume; the
/// padding counts as zeros.
enum class pooling_kind { max, average, average_padded };

constexpr const char* to_name(pooling_kind kind) {
  return kind == pooling_kind::max       ? "max"
         : kind == pooling_kind::average ? "average"
                                         : "average_padded";
}

/// Filled with designated initialisers:
///     pooling_problem{.channels = 64, .size = {56, 56}, .kernel = {2, 2}, .stride = {2, 2}}
/// There are one to three spatial dimensions, as many as `size` has. Each other spatial field has
/// as many numbers or is empty. For global pooling, set kernel = size.
struct pooling_problem {
  pooling_kind kind = pooling_kind::max;
  index_t batch = 1;
  index_t channels = 1;
  spatial size = {};  ///< of src
  spatial kernel = {};
  spatial stride = {};   ///< empty: 1
  spatial pad = {};      ///< before src, less than the kernel; empty: 0
  spatial pad_end = {};  ///< after src, less than the kernel; if it is negative, the end of src is
                         ///< not read; empty: the same as pad

  friend constexpr bool operator==(const pooling_problem&, const pooling_problem&) = default;

  constexpr int rank() const { return size.rank; }

  /// Calls f(&P::member, field) for each member, in the order of the text.
  template <class F>
  static constexpr void fields(F&& f) {
    using P = pooling_problem;
    f(&P::batch, {.name = "batch", .key = "mb", .least = 0});
    f(&P::channels, {.name = "channels", .key = "ic", .least = 1, .needed = true});
    f(&P::size, {.name = "size", .key = "i", .least = 1, .needed = true});
    f(&P::kernel, {.name = "kernel", .key = "k", .least = 1});
    f(&P::stride, {.name = "stride", .key = "s", .least = 1, .usual = 1});
    f(&P::pad, {.name = "pad", .key = "p", .least = 0, .usual = 0});
    f(&P::pad_end, {.name = "pad_end", .key = "pe", .least = -0x1p31});
    f(&P::kind,
      {.name = "kind", .key = "alg", .least = 0, .greatest = 2, .usual = 0, .brief = true});
  }

  /// The same problem with every default filled in. Throws error naming the field that breaks a
  /// rule.
  pooling_problem checked(const char* op = "pooling_problem") const {
    pooling_problem p = *this;
    problems::check_window(p, op);
    double taps = 1;
    for (int d = 0; d < rank(); ++d) {
      for (const auto& [name, padding] : {std::pair{"pad", p.pad}, std::pair{"pad_end", p.pad_end}})
        if (padding[d] >= p.kernel[d])
          throw_error(op, name, "each less than the kernel (" + p.kernel.str() + ")",
                      padding.str());
      taps *= static_cast<double>(p.kernel[d]);
    }
    // argmax holds the numbers of kernel positions, which are exact in float up to 2^24.
    if (taps > 0x1p24) throw_error(op, "kernel", "at most 2^24 taps", p.kernel.str());
    check_elements(p.src_shape(), op, "src");
    check_elements(p.dst_shape(), op, "dst");
    return p;
  }

  /// Output size of spatial dimension d.
  constexpr index_t output(int d) const { return problems::window_outputs(*this, d); }
  /// {batch, channels, size...}
  constexpr shape src_shape() const { return joined({batch, channels}, size); }
  /// {batch, channels, output sizes...}
  constexpr shape dst_shape() const { return joined({batch, channels}, problems::outputs(*this)); }
  /// Number of comparisons or additions of one pass, including those for the padding.
  constexpr double flops() const {
    double n = static_cast<double>(batch) * static_cast<double>(channels);
    for (int d = 0; d < rank(); ++d)
      n *= static_cast<double>(output(d)) * static_cast<double>(kernel[d]);
    return n;
  }
  /// Number of elements of src and dst together.
  constexpr double elements() const {
    return static_cast<double>(src_shape().elements()) +
           static_cast<double>(dst_shape().elements());
  }

  /// benchdnn's notation: mb8ic64ih56iw56oh28ow28kh3kw3sh2sw2ph1pw1, then the kind's number, as in
  /// _alg1, if it is not max. parse() returns checked() again.
  std::string str() const { return problems::print_window(checked()); }

  /// Reads benchdnn's notation. The only legal dilation is 0, which means none. If equal padding on
  /// both sides does not give dst's size, pad_end is chosen so that the size is right. If the text
  /// has no kernel, the kernel is as large as the sizes allow. If it has no alg, `kind` is used. If
  /// `name` is not null, it receives what follows n.
  static pooling_problem parse(std::string_view text, pooling_kind kind = pooling_kind::max,
                               std::string* name = nullptr) {
    notation t(text, "pooling_problem");
    pooling_problem p{.kind = kind, .batch = 2};
    problems::read(t, p);
    const spatial outputs = problems::read_outputs(t);
    spatial dilation;
    problems::read(t, {.name = "dilation", .key = "d", .least = 0, .greatest = 0}, dilation);
    if (outputs.empty() && p.kernel.empty()) t.need("k", true);
    t.finish();
    if (p.kernel.empty()) {
      p.kernel = p.size;
      for (int d = 0; d < p.rank(); ++d)
        p.kernel[d] += 2 * p.pad.at(d, 0) - (outputs[d] - 1) * p.stride.at(d, 1);
    }
    problems::derive_padding(p, outputs, t.op());
    if (name != nullptr) *name = t.name();
    return p.checked(t.op());
  }
};

static_assert(problems::members<pooling_problem>() == problems::listed<pooling_problem>());

}  // namespace simdnn
