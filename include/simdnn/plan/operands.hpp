// Checks a call's operands against their table. A plan first compares a few numbers inline
// (quick_check.hpp) and calls these checks only if that test fails. They are not templates, so that
// they are compiled once.
#pragma once

#include <algorithm>
#include <simdnn/plan/operand.hpp>
#include <simdnn/tensor/overlap.hpp>
#include <span>
#include <string>

namespace simdnn {

/// An operand of a call, of any element type and layout.
struct erased_operand {
  const char* name = "";
  int index = -1;  ///< in a list; -1: not in a list
  bool present = false, written = false;
  bool fixed = false;  ///< the table gives it one layout
  simdnn::needs needs = simdnn::needs::any;
  int like = -1;                ///< the operand whose shape and strides it must have; -1: none
  std::size_t may_replace = 0;  ///< bit i: it may be the same view as operand i
  const simdnn::shape* expected = nullptr;  ///< null: not checked here
  simdnn::shape shape = {};
  simdnn::layout layout = "x";
  const char* type = "";
  index_t bytes = 0;  ///< per element
  strided_box box = {};

  std::string text() const {
    return index < 0 ? name
                     : std::string(name).append("[").append(std::to_string(index)).append("]");
  }
};

namespace operand_detail {

/// "64 channels", "1 row", "width 7"
inline std::string sized(char letter, index_t size) {
  const std::string number = std::to_string(size);
  const auto count = [&](const char* word) { return number + ' ' + word + (size == 1 ? "" : "s"); };
  switch (letter) {
    case 'n':
      return "a batch of " + number;
    case 'c':
      return count("channel");
    case 'o':
      return count("output channel");
    case 'i':
      return count("input channel");
    case 'd':
      return "depth " + number;
    case 'h':
      return "height " + number;
    case 'w':
      return "width " + number;
    case 'a':
      return count("row");
    case 'b':
      return count("column");
    case 'x':
      return count("element");
    default:
      return "size " + number + " along " + letter;
  }
}

inline void check_shape(const char* op, const std::string& name, const layout& l,
                        const shape& expected, const shape& got) {
  if (expected.rank() != got.rank())
    throw_error(op, name, "shape " + expected.str(),
                got.rank() == 0 ? "an uninitialised tensor" : got.str());
  for (int d = 0; d < expected.rank(); ++d)
    if (got[d] != expected[d])
      throw_error(op, name, sized(l.letter(d), expected[d]), std::to_string(got[d]));
}

inline void check_strides(const char* op, const erased_operand& v) {
  const layout& l = v.layout;
  const int fastest = l.outer_dim(l.rank() - 1);
  const bool plain = l.plain();
  if (v.needs == needs::images) {
    index_t dense = l.block_size();
    for (int at = l.rank() - 1; at > 0; --at) {
      const int d = l.outer_dim(at);
      if (v.box.blocks[d] > 1 && v.box.stride[d] != dense)
        throw_error(op, v.text(), "images without gaps", std::string("gaps along ") + l.letter(d));
      dense *= v.box.blocks[d];
    }
  } else if (v.needs != needs::any && plain && v.box.blocks[fastest] > 1 &&
             v.box.stride[fastest] != 1 &&
             (v.needs == needs::fastest || l.letter(fastest) == 'c')) {
    throw_error(op, v.text(),
                std::string("stride 1 along its fastest dimension ") + l.letter(fastest),
                std::to_string(v.box.stride[fastest]));
  }
}

inline bool same_strides(const strided_box& a, const strided_box& b) {
  for (int d = 0; d < a.rank; ++d)
    if (a.stride[d] != b.stride[d] && a.blocks[d] > 1) return false;
  return true;
}

}  // namespace operand_detail

/// Throws error in the name of `op` if the operand was default-constructed and so has no shape.
inline void check_initialised(const shape& s, const layout& l, const char* op,
                              const std::string& name) {
  if (s.rank() != l.rank())
    throw_error(op, name, "a tensor of " + std::to_string(l.rank()) + " dimensions",
                "an uninitialised one");
}

/// Throws error in the name of `op` if
///   - an operand has the wrong shape, or strides that the pass does not take;
///   - elements of an output share memory;
///   - an output overlaps another operand, unless it may replace it and is the same view.
SIMDNN_NOINLINE inline void check_operands(const char* op, std::span<const erased_operand> all) {
  for (const erased_operand& v : all) {
    if (!v.present) continue;
    check_initialised(v.shape, v.layout, op, v.text());
    if (v.expected != nullptr)
      operand_detail::check_shape(op, v.text(), v.layout, *v.expected, v.shape);
  }
  for (const erased_operand& v : all) {
    if (!v.present) continue;
    operand_detail::check_strides(op, v);
    if (v.like >= 0) {
      const erased_operand& other = all[static_cast<std::size_t>(v.like)];
      if (v.shape != other.shape)
        throw_error(op, v.text(), other.text() + "'s shape " + other.shape.str(), v.shape.str());
      if (!operand_detail::same_strides(v.box, other.box))
        throw_error(op, v.text(), other.text() + "'s strides", "others");
    }
    if (v.written && !elements_apart(v.box))
      throw_error(op, v.text(), "elements that share no memory", "strides by which they overlap");
  }
  for (const erased_operand& v : all)
    for (std::size_t i = 0; i < all.size(); ++i) {
      const erased_operand& other = all[i];
      if (!v.present || !v.written || &v == &other || !other.present) continue;
      const bool same_layout = v.layout == other.layout;
      if (boxes_apart(v.box, other.box, same_layout)) continue;
      if ((v.may_replace >> i & 1) != 0 && same_layout && v.box.address == other.box.address &&
          v.shape == other.shape && operand_detail::same_strides(v.box, other.box))
        continue;
      throw_error(op, v.text(), "memory apart from " + other.text(), "an overlap");
    }
}

/// Throws error in the name of `op` if the operand's shape is not the expected one:
///     conv_forward: src: expected 64 channels, got 3
template <class T, layout L>
void check_shape(const view<T, L>& operand, const shape& expected, const char* op,
                 const char* argument) {
  if (operand.shape() != expected)
    operand_detail::check_shape(op, argument, L, expected, operand.shape());
}

}  // namespace simdnn
