// conv_problem: the geometry of a convolution.
//
// dst[n][o][y] = sum over i, k of src[n][i][y * stride - pad + k * dilation] * weights[o][i][k], in
// each spatial dimension, i running over the input channels of o's group (cross-correlation, as in
// the field).
#pragma once

#include <simdnn/base/math.hpp>
#include <simdnn/problem/notation.hpp>
#include <simdnn/problem/spatial.hpp>
#include <simdnn/tensor/shape.hpp>

namespace simdnn {

/// Filled with designated initialisers:
///     conv_problem{.batch = 8, .in = 64, .out = 128, .size = {56, 56}, .kernel = {3, 3}, .pad = {1, 1}}
/// One to three spatial dimensions, as many as `size` has; the other spatial fields have as many,
/// or none.
struct conv_problem {
  index_t batch = 1;
  index_t in = 1;      ///< input channels, all groups together
  index_t out = 1;     ///< output channels, all groups together
  index_t groups = 1;  ///< output channels of group g see input channels of group g only
  spatial size = {};   ///< of src
  spatial kernel = {};
  spatial stride = {};   ///< none: 1
  spatial pad = {};      ///< zeros in front; none: 0
  spatial pad_end = {};  ///< zeros behind, may be negative (the end is then not read); none: as pad
  spatial dilation = {};  ///< distance of the kernel's taps; none: 1, which means no dilation

  friend constexpr bool operator==(const conv_problem&, const conv_problem&) = default;

  constexpr int rank() const { return size.rank; }

  /// The same with every default written out; throws error naming the field that breaks a rule.
  conv_problem checked(const char* op = "conv_problem") const {
    conv_problem p = *this;
    const auto rule = [&](bool holds, const char* field, const std::string& value,
                          const char* must) {
      if (!holds) throw_error(op, field, must, "is " + value);
    };
    rule(batch >= 0, "batch", std::to_string(batch), "it must be at least 0");
    rule(in >= 1, "in", std::to_string(in), "it must be at least 1");
    rule(out >= 1, "out", std::to_string(out), "it must be at least 1");
    rule(groups >= 1, "groups", std::to_string(groups), "it must be at least 1");
    rule(in % groups == 0, "in", std::to_string(in), "it must be a multiple of groups");
    rule(out % groups == 0, "out", std::to_string(out), "it must be a multiple of groups");
    rule(rank() >= 1, "size", "empty", "one to three spatial sizes are needed");
    const auto fill = [&](spatial& field, const char* name, const spatial& otherwise,
                          index_t least) {
      if (field.empty()) field = otherwise;
      rule(field.rank == rank(), name, field.str(), "it must have as many numbers as size");
      for (int d = 0; d < rank(); ++d) {
        rule(field[d] >= least, name, field.str(),
             least == 0 ? "each must be at least 0" : "each must be at least 1");
        rule(field[d] < (index_t{1} << 31), name, field.str(), "each must be below 2^31");
      }
    };
    fill(p.size, "size", {}, 1);
    rule(!kernel.empty(), "kernel", "empty", "it must have as many numbers as size");
    fill(p.kernel, "kernel", {}, 1);
    fill(p.stride, "stride", spatial::all(rank(), 1), 1);
    fill(p.pad, "pad", spatial::all(rank(), 0), 0);
    fill(p.dilation, "dilation", spatial::all(rank(), 1), 1);
    fill(p.pad_end, "pad_end", p.pad, -(index_t{1} << 31));
    for (int d = 0; d < rank(); ++d)
      rule(p.output(d) >= 1, "kernel", p.kernel.str(), "it must fit into the padded source");
    shape{p.batch, p.in}.elements();
    checked_size(p.src_shape().elements(), op, "src");
    checked_size(p.dst_shape().elements(), op, "dst");
    checked_size(p.weights_shape().elements(), op, "weights");
    return p;
  }

  /// Output size of spatial dimension d.
  constexpr index_t output(int d) const {
    const index_t front = pad.empty() ? 0 : pad[d];
    return window_outputs(size[d], kernel[d], stride.empty() ? 1 : stride[d], front,
                          pad_end.empty() ? front : pad_end[d], dilation.empty() ? 1 : dilation[d]);
  }
  /// {batch, in, size...}
  constexpr shape src_shape() const {
    shape s{batch, in};
    for (int d = 0; d < rank(); ++d) s.push_back(size[d]);
    return s;
  }
  /// {batch, out, output sizes...}
  constexpr shape dst_shape() const {
    shape s{batch, out};
    for (int d = 0; d < rank(); ++d) s.push_back(output(d));
    return s;
  }
  /// {out, in / groups, kernel...}
  constexpr shape weights_shape() const {
    shape s{out, in / groups};
    for (int d = 0; d < rank(); ++d) s.push_back(kernel[d]);
    return s;
  }
  /// Multiplications and additions of one pass, padding counted.
  constexpr double flops() const {
    double n = 2.0 * static_cast<double>(batch) * static_cast<double>(out) *
               static_cast<double>(in / groups);
    for (int d = 0; d < rank(); ++d)
      n *= static_cast<double>(output(d)) * static_cast<double>(kernel[d]);
    return n;
  }
  /// Elements of src, weights and dst, each once.
  constexpr double elements() const {
    return static_cast<double>(src_shape().elements()) +
           static_cast<double>(weights_shape().elements()) +
           static_cast<double>(dst_shape().elements());
  }

  /// benchdnn's notation, where dilation 0 means none:
  /// mb8ic64ih56iw56oc128oh56ow56kh3kw3sh1sw1ph1pw1.
  std::string str() const {
    const conv_problem p = checked();
    std::string text;
    if (groups != 1) text.append("g").append(std::to_string(groups));
    text.append("mb").append(std::to_string(batch));
    const auto put = [&](const char* key, auto number) {
      constexpr const char* letters[] = {"d", "h", "w"};
      for (int d = 0; d < rank(); ++d)
        text.append(key).append(letters[3 - rank() + d]).append(std::to_string(number(d)));
    };
    text.append("ic").append(std::to_string(in));
    put("i", [&](int d) { return p.size[d]; });
    text.append("oc").append(std::to_string(out));
    put("o", [&](int d) { return p.output(d); });
    put("k", [&](int d) { return p.kernel[d]; });
    put("s", [&](int d) { return p.stride[d]; });
    put("p", [&](int d) { return p.pad[d]; });
    if (p.dilation != spatial::all(rank(), 1)) put("d", [&](int d) { return p.dilation[d] - 1; });
    return text;
  }

  /// Reads benchdnn's notation; unset fields are derived as benchdnn does, a size of dst that the
  /// floor rule with equal padding does not give sets pad_end. `name` takes what stands behind n.
  static conv_problem parse(std::string_view text, std::string* name = nullptr) {
    const char* op = "conv_problem";
    notation t(text, op);
    const int rank = t.spatial_rank();
    conv_problem p;
    p.groups = t.take("g", 1);
    p.batch = t.take("mb", 2);
    p.in = t.need("ic");
    p.out = t.need("oc");
    const bool has_size = t.has("iw") || t.has("ih") || t.has("id"),
               has_output = t.has("ow") || t.has("oh") || t.has("od");
    if (!has_size) t.need("ih");
    p.size = t.take_spatial(rank, "i", 1);
    const spatial out = t.take_spatial(rank, "o", 1);
    p.kernel = t.take_spatial(rank, "k", 1);
    p.stride = t.take_spatial(rank, "s", 1);
    p.dilation = t.take_spatial(rank, "d", 0);
    for (int d = 0; d < rank; ++d) ++p.dilation[d];
    const bool has_pad = t.has("pw") || t.has("ph") || t.has("pd");
    p.pad = t.take_spatial(rank, "p", 0);
    t.finish();
    if (has_output) {
      p.pad_end = spatial::all(rank, 0);
      for (int d = 0; d < rank; ++d) {
        const index_t reach = (out[d] - 1) * p.stride[d] + p.dilation[d] * (p.kernel[d] - 1) + 1;
        if (!has_pad) p.pad[d] = reach > p.size[d] ? (reach - p.size[d]) / 2 : 0;
        p.pad_end[d] = p.pad[d];
        if (p.output(d) != out[d]) p.pad_end[d] = reach - p.size[d] - p.pad[d];
      }
    }
    if (name != nullptr) *name = t.name();
    return p.checked(op);
  }
};

}  // namespace simdnn
