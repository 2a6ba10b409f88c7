// placed_operand: an operand of a pass, of any type, layout and strides, in its own memory between
// guard pages. Its line of the operand table is data, so that the checks of passes
// (pass_checks.hpp) are compiled once per test and not once per pass.
#pragma once

#include <cmath>
#include <cstring>
#include <simdnn/plan/operand.hpp>
#include <simdnn/trace/call_record.hpp>

#include "support/compare.hpp"
#include "support/guarded_memory.hpp"
#include "support/random_view.hpp"

namespace test {

/// How checks read and write elements of one type.
struct element_kind {
  const char* name;
  index_t bytes;
  bool has_nan;
  double (*load)(const std::byte*);
  void (*store)(std::byte*, double);
  double (*tolerance)(index_t terms, double factor);
};
template <class T>
inline constexpr element_kind element_kind_of{simdnn::calls::type_name<T>(),
                                              sizeof(T),
                                              std::numeric_limits<T>::has_quiet_NaN,
                                              [](const std::byte* from) {
                                                T x;
                                                std::memcpy(&x, from, sizeof(T));
                                                return static_cast<double>(x);
                                              },
                                              [](std::byte* to, double value) {
                                                const T x = static_cast<T>(value);
                                                std::memcpy(to, &x, sizeof(T));
                                              },
                                              &relative_tolerance<T>};

/// One line of an operand table.
struct operand_facts {
  const char* name;
  simdnn::role role;
  bool written, optional, list, has_shape;
  bool fixed;  ///< the table gives one layout, not a predicate
  simdnn::layout layout;
  simdnn::needs needs;
  int like;                 ///< the operand whose strides it has; -1: none
  std::size_t may_replace;  ///< bit i: it may be the same view as operand i
  const element_kind* element;

  bool read() const { return role == simdnn::role::inout || !written; }
};

/// A view without its type and layout. Its rank is 0 if the operand is left out or uninitialised.
struct erased_view {
  std::byte* data = nullptr;
  simdnn::shape shape = {};
  simdnn::strides strides = {};
};

/// A dense view, except that the stride of dimension d is `step` times the dense one.
inline random_view spread_view(const simdnn::layout& format, const simdnn::shape& s, guard side,
                               int d = -1, index_t step = 1) {
  random_view v{.format = format, .shape = s, .side = side};
  index_t extent = format.block_size();
  for (int at = s.rank() - 1; at >= 0; --at) {
    const int dim = format.outer_dim(at);
    v.block[dim] = format.block(dim), v.block_stride[dim] = format.block_stride(dim);
    const index_t blocks = (s[dim] + v.block[dim] - 1) / v.block[dim];
    v.strides[dim] = dim == d ? step * extent : extent;
    extent = std::max(extent, v.strides[dim] * blocks);
  }
  v.elements = s.elements() == 0 ? 0 : extent;
  return v;
}

class placed_operand {
 public:
  /// Elements and padding are zero. The elements around them are NaN, or -1 if the type is an
  /// integer.
  placed_operand(const element_kind& kind, const random_view& where)
      : kind_(kind),
        where_(where),
        places_(places(where)),
        memory_(where.elements * kind.bytes, where.side, static_cast<std::size_t>(kind.bytes)) {
    fill(place::outside, unknown);
    remember();
  }

  /// Writes the elements in logical order; of elements that share memory the last one stays.
  void put(const std::vector<double>& values) {
    std::size_t i = 0;
    for_each_place(where_, [&](index_t at) { kind_.store(byte(at), values[i++]); });
    remember();
  }
  /// Fills the elements with NaN or -1, so that those that are not written show.
  void spoil(bool padding_too) {
    fill(place::element, unknown);
    if (padding_too) fill(place::padding, unknown);
    remember();
  }
  std::vector<double> numbers() const {
    std::vector<double> result;
    result.reserve(static_cast<std::size_t>(where_.shape.elements()));
    for_each_place(where_, [&](index_t at) { result.push_back(kind_.load(byte(at))); });
    return result;
  }
  /// The elements' bytes in logical order.
  std::vector<std::byte> bits() const {
    std::vector<std::byte> result;
    for_each_place(
        where_, [&](index_t at) { result.insert(result.end(), byte(at), byte(at) + kind_.bytes); });
    return result;
  }

  erased_view view() const { return {byte(where_.first), where_.shape, where_.strides}; }
  const random_view& where() const { return where_; }

  bool unchanged() const {
    return before_.empty() || std::memcmp(before_.data(), memory_.data(), before_.size()) == 0;
  }
  /// For a written operand: "" if nothing outside of it was written and its padding is zero.
  std::string faults() const {
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const auto at = static_cast<index_t>(i);
      if (places_[i] == place::outside &&
          std::memcmp(byte(at), &before_[i * static_cast<std::size_t>(kind_.bytes)],
                      static_cast<std::size_t>(kind_.bytes)) != 0)
        return "memory outside of the operand is written";
      if (places_[i] == place::padding && kind_.load(byte(at)) != 0) return "padding is not zero";
    }
    return "";
  }

 private:
  static constexpr std::byte unknown{0xff};

  std::byte* byte(index_t element) const {
    return const_cast<std::byte*>(memory_.data()) + element * kind_.bytes;
  }
  void fill(place what, std::byte value) {
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (places_[i] == what) std::fill_n(byte(static_cast<index_t>(i)), kind_.bytes, value);
  }
  void remember() { before_.assign(memory_.begin(), memory_.end()); }

  const element_kind& kind_;
  random_view where_;
  std::vector<place> places_;
  guarded_memory<std::byte> memory_;
  std::vector<std::byte> before_;
};

}  // namespace test
