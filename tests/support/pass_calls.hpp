// pass_calls: one problem of a pass with all that is needed to call it: random values and places in
// memory for its operands, calls, and the comparison of their results.
#pragma once

#include <algorithm>
#include <string_view>

#include "support/erased_pass.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

namespace test {

/// Properties of a pass that its operand table does not contain.
struct pass_traits {
  index_t terms = 0;           ///< products in the longest sum (compare.hpp); 0: as the pass says
  bool exact = false;          ///< no tolerance, whatever the terms
  double low = -1, high = 1;   ///< of the operands' values
  std::string nan_stops = "";  ///< operands whose NaN need not reach an output, "src dst"; "*": all
  /// NaN may also reach results in which the reference has none, because zeros beyond borders are
  /// multiplied by it.
  bool nan_spreads = false;
  /// The factor of an algorithm's tolerance, larger than 1 if it transforms its operands.
  double (*factor)(std::string_view algorithm) = &transform_factor;
};

using placement = std::vector<random_view>;       ///< of each operand
using values = std::vector<std::vector<double>>;  ///< of each operand, in logical order
/// Null for an operand that is left out. If two pointers are equal, the output replaces the other
/// operand's elements.
using placed_operands = std::vector<std::shared_ptr<placed_operand>>;

struct results {
  values numbers;                            ///< of what was written
  std::vector<std::vector<std::byte>> bits;  ///< the same
  double returned = 0;

  bool same_bits(const results& other) const {
    return bits == other.bits && std::memcmp(&returned, &other.returned, sizeof(double)) == 0;
  }
};

class pass_calls {
 public:
  pass_calls(const erased_pass& p, const void* problem, const pass_traits& t)
      : pass(p), traits(t), problem_(problem) {
    const auto plan = make({});
    terms = t.terms > 0 ? t.terms : plan->terms;
    shapes = plan->shapes;
    for (std::size_t i = 0; i < pass.operands.size(); ++i) {
      drawn.emplace_back();
      const index_t indices = plan->indices[i];
      for (index_t n = shapes[i].elements(); n > 0; --n)
        drawn.back().push_back(indices > 0
                                   ? static_cast<double>(random_.integer(0, indices - 1))
                                   : static_cast<float>(random_.number(traits.low, traits.high)));
    }
    text = std::string(pass.op) + ' ' + pass.operands[0].element->name + ' ' + layouts() + ' ' +
           plan->text;
  }

  std::unique_ptr<erased_plan> make(const simdnn::policy& policy) const {
    return pass.make(problem_, policy);
  }
  std::vector<erased_pass::algorithm> algorithms() const { return pass.algorithms(problem_, {}); }
  /// "nchw:nchw"
  std::string layouts() const {
    std::string all;
    for (const operand_facts& f : pass.operands)
      all.append(all.empty() ? "" : ":").append(f.layout.text());
    return all;
  }
  index_t largest() const {
    index_t most = 0;
    for (const simdnn::shape& s : shapes) most = std::max(most, s.elements());
    return most;
  }
  bool empty() const {
    return std::any_of(shapes.begin(), shapes.end(), [](auto& s) { return s.elements() == 0; });
  }

  // --- Places.

  placement dense(guard side) const {
    placement all;
    for (std::size_t i = 0; i < shapes.size(); ++i)
      all.push_back(spread_view(pass.operands[i].layout, shapes[i], side));
    return all;
  }
  /// Random strides, as the table allows them.
  placement strided() {
    placement all = dense(guard::behind);
    for (std::size_t i = 0; i < shapes.size(); ++i)
      if (root(i) == i)
        all[i] = make_random_view(pass.operands[i].layout, shapes[i], random_, freedom(i));
    for (std::size_t i = 0; i < shapes.size(); ++i) all[i] = all[root(i)];
    return all;
  }
  /// Dense, except along one dimension of operand i and of those that are like it.
  placement spread(std::size_t i, int d, index_t step) const {
    placement all = dense(guard::behind);
    for (std::size_t j = 0; j < all.size(); ++j)
      if (root(j) == root(i))
        all[j] = spread_view(pass.operands[j].layout, shapes[j], guard::behind, d, step);
    return all;
  }
  /// The operand at the end of the chain of operands whose strides operand i has.
  std::size_t root(std::size_t i) const {
    for (std::size_t next = i;; i = next) {
      const int like = pass.operands[i].like;
      next = like < 0 ? i : static_cast<std::size_t>(like);
      if (next == i) return i;
    }
  }

  // --- Calls.

  /// Bit i of `left_out` leaves out the optional operand i. `spoil_padding` is false for the
  /// reference, which does not write padding.
  placed_operands place(const placement& where, const values& v, std::size_t left_out,
                        bool spoil_padding = true) const {
    placed_operands all;
    for (std::size_t i = 0; i < where.size(); ++i) {
      const operand_facts& f = pass.operands[i];
      all.emplace_back();
      if ((left_out >> i & 1) != 0) continue;
      all.back() = std::make_shared<placed_operand>(*f.element, where[i]);
      if (f.read())
        all.back()->put(v[i]);
      else
        all.back()->spoil(spoil_padding);
    }
    return all;
  }
  static std::vector<erased_view> views(const placed_operands& operands) {
    std::vector<erased_view> all;
    for (const auto& o : operands) {
      all.push_back(o ? o->view() : erased_view());
      if (all.back().shape.elements() == 0) all.back().data = nullptr;
    }
    return all;
  }
  results run(erased_plan& plan, const placed_operands& operands, simdnn::executor_ref executor,
              std::span<std::byte> workspace = {}) const {
    const std::vector<erased_view> v = views(operands);
    plan.pack(v, executor);
    results r;
    r.returned = plan.run(v, executor, workspace);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const bool written = pass.operands[i].written && operands[i] != nullptr;
      r.numbers.push_back(written ? operands[i]->numbers() : std::vector<double>());
      r.bits.push_back(written ? operands[i]->bits() : std::vector<std::byte>());
    }
    return r;
  }
  results reference(const values& v, std::size_t left_out) const {
    const auto plan = make({.algorithm = "reference"});
    return run(*plan, place(dense(guard::behind), v, left_out, false), simdnn::serial());
  }

  /// "" if the results are as near to the reference's as they must be. With `nan_spreads` results
  /// are compared only where the reference has NaN, which they must have too.
  std::string difference(const results& own, const results& wanted, std::string_view algorithm,
                         bool nan_spreads = false) const {
    const double factor = traits.factor(algorithm);
    for (std::size_t i = 0; i < own.numbers.size(); ++i) {
      const operand_facts& f = pass.operands[i];
      if (own.numbers[i].empty()) continue;
      std::vector<double> numbers = own.numbers[i];
      if (nan_spreads)
        for (std::size_t k = 0; k < numbers.size(); ++k)
          if (std::isnan(numbers[k]) || !std::isnan(wanted.numbers[i][k]))
            numbers[k] = wanted.numbers[i][k];
      const double relative = traits.exact ? 0 : f.element->tolerance(terms, factor);
      const std::string text =
          test::difference(numbers, wanted.numbers[i], shapes[i], terms, relative);
      if (!text.empty()) return f.name + text;
    }
    const std::string text = test::difference({own.returned}, {wanted.returned}, {1}, terms,
                                              pass.operands[0].element->tolerance(terms, factor));
    return text.empty() ? "" : "what is returned" + text;
  }
  /// "" if only outputs were written and their padding is zero.
  std::string faults(const placed_operands& operands) const {
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (operands[i] == nullptr) continue;
      bool written = false;
      for (std::size_t j = 0; j < operands.size(); ++j)
        written = written || (pass.operands[j].written && operands[j] == operands[i]);
      const std::string name = std::string(pass.operands[i].name) + ": ";
      if (!written && !operands[i]->unchanged()) return name + "what is read is written";
      // A saved operand may be left unwritten, if the reference does so too.
      const bool saved = pass.operands[i].role == simdnn::role::saved;
      if (!written || (saved && operands[i]->unchanged())) continue;
      const std::string fault = operands[i]->faults();
      if (!fault.empty()) return name + fault;
    }
    return "";
  }

  const erased_pass& pass;
  const pass_traits& traits;
  index_t terms = 1;                  ///< of the longest sum in a result
  std::vector<simdnn::shape> shapes;  ///< of the operands
  values drawn;                       ///< the operands' usual elements
  std::string text;                   ///< "softmax_forward float nchw:nchw 2x21x5x7"

 private:
  // The freedom that operand i and all operands that are like it allow.
  view_freedom freedom(std::size_t i) const {
    view_freedom free{.repeats = true};
    for (std::size_t j = 0; j < shapes.size(); ++j) {
      const operand_facts& f = pass.operands[j];
      for (std::size_t k = 0; k < shapes.size(); ++k)
        if (root(j) == i && (f.written || (pass.operands[k].may_replace >> j & 1) != 0))
          free.repeats = false;
      if (root(j) != i) continue;
      const char fastest = f.layout.letter(f.layout.outer_dim(f.layout.rank() - 1));
      if (f.needs == simdnn::needs::fastest ||
          (f.needs == simdnn::needs::channels && fastest == 'c'))
        free.fastest = false;
      if (f.needs == simdnn::needs::images) free.inner = false;
    }
    return free;
  }

  const void* problem_;
  random random_{1};
};

}  // namespace test
