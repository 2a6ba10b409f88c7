// pass_refusals: calls that break a rule of a pass's operand table. Each must throw the error that
// names op, operand, the expected value and the actual one, and must change nothing.
#pragma once

#include <simdnn/plan/operands.hpp>

#include "support/pass_calls.hpp"
#include "support/records.hpp"

namespace test {

class pass_refusals {
 public:
  explicit pass_refusals(const pass_calls& calls) : calls_(calls), plan_(calls.make({})) {}

  /// "" if all calls throw the right errors. Requires that all operands have elements.
  std::string check() {
    for (std::size_t i = 0; i < calls_.shapes.size(); ++i) {
      wrong_sizes(i);
      uninitialised(i);
      if (!facts(i).list) wrong_strides(i);
      overlaps(i);
    }
    return fault_;
  }

 private:
  using needs = simdnn::needs;
  const operand_facts& facts(std::size_t i) const { return calls_.pass.operands[i]; }

  placed_operands place(const placement& where) const {
    values v = calls_.drawn;
    for (std::size_t i = 0; i < v.size(); ++i)
      v[i].resize(static_cast<std::size_t>(where[i].shape.elements()));
    return calls_.place(where, v, 0);
  }
  // The call must throw "op: operand: expected ..., got ...".
  void refuse(const placed_operands& operands, const std::vector<erased_view>& views,
              std::size_t operand, const std::string& expected, const std::string& got,
              const std::string& what) {
    const std::string wanted = std::string(calls_.pass.op) + ": " + facts(operand).name +
                               ": expected " + expected + ", got " + got;
    record_collector seen;
    const std::string said = message([&] {
      plan_->pack(views, simdnn::serial());
      plan_->run(views, simdnn::serial(), {});
    });
    bool touched = !seen.calls().empty() && !seen.calls().back().packing;
    for (const auto& o : operands) touched = touched || !o->unchanged();
    if (said != wanted) fault_ += what + ": \"" + said + "\" instead of \"" + wanted + "\"\n";
    if (touched) fault_ += what + ": operands are written, or a record is made\n";
  }

  void wrong_sizes(std::size_t i) {
    if (!facts(i).has_shape) return;
    for (int d = 0; d < calls_.shapes[i].rank(); ++d) {
      simdnn::shape s;
      for (int k = 0; k < calls_.shapes[i].rank(); ++k)
        s.push_back(calls_.shapes[i][k] + (k == d ? 1 : 0));
      placement where = calls_.dense(guard::behind);
      where[i] = spread_view(facts(i).layout, s, guard::behind);
      const placed_operands operands = place(where);
      refuse(operands, calls_.views(operands), i,
             simdnn::operand_detail::sized(facts(i).layout.letter(d), s[d] - 1),
             std::to_string(s[d]), "another size");
    }
  }

  void uninitialised(std::size_t i) {
    if (facts(i).optional || facts(i).list) return;
    const placed_operands operands = place(calls_.dense(guard::behind));
    std::vector<erased_view> views = calls_.views(operands);
    views[i] = {};
    refuse(operands, views, i,
           "a tensor of " + std::to_string(facts(i).layout.rank()) + " dimensions",
           "an uninitialised one", "no tensor");
  }

  // --- Strides.

  // The dimension at a position in memory order, 0 the outermost.
  int dim(std::size_t i, int at) const { return facts(i).layout.outer_dim(at); }
  index_t blocks(std::size_t i, int d) const {
    return simdnn::ceil_div(calls_.shapes[i][d], facts(i).layout.block(d));
  }
  int rank(std::size_t i) const { return facts(i).layout.rank(); }
  // Whether the fastest dimension must have stride 1.
  bool fastest_needed(std::size_t i) const {
    const simdnn::layout& l = facts(i).layout;
    return l.plain() &&
           (facts(i).needs == needs::fastest ||
            (facts(i).needs == needs::channels && l.letter(dim(i, rank(i) - 1)) == 'c'));
  }
  // The first position in memory order, from `begin` to before `end`, whose dimension has several
  // blocks; -1 if there is none.
  int first_of_several(std::size_t i, int begin, int end) const {
    for (int at = begin; at < end; ++at)
      if (blocks(i, dim(i, at)) > 1) return at;
    return -1;
  }
  // Operand i and those like it may have any strides at the positions before this one.
  int free_places(std::size_t i) const {
    int end = rank(i);
    for (std::size_t j = 0; j < calls_.shapes.size(); ++j)
      if (calls_.root(j) == calls_.root(i))
        end = std::min(end, facts(j).needs == needs::images ? 1 : rank(i) - fastest_needed(j));
    return end;
  }

  void wrong_strides(std::size_t i) {
    const int fastest = dim(i, rank(i) - 1);
    if (fastest_needed(i) && blocks(i, fastest) > 1 && first_with_needs(i)) {
      const placed_operands operands = place(calls_.spread(i, fastest, 2));
      refuse(operands, calls_.views(operands), i,
             std::string("stride 1 along its fastest dimension ") + facts(i).layout.letter(fastest),
             "2", "a step along the fastest dimension");
    }
    const int inner = first_of_several(i, 1, rank(i));
    if (facts(i).needs == needs::images && inner > 0) {
      const placed_operands operands = place(calls_.spread(i, dim(i, inner), 2));
      refuse(operands, calls_.views(operands), i, "images without gaps",
             std::string("gaps along ") + facts(i).layout.letter(dim(i, inner)), "gaps in images");
    }
    const int free = first_of_several(i, 0, free_places(i));
    if (free < 0) return;
    if (facts(i).like >= 0) {
      placement where = calls_.dense(guard::behind);
      where[i] = spread_view(facts(i).layout, calls_.shapes[i], guard::behind, dim(i, free), 2);
      const placed_operands operands = place(where);
      refuse(operands, calls_.views(operands), i,
             std::string(facts(static_cast<std::size_t>(facts(i).like)).name) + "'s strides",
             "others", "other strides");
    }
    if (facts(i).written && first_written(i)) {
      const placed_operands operands = place(calls_.spread(i, dim(i, free), 0));
      refuse(operands, calls_.views(operands), i, "elements that share no memory",
             "strides by which they overlap", "elements that share memory");
    }
  }
  // If several operands have the same strides, the error names the first one that forbids them.
  template <class Minds>
  bool first_of_like(std::size_t i, Minds minds) const {
    for (std::size_t j = 0; j < i; ++j)
      if (calls_.root(j) == calls_.root(i) && minds(j)) return false;
    return true;
  }
  bool first_with_needs(std::size_t i) const {
    return first_of_like(i, [&](std::size_t j) { return fastest_needed(j); });
  }
  bool first_written(std::size_t i) const {
    return first_of_like(i, [&](std::size_t j) { return facts(j).written; });
  }

  // --- Memory.

  void overlaps(std::size_t i) {
    for (std::size_t j = 0; j < calls_.shapes.size() && facts(i).written; ++j) {
      if (j == i || facts(j).role == simdnn::role::weights) continue;
      if (facts(i).list || facts(j).list) continue;
      const bool allowed = (facts(i).may_replace >> j & 1) != 0;
      if (facts(j).written && j < i) continue;  // checked as (j, i)
      if (allowed && calls_.shapes[i].elements() < 2) continue;
      placement where = calls_.dense(guard::before);
      // Memory for both, because the memory after j may belong to another operand.
      where[j].elements +=
          (where[i].elements + 1) * facts(i).element->bytes / facts(j).element->bytes + 1;
      const placed_operands operands = place(where);
      std::vector<erased_view> views = calls_.views(operands);
      views[i].data = views[j].data + (allowed ? facts(i).element->bytes : 0);
      refuse(operands, views, i, std::string("memory apart from ") + facts(j).name, "an overlap",
             "an overlap");
    }
  }

  const pass_calls& calls_;
  std::unique_ptr<erased_plan> plan_;
  std::string fault_;
};

inline std::string refused_wrongly(const pass_calls& calls) { return pass_refusals(calls).check(); }

}  // namespace test
