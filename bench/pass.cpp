#include <algorithm>
#include <bench/op_name.hpp>
#include <bench/options.hpp>
#include <bench/pass.hpp>
#include <bench/refuse.hpp>
#include <bench/registered.hpp>
#include <cmath>
#include <sstream>

namespace simdnn::bench {
namespace {

simdnn::direction way_of(direction dir) {
  return is_forward(dir)           ? simdnn::direction::forward
         : dir == direction::bwd_d ? simdnn::direction::backward_data
                                   : simdnn::direction::backward_weights;
}

const test::erased_pass& find_pass(const kernels& code, std::string_view op, direction dir) {
  for (const registered_operation& o : code.operations())
    for (const test::erased_pass* pass : o.passes())
      if (op_name(pass->op) == op && pass->way == way_of(dir)) return *pass;
  refuse("--dir", "a pass that " + std::string(op) + " has", to_name(dir));
}

// Compares with the results of the algorithm `reference` on the same operands.
class pass_judge final : public judge {
 public:
  explicit pass_judge(const test::pass_calls& calls) : calls_(calls) {
    pass_runner reference(calls, {.algorithm = "reference"}, 1);  // has run once
    wanted_.resize(static_cast<std::size_t>(outputs(calls)));
    reference.fetch(wanted_.data());
  }
  static std::int64_t outputs(const test::pass_calls& calls) {
    std::int64_t n = 0;
    for (std::size_t i = 0; i < calls.shapes.size(); ++i)
      n += calls.pass.operands[i].written ? calls.shapes[i].elements() : 0;
    return n;
  }
  comparison compare(const float* got, bool) const override {
    comparison found{.compared = static_cast<std::int64_t>(wanted_.size())};
    double errors = 0, squares = 0;
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const double error = std::abs(double{got[i]} - double{wanted_[i]});
      found.max_error = std::isnan(error) ? HUGE_VAL : std::max(found.max_error, error);
      errors += error * error;
      squares += double{wanted_[i]} * double{wanted_[i]};
    }
    const auto n = static_cast<double>(std::max<std::size_t>(wanted_.size(), 1));
    found.rms_error = std::sqrt(errors / n), found.rms_result = std::sqrt(squares / n);
    return found;
  }
  double tolerance(std::string_view algorithm) const override {
    double size = std::sqrt(static_cast<double>(calls_.terms)) / 3;
    for (const float x : wanted_) size = std::max(size, std::abs(double{x}));
    return size * calls_.pass.operands[0].element->tolerance(calls_.terms,
                                                             test::transform_factor(algorithm));
  }

 private:
  const test::pass_calls& calls_;
  floats wanted_;
};

class pass_workload final : public workload {
 public:
  pass_workload(const op& o, const std::string& text, const request& r)
      : where_(r.where),
        pass_(find_pass(*r.where.code, o.name, r.dir)),
        problem_(pass_.parse(text, r.batch)),
        calls_(pass_, problem_.get(), traits_),
        plan_(calls_.make({})) {}

  std::string notation() const override { return plan_->text; }
  double flops() const override { return plan_->flops; }
  double bytes() const override { return bytes_of(pass_, calls_.shapes); }
  std::int64_t outputs() const override { return pass_judge::outputs(calls_); }
  std::vector<algorithm_info> algorithms(bool strict) const override {
    std::vector<algorithm_info> all;
    for (const auto& a :
         pass_.algorithms(problem_.get(), policy_of({.algorithm = {}, .strict = strict})))
      all.push_back({a.name, a.refusal, a.automatic});
    return all;
  }
  std::unique_ptr<runner> make_simdnn(const choice& c) const override {
    return std::make_unique<pass_runner>(calls_, policy_of(c),
                                         c.threads > 0 ? c.threads : where_.threads, c.pool);
  }
  std::unique_ptr<runner> make_peer(const peer& p) const override {
    pass_task task{.pass = pass_.op, .problem = problem_.get(), .operands = {}};
    for (std::size_t i = 0; i < calls_.shapes.size(); ++i) {
      const simdnn::shape& s = calls_.shapes[i];
      task.operands.push_back({pass_.operands[i].name,
                               {s.begin(), s.end()},
                               {calls_.drawn[i].begin(), calls_.drawn[i].end()}});
    }
    return p.pass(task, where_);
  }
  std::unique_ptr<judge> make_judge() const override {
    return std::make_unique<pass_judge>(calls_);
  }

 private:
  conditions where_;
  const test::erased_pass& pass_;
  test::erased_problem problem_;
  test::pass_traits traits_;
  test::pass_calls calls_;
  std::unique_ptr<test::erased_plan> plan_;
};

bool has_peer(const op& o, const peer& p) {
  std::istringstream names{std::string(p.passes)};
  for (std::string name; names >> name;)
    if (name == o.name) return true;
  return false;
}
std::unique_ptr<workload> make_pass_workload(const op& o, const std::string& text,
                                             const request& r) {
  return std::make_unique<pass_workload>(o, text, r);
}

}  // namespace

pass_runner::pass_runner(const test::pass_calls& calls, const policy& policy, int threads,
                         bool pooled)
    : calls_(calls), team_(make_team(threads, pooled)), plan_(calls.make(policy)) {
  const std::span<const test::operand_facts> table = calls.pass.operands;
  std::size_t optional = 0;
  for (std::size_t i = 0; i < table.size(); ++i) {
    optional |= static_cast<std::size_t>(table[i].optional) << i;
    operand o{{}, test::spread_view(table[i].layout, calls.shapes[i], test::guard::before)};
    o.memory.resize(static_cast<std::size_t>(o.where.elements * table[i].element->bytes));
    std::size_t n = 0;
    test::for_each_place(o.where, [&](index_t at) {
      table[i].element->store(o.memory.data() + at * table[i].element->bytes, calls.drawn[i][n++]);
    });
    operands_.push_back(std::move(o));
  }
  leave_out(optional);
  try {
    run();
  } catch (const error&) {
    if (optional == 0) throw;
    leave_out(0);
    run();
  }
}

void pass_runner::leave_out(std::size_t left_out) {
  views_.clear();
  bytes_ = 0;
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    views_.emplace_back();
    if ((left_out >> i & 1) != 0) continue;
    const test::random_view& where = operands_[i].where;
    views_.back() = {operands_[i].memory.data(), where.shape, where.strides};
    bytes_ += static_cast<double>(where.shape.elements() * calls_.pass.operands[i].element->bytes);
  }
  plan_->pack(views_, team_);
  workspace_.resize(
      static_cast<std::size_t>(plan_->workspace_bytes(executor_ref(team_).concurrency())));
}

void pass_runner::fetch(float* result) {
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    const test::operand_facts& f = calls_.pass.operands[i];
    if (!f.written) continue;
    const bool absent = views_[i].shape.rank() == 0;
    test::for_each_place(operands_[i].where, [&](index_t at) {
      const std::byte* const x = operands_[i].memory.data() + at * f.element->bytes;
      *result++ = absent ? 0 : static_cast<float>(f.element->load(x));
    });
  }
}

double bytes_of(const test::erased_pass& pass, std::span<const simdnn::shape> shapes) {
  double bytes = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    if (!pass.operands[i].optional)
      bytes += static_cast<double>(shapes[i].elements() * pass.operands[i].element->bytes);
  return bytes;
}

std::vector<op> registered_ops(const kernels& code) {
  std::vector<op> found;
  for (const registered_operation& o : code.operations())
    for (const test::erased_pass* pass : o.passes()) {
      const std::string_view name = op_name(pass->op);
      if (std::none_of(found.begin(), found.end(), [&](const op& one) { return one.name == name; }))
        found.push_back({.name = name,
                         .backward = true,
                         .fusable = false,
                         .make = make_pass_workload,
                         .has = has_peer,
                         .random = nullptr});
    }
  return found;
}

}  // namespace simdnn::bench
