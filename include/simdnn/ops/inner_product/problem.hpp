// inner_product_problem: the geometry of a fully connected layer.
//
// dst[n][o] = sum over i and the pixels x of src[n][i][x] * weights[o][i][x].
#pragma once

#include <simdnn/base/math.hpp>
#include <simdnn/problem/notation.hpp>
#include <simdnn/problem/spatial.hpp>
#include <simdnn/tensor/shape.hpp>

namespace simdnn {

/// Filled with designated initialisers:
///     inner_product_problem{.batch = 8, .in = 256, .out = 4096, .size = {6, 6}}
struct inner_product_problem {
  index_t batch = 1;
  index_t in = 1;     ///< channels of src
  index_t out = 1;    ///< channels of dst
  spatial size = {};  ///< of src; none: src has channels only

  friend constexpr bool operator==(const inner_product_problem&,
                                   const inner_product_problem&) = default;

  /// Throws error naming the field that breaks a rule.
  inner_product_problem checked(const char* op = "inner_product_problem") const {
    const auto rule = [&](index_t number, const char* field, const std::string& value,
                          index_t least) {
      if (number < least)
        throw_error(op, field,
                    (field == std::string("size") ? "each" : "it") +
                        std::string(" must be at least ") + std::to_string(least),
                    "is " + value);
    };
    rule(batch, "batch", std::to_string(batch), 0);
    rule(in, "in", std::to_string(in), 1);
    rule(out, "out", std::to_string(out), 1);
    for (int d = 0; d < size.rank; ++d) rule(size[d], "size", size.str(), 1);
    // 16: bytes of the widest element, doubled.
    checked_size(product(op, "src", src_shape()), op, "src");
    checked_size(product(op, "weights", weights_shape()), op, "weights");
    checked_size(product(op, "dst", dst_shape()), op, "dst");
    return *this;
  }

  /// {batch, in, size...}
  constexpr shape src_shape() const { return with_size({batch, in}); }
  /// {out, in, size...}
  constexpr shape weights_shape() const { return with_size({out, in}); }
  /// {batch, out}
  constexpr shape dst_shape() const { return {batch, out}; }
  /// Multiplications and additions of one pass.
  constexpr double flops() const {
    double n =
        2.0 * static_cast<double>(batch) * static_cast<double>(out) * static_cast<double>(in);
    for (int d = 0; d < size.rank; ++d) n *= static_cast<double>(size[d]);
    return n;
  }
  /// Elements of src, weights and dst, each once.
  constexpr double elements() const {
    return static_cast<double>(src_shape().elements()) +
           static_cast<double>(weights_shape().elements()) +
           static_cast<double>(dst_shape().elements());
  }

  /// benchdnn's notation: mb112ic2048oc1000, mb8ic256ih6iw6oc4096.
  std::string str() const {
    constexpr const char* letters[] = {"id", "ih", "iw"};
    std::string text = "mb" + std::to_string(batch) + "ic" + std::to_string(in);
    for (int d = 0; d < size.rank; ++d)
      text.append(letters[3 - size.rank + d]).append(std::to_string(size[d]));
    return text + "oc" + std::to_string(out);
  }
  /// Reads benchdnn's notation; a batch that is not given is 2, as there. `name` takes what stands
  /// behind n.
  static inner_product_problem parse(std::string_view text, std::string* name = nullptr) {
    const char* op = "inner_product_problem";
    notation t(text, op);
    inner_product_problem p;
    p.batch = t.take("mb", 2);
    p.in = t.need("ic");
    p.out = t.need("oc");
    if (t.has("id") || t.has("ih") || t.has("iw"))
      p.size = t.take_spatial(t.spatial_rank(), "i", 1);
    t.finish();
    if (name != nullptr) *name = t.name();
    return p.checked(op);
  }

 private:
  constexpr shape with_size(shape s) const {
    for (int d = 0; d < size.rank; ++d) s.push_back(size[d]);
    return s;
  }
  static index_t product(const char* op, const char* argument, const shape& s) {
    index_t n = 1;
    for (index_t size : s) n = checked_mul(n, size, op, argument);
    return n;
  }
};

}  // namespace simdnn
