// Windows that slide over src, as in conv and pooling. Their problems P have output(d) and the
// spatial fields size, kernel, stride, pad, pad_end and, optionally, dilation.
#pragma once

#include <simdnn/problem/fields.hpp>
#include <simdnn/problem/notation.hpp>
#include <simdnn/problem/spatial.hpp>
#include <string>

namespace simdnn {

/// Number of outputs of a window that slides over `size` elements with padding on both sides:
///     floor((size + pad + pad_end - (dilation * (kernel - 1) + 1)) / stride) + 1,
/// or 0 if the window does not fit.
constexpr index_t window_outputs(index_t size, index_t kernel, index_t stride, index_t pad,
                                 index_t pad_end, index_t dilation) {
  const index_t room = size + pad + pad_end - (dilation * (kernel - 1) + 1);
  return room < 0 ? 0 : room / stride + 1;
}

namespace problems {

template <class P>
constexpr index_t dilation_of(const P& p, int d) {
  if constexpr (requires { p.dilation; })
    return p.dilation.at(d, 1);
  else
    return 1;
}

/// Number of windows in spatial dimension d.
template <class P>
constexpr index_t window_outputs(const P& p, int d) {
  const index_t pad = p.pad.at(d, 0);
  return simdnn::window_outputs(p.size[d], p.kernel[d], p.stride.at(d, 1), pad,
                                p.pad_end.at(d, pad), dilation_of(p, d));
}

/// Number of windows in each dimension.
template <class P>
constexpr spatial outputs(const P& p) {
  spatial numbers = p.size;
  for (int d = 0; d < numbers.rank; ++d) numbers[d] = p.output(d);
  return numbers;
}

/// Fills in all defaults. Checks each field, and that the kernel fits.
template <class P>
void check_window(P& p, const char* op) {
  fill(p);
  if (p.pad_end.empty()) p.pad_end = p.pad;
  check(p, op);
  for (int d = 0; d < p.rank(); ++d)
    if (p.output(d) < 1)
      throw_error(op, "kernel", "one that fits into the padded src", p.kernel.str());
}

/// Derives the padding from the numbers of windows, as benchdnn does. An empty pad becomes half of
/// the elements that size lacks. An empty pad_end becomes pad or, if that does not give `out`
/// windows, the padding that does. Fills in the usual stride and dilation. Does nothing if `out` is
/// empty.
template <class P>
void derive_padding(P& p, const spatial& out, const char* op) {
  if (out.empty()) return;
  const bool has_pad = !p.pad.empty(), has_pad_end = !p.pad_end.empty();
  fill(p);
  p.pad_end = p.pad_end.or_all(p.rank(), 0);
  for (int d = 0; d < p.rank(); ++d) {
    // Elements that the windows cover, padding included.
    const index_t covered = (out[d] - 1) * p.stride[d] + dilation_of(p, d) * (p.kernel[d] - 1) + 1;
    if (!has_pad) p.pad[d] = covered > p.size[d] ? (covered - p.size[d]) / 2 : 0;
    if (!has_pad_end) p.pad_end[d] = p.pad[d];
    if (p.output(d) == out[d]) continue;
    if (has_pad_end) throw_error(op, "output", outputs(p).str(), out.str());
    p.pad_end[d] = covered - p.size[d] - p.pad[d];
  }
}

/// Reads the output sizes, key o; empty if the text has none.
inline spatial read_outputs(notation& t) {
  spatial out;
  read(t, {.name = "output", .key = "o", .least = 1}, out);
  return out;
}

/// The text of a problem that checked() returned. It contains pad_end only if pad_end does not
/// follow from the rest.
template <class P>
std::string print_window(P p) {
  const spatial out = outputs(p);
  P derived = p;
  derived.pad_end = {};
  derive_padding(derived, out, "print");
  if (derived.pad_end == p.pad_end) p.pad_end = {};
  return print(p, out);
}

}  // namespace problems

}  // namespace simdnn
