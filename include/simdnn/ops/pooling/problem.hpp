// pooling_problem: the geometry of max and average pooling.
//
// dst[n][c][y] = max or mean over k of src[n][c][y * stride - pad + k], in each spatial dimension.
#pragma once

#include <simdnn/base/math.hpp>
#include <simdnn/problem/notation.hpp>
#include <simdnn/problem/spatial.hpp>
#include <simdnn/tensor/shape.hpp>

namespace simdnn {

/// max: of the elements inside src; NaN where one is NaN. average: the sum over the number of taps
/// that hit src. average_padded: the sum over the kernel's volume, padding counting as zeros.
enum class pooling_kind { max, average, average_padded };

constexpr const char* to_name(pooling_kind kind) {
  return kind == pooling_kind::max       ? "max"
         : kind == pooling_kind::average ? "average"
                                         : "average_padded";
}

/// Filled with designated initialisers:
///     pooling_problem{.channels = 64, .size = {56, 56}, .kernel = {2, 2}, .stride = {2, 2}}
/// One to three spatial dimensions, as many as `size` has; the other spatial fields have as many,
/// or none. Global pooling: kernel = size.
struct pooling_problem {
  pooling_kind kind = pooling_kind::max;
  index_t batch = 1;
  index_t channels = 1;
  spatial size = {};  ///< of src
  spatial kernel = {};
  spatial stride = {};   ///< none: 1
  spatial pad = {};      ///< in front, less than the kernel; none: 0
  spatial pad_end = {};  ///< behind, less than the kernel, may be negative (the end is then not
                         ///< read); none: as pad

  friend constexpr bool operator==(const pooling_problem&, const pooling_problem&) = default;

  constexpr int rank() const { return size.rank; }

  /// The same with every default written out; throws error naming the field that breaks a rule.
  pooling_problem checked(const char* op = "pooling_problem") const {
    pooling_problem p = *this;
    const auto rule = [&](bool holds, const char* field, const std::string& value,
                          const char* must) {
      if (!holds) throw_error(op, field, must, "is " + value);
    };
    rule(batch >= 0, "batch", std::to_string(batch), "it must be at least 0");
    rule(channels >= 1, "channels", std::to_string(channels), "it must be at least 1");
    rule(rank() >= 1, "size", "empty", "one to three spatial sizes are needed");
    rule(!kernel.empty(), "kernel", "empty", "it must have as many numbers as size");
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
    fill(p.kernel, "kernel", {}, 1);
    fill(p.stride, "stride", spatial::all(rank(), 1), 1);
    fill(p.pad, "pad", spatial::all(rank(), 0), 0);
    fill(p.pad_end, "pad_end", p.pad, -(index_t{1} << 31));
    double taps = 1;
    for (int d = 0; d < rank(); ++d) {
      rule(p.pad[d] < p.kernel[d], "pad", p.pad.str(), "each must be less than the kernel's size");
      rule(p.pad_end[d] < p.kernel[d], "pad_end", p.pad_end.str(),
           "each must be less than the kernel's size");
      rule(p.output(d) >= 1, "kernel", p.kernel.str(), "it must fit into the padded source");
      taps *= static_cast<double>(p.kernel[d]);
    }
    // The numbers of taps stand in a workspace of float.
    rule(taps <= 0x1p24, "kernel", p.kernel.str(), "it must have at most 2^24 taps");
    checked_size(p.src_shape().elements(), op, "src");
    checked_size(p.dst_shape().elements(), op, "dst");
    return p;
  }

  /// Output size of spatial dimension d.
  constexpr index_t output(int d) const {
    const index_t front = pad.empty() ? 0 : pad[d];
    return window_outputs(size[d], kernel[d], stride.empty() ? 1 : stride[d], front,
                          pad_end.empty() ? front : pad_end[d], 1);
  }
  /// {batch, channels, size...}
  constexpr shape src_shape() const {
    shape s{batch, channels};
    for (int d = 0; d < rank(); ++d) s.push_back(size[d]);
    return s;
  }
  /// {batch, channels, output sizes...}
  constexpr shape dst_shape() const {
    shape s{batch, channels};
    for (int d = 0; d < rank(); ++d) s.push_back(output(d));
    return s;
  }
  /// Comparisons or additions of one pass, padding counted.
  constexpr double flops() const {
    double n = static_cast<double>(batch) * static_cast<double>(channels);
    for (int d = 0; d < rank(); ++d)
      n *= static_cast<double>(output(d)) * static_cast<double>(kernel[d]);
    return n;
  }
  /// Elements of src and dst, each once.
  constexpr double elements() const {
    return static_cast<double>(src_shape().elements()) +
           static_cast<double>(dst_shape().elements());
  }

  /// benchdnn's notation, which does not say the kind: mb8ic64ih56iw56oh28ow28kh3kw3sh2sw2ph1pw1.
  std::string str() const {
    const pooling_problem p = checked();
    std::string text = "mb" + std::to_string(batch) + "ic" + std::to_string(channels);
    const auto put = [&](const char* key, auto number) {
      constexpr const char* letters[] = {"d", "h", "w"};
      for (int d = 0; d < rank(); ++d)
        text.append(key).append(letters[3 - rank() + d]).append(std::to_string(number(d)));
    };
    put("i", [&](int d) { return p.size[d]; });
    put("o", [&](int d) { return p.output(d); });
    put("k", [&](int d) { return p.kernel[d]; });
    put("s", [&](int d) { return p.stride[d]; });
    put("p", [&](int d) { return p.pad[d]; });
    return text;
  }

  /// Reads benchdnn's notation, where dilation 0 means none, the only one there is here. A size of
  /// dst that the floor rule with equal padding does not give sets pad_end; an unset kernel is
  /// taken as large as the sizes allow. `name` takes what stands behind n.
  static pooling_problem parse(std::string_view text, pooling_kind kind = pooling_kind::max,
                               std::string* name = nullptr) {
    const char* op = "pooling_problem";
    notation t(text, op);
    const int rank = t.spatial_rank();
    const auto has = [&](const std::string& prefix) {
      return t.has(prefix + "w") || t.has(prefix + "h") || t.has(prefix + "d");
    };
    pooling_problem p{.kind = kind};
    p.batch = t.take("mb", 2);
    p.channels = t.need("ic");
    if (!has("i")) t.need("ih");
    const bool has_output = has("o"), has_kernel = has("k"), has_pad = has("p");
    p.size = t.take_spatial(rank, "i", 1);
    const spatial out = t.take_spatial(rank, "o", 1);
    p.kernel = t.take_spatial(rank, "k", 1);
    p.stride = t.take_spatial(rank, "s", 1);
    p.pad = t.take_spatial(rank, "p", 0);
    const spatial dilation = t.take_spatial(rank, "d", 0);
    if (dilation != spatial::all(rank, 0))
      throw_error(op, "dilation", "pooling has none", "is " + dilation.str());
    t.finish();
    if (!has_output && !has_kernel) t.need("kh");
    if (has_output) p.pad_end = spatial::all(rank, 0);
    for (int d = 0; d < rank && has_output; ++d) {
      const index_t steps = (out[d] - 1) * p.stride[d];
      if (!has_kernel) p.kernel[d] = p.size[d] + 2 * p.pad[d] - steps;
      const index_t reach = steps + p.kernel[d];
      if (!has_pad) p.pad[d] = reach > p.size[d] ? (reach - p.size[d]) / 2 : 0;
      p.pad_end[d] = p.pad[d];
      if (p.output(d) != out[d]) p.pad_end[d] = reach - p.size[d] - p.pad[d];
    }
    if (name != nullptr) *name = t.name();
    return p.checked(op);
  }
};

}  // namespace simdnn
