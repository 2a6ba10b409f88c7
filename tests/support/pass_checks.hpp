// check_passes: checks what every operation promises, using a pass's operand table
// (plan/operand.hpp).
//
//     test::check_passes<softmax::forward<float, "nchw", isa::native>,
//                        softmax::forward<double, "nhwc", isa::native>>({{{2, 21, 5, 7}}},
//                                                                       {.terms = 21});
//
// Each algorithm that takes the problem, except onednn, which promises less, is run with each choice
// of optional operands, on dense operands next to a guard page on either side, and on strided ones.
// The checks are:
//   results agree with the algorithm "reference", NaN included;
//   teams of 2, 3 and 8 threads compute the same bits as one thread, as do calls with a workspace;
//   outputs that replace inputs have the same bits, if the table allows it;
//   nothing else is read or written, and the padding of blocks is zero;
//   the second run allocates nothing; each call makes one record, and it is right;
//   calls that break a rule throw the right error (pass_refusals.hpp).
// It replaces operator new (allocations.hpp): only one file of a program includes it. A list has
// two views, the parts of one tensor.
#pragma once

#include <doctest/doctest.h>

#include <simdnn/tensor/memory_pool.hpp>

#include "support/allocations.hpp"
#include "support/erasure.hpp"
#include "support/pass_refusals.hpp"
#include "support/records.hpp"

namespace test {

class pass_checker {
 public:
  pass_checker(const erased_pass& pass, const void* problem, const pass_traits& traits)
      : calls_(pass, problem, traits) {}

  void check() {
    std::vector<std::size_t> choices{0};  // of optional operands to leave out
    for (std::size_t i = 0; i < calls_.pass.operands.size(); ++i)
      if (calls_.pass.operands[i].optional)
        for (std::size_t n = choices.size(), k = 0; k < n; ++k)
          choices.push_back(choices[k] | std::size_t{1} << i);
    for (const std::size_t left_out : choices) {
      if (left_out != 0 && !takes(left_out)) continue;
      for (const auto& a : calls_.algorithms())
        if (a.takes_problem && a.name != "onednn") check_algorithm(a.name, left_out);
    }
    if (!calls_.empty()) expect(refused_wrongly(calls_), "refusals");
  }

 private:
  static constexpr int strided_rounds = 4;
  static constexpr index_t strided_elements = 1
                                              << 14;  // at most: strided places need far more room

  // One assertion for all checks, because doctest's macros are costly to compile.
  void expect(const std::string& fault, const std::string& what) const {
    CHECK_MESSAGE(fault.empty(), calls_.text, ": ", what, ": ", fault);
  }
  void holds(bool ok, const std::string& what) const { expect(ok ? "" : "not so", what); }

  // A pass may require an optional operand, as the gradient of max pooling requires argmax.
  bool takes(std::size_t left_out) const {
    const std::string refusal = message([&] { calls_.reference(calls_.drawn, left_out); });
    if (refusal == "no error") return true;
    bool named = false;
    for (std::size_t i = 0; i < calls_.pass.operands.size(); ++i)
      named = named || ((left_out >> i & 1) != 0 &&
                        refusal.starts_with(std::string(calls_.pass.op) + ": " +
                                            calls_.pass.operands[i].name + ": expected "));
    expect(named ? "" : refusal, "an optional operand is left out");
    return false;
  }

  void check_algorithm(const std::string& name, std::size_t left_out) {
    const auto plan = calls_.make({.algorithm = name});
    std::string what = name;
    for (std::size_t i = 0; i < calls_.shapes.size(); ++i)
      if ((left_out >> i & 1) != 0) what.append(" without ").append(calls_.pass.operands[i].name);

    const results dense = calls_.reference(calls_.drawn, left_out);
    for_each_guard([&](guard side) {
      const std::string where = what + (side == guard::before ? " guarded before" : "");
      check_place(*plan, name, where, calls_.dense(side), calls_.drawn, dense, left_out);
    });
    if (calls_.largest() <= strided_elements)
      for (int i = 0; i < strided_rounds; ++i) check_strided(*plan, name, what, left_out);
    if (!calls_.empty()) check_nan(*plan, name, what, left_out);
    check_second_run(*plan, what, left_out);
    check_record(*plan, name, what, left_out);
  }

  placed_operands place(const std::string& algorithm, const placement& where, const values& v,
                        std::size_t left_out) const {
    return calls_.place(where, v, left_out, algorithm != "reference");
  }

  void check_strided(erased_plan& plan, const std::string& name, std::string what,
                     std::size_t left_out) {
    const placement where = calls_.strided();
    values effective = calls_.drawn;  // along stride 0 all elements are one
    const placed_operands operands = place(name, where, calls_.drawn, left_out);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      what.append(", ").append(calls_.pass.operands[i].name).append(" ").append(where[i].str());
      if (operands[i] != nullptr && calls_.pass.operands[i].read())
        effective[i] = operands[i]->numbers();
    }
    check_place(plan, name, what, where, effective, calls_.reference(effective, left_out),
                left_out);
  }

  void check_place(erased_plan& plan, const std::string& name, const std::string& what,
                   const placement& where, const values& v, const results& reference,
                   std::size_t left_out) const {
    const auto run = [&](const std::string& how, const placed_operands& operands,
                         simdnn::executor_ref executor, std::span<std::byte> workspace = {}) {
      results r;
      const std::string refusal =
          message([&] { r = calls_.run(plan, operands, executor, workspace); });
      expect(refusal == "no error" ? "" : refusal, what + how);
      expect(calls_.faults(operands), what + how);
      return r;
    };
    const simdnn::serial one;
    const results own = run("", place(name, where, v, left_out), one);
    if (own.numbers.empty()) return;
    expect(calls_.difference(own, reference, name), what);

    guarded_memory<std::byte> workspace(plan.workspace_bytes(1), where[0].side);
    holds(own.same_bits(run(", caller's workspace", place(name, where, v, left_out), one,
                            {workspace.begin(), workspace.end()})),
          what + ": the same bits in a caller's workspace");
    for_each_team([&](threads team) {
      const std::string how = ", threads " + std::to_string(team.count);
      holds(own.same_bits(run(how, place(name, where, v, left_out), team)),
            what + how + ": the same bits");
    });
    for (std::size_t i = 0; i < where.size(); ++i)
      for (std::size_t j = 0; j < where.size(); ++j) {
        if ((calls_.pass.operands[i].may_replace >> j & 1) == 0 ||
            ((left_out >> i | left_out >> j) & 1) != 0)
          continue;
        placed_operands operands = place(name, where, v, left_out);
        operands[i] = operands[j];
        const std::string how = std::string(", ") + calls_.pass.operands[i].name +
                                " in the place of " + calls_.pass.operands[j].name;
        holds(own.same_bits(run(how, operands, one)), what + how + ": the same bits");
      }
  }

  void check_nan(erased_plan& plan, const std::string& name, const std::string& what,
                 std::size_t left_out) const {
    const auto count_nan = [](const results& r) {
      index_t n = std::isnan(r.returned);
      for (const auto& numbers : r.numbers)
        n += std::count_if(numbers.begin(), numbers.end(), [](double x) { return std::isnan(x); });
      return n;
    };
    for (std::size_t i = 0; i < calls_.shapes.size(); ++i) {
      const operand_facts& f = calls_.pass.operands[i];
      if (!f.read() || !f.element->has_nan || plan.indices[i] > 0 || (left_out >> i & 1) != 0)
        continue;
      const std::string& stops = calls_.traits.nan_stops;
      bool reached = stops == "*" ||
                     (" " + stops + " ").find(std::string(" ") + f.name + " ") != std::string::npos;
      const std::size_t last = calls_.drawn[i].size() - 1;
      for (const std::size_t at : {std::size_t{0}, last / 2, last}) {
        values v = calls_.drawn;
        v[i][at] = std::nan("");
        const placed_operands operands = place(name, calls_.dense(guard::behind), v, left_out);
        const results own = calls_.run(plan, operands, simdnn::serial());
        const std::string where = what + ", NaN in " + f.name + " " + std::to_string(at);
        expect(calls_.faults(operands), where);
        expect(
            calls_.difference(own, calls_.reference(v, left_out), name, calls_.traits.nan_spreads),
            where);
        reached = reached || count_nan(own) > 0;
      }
      holds(reached, what + ": NaN in " + f.name + " reaches an output");
    }
  }

  void check_second_run(erased_plan& plan, const std::string& what, std::size_t left_out) const {
    const simdnn::executor_ref all = simdnn::default_executor();
    const auto allocated = [&pool = simdnn::default_pool()] {
      return allocations + static_cast<long>(pool.stats().allocations);
    };
    const placed_operands operands =
        calls_.place(calls_.dense(guard::behind), calls_.drawn, left_out);
    const std::vector<erased_view> views = calls_.views(operands);
    plan.pack(views, all);
    plan.run(views, all, {});
    const long before = allocated();
    plan.run(views, all, {});
    const long count = allocated() - before;
    expect(count == 0 ? "" : std::to_string(count), what + ": allocations of the second run");
  }

  void check_record(erased_plan& plan, const std::string& name, const std::string& what,
                    std::size_t left_out) const {
    const placed_operands operands =
        calls_.place(calls_.dense(guard::behind), calls_.drawn, left_out);
    simdnn::call_record wanted{.op = calls_.pass.op,
                               .problem = plan.text,
                               .type = calls_.pass.operands[0].element->name,
                               .isa = calls_.pass.isa,
                               .algorithm = name.c_str(),
                               .flops = plan.flops},
        packing = wanted;
    packing.packing = true, packing.flops = 0;
    bool packs = false;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const operand_facts& f = calls_.pass.operands[i];
      if (operands[i] == nullptr) continue;
      const double bytes =
          static_cast<double>(calls_.shapes[i].elements()) * static_cast<double>(f.element->bytes);
      wanted.bytes += bytes;
      const bool weights = f.role == simdnn::role::weights;
      if ((!weights || f.fixed) && !f.list)
        wanted.layouts.append(wanted.layouts.empty() ? "" : ":").append(f.layout.text());
      if (weights) packs = true, packing.bytes = 2 * bytes, packing.layouts = f.layout.text();
    }
    record_collector seen;
    calls_.run(plan, operands, simdnn::serial());
    const auto records = seen.take();
    holds(records.size() == (packs ? 2 : 1), what + ": a record of each call");
    if (packs && records.size() == 2) expect(record_fault(records[0], packing), what + ": packing");
    if (records.empty()) return;
    if (calls_.pass.completes_records) {
      wanted.problem = records.back().problem;
      wanted.flops = records.back().flops;
    }
    expect(record_fault(records.back(), wanted), what);
  }

  pass_calls calls_;
};

/// Checks each pass with each problem. `traits`: a pass_traits, or a function of a problem that
/// returns one.
template <class First, class... Rest, class Traits = pass_traits>
void check_passes(const std::vector<typename First::problem_type>& problems,
                  const Traits& traits = {}) {
  for (const auto& p : problems) {
    const pass_traits of_problem = [&] {
      if constexpr (std::is_invocable_v<Traits, decltype(p)>)
        return traits(p);
      else
        return traits;
    }();
    for (const erased_pass* pass : {&erasure<First>::pass, &erasure<Rest>::pass...})
      pass_checker(*pass, &p, of_problem).check();
  }
}

/// Checks each pass of an operation with the smallest problem, with random problems, and with
/// problems without elements. The texts of the first two kinds are parsed again. `names` are the
/// names of the passes in operations.txt.
template <class... Passes>
void check_operation(simdnn::pass_list<Passes...> list, const std::string& names) {
  std::string found;
  for (const erased_pass* pass : erase_all(list)) {
    found.append(found.empty() ? "" : " ").append(pass->op);
    random r(1);
    std::vector<erased_problem> problems{pass->smallest()};
    for (int i = 0; i < 4; ++i) problems.push_back(pass->random(r));
    for (const erased_problem& p : problems) {
      const std::string text = pass->make(p.get(), {})->text;
      CHECK(pass->make(pass->parse(text, 0).get(), {})->text == text);
    }
    for (const erased_problem& none : pass->empty(problems.back().get())) problems.push_back(none);
    // The operation's own test says where NaN must arrive.
    const pass_traits traits{.nan_stops = "*", .nan_spreads = true};
    for (const erased_problem& p : problems) pass_checker(*pass, p.get(), traits).check();
  }
  CHECK(found == names);
}

}  // namespace test
