// The functions of plans that depend on no pass and are costly to compile. A program can compile
// them once (cmake/simdnn_instances.cmake), so they are defined out of class: a member that is
// defined in its class is inline and would be compiled wherever it is used.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <simdnn/base/error.hpp>
#include <simdnn/plan/measure.hpp>
#include <simdnn/plan/operands.hpp>
#include <simdnn/plan/select.hpp>
#include <simdnn/trace/call_record.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace simdnn::inline SIMDNN_ABI {

/// What policy.measured times.
class trials {
 public:
  /// A text that identifies the problem, types, layouts and ISA.
  virtual std::string key() const = 0;
  /// The run of the algorithm that the policy names. Throws error if it cannot run.
  virtual std::unique_ptr<trial_run> run_of(const policy& named) = 0;

 protected:
  ~trials() = default;
};

template <class Isa>
struct plan_entry_points {
  /// check_operands() of operands.hpp.
  static void check(const char* op, std::span<const erased_operand>);

  /// The policy for the choice. If its member `measured` is set and it names no algorithm, the
  /// fastest of those that may be chosen is filled in; one that cannot run is left out.
  static policy measured(std::span<const algorithm_description>, policy, const char* op, trials&);

  /// The record has the layouts of the operands, in the table's order; packed weights have one if
  /// the table fixes it. Its bytes are those of all operands that are present.
  static call_record record(const char* op, std::string problem, const char* isa,
                            const char* algorithm, double flops, std::span<const erased_operand>);
  /// Reports the call that began at `start` if a record is wanted. describe(object) returns the
  /// record without times and threads.
  static void report(std::int64_t start, const executor_ref&,
                     call_record (*describe)(const void* object), const void* object);
};

template <class Isa>
void plan_entry_points<Isa>::check(const char* op, std::span<const erased_operand> all) {
  check_operands(op, all);
}

template <class Isa>
policy plan_entry_points<Isa>::measured(std::span<const algorithm_description> all, policy policy,
                                        const char* op, trials& of) {
  std::vector<const char*> names;
  if (policy.measured != nullptr && policy.algorithm.empty())
    for (const algorithm_description& d : all)
      if (d.eligible && d.refusal == nullptr) names.push_back(d.name);
  if (names.size() < 2) return policy;

  const std::string entry = std::string(op) + ' ' + of.key() +
                            " threads=" + std::to_string(trial_executor(policy).concurrency()) +
                            (policy.accuracy == accuracy::strict ? " strict" : " normal") +
                            (policy.allow_onednn ? " onednn" : " own");
  const std::lock_guard hold(*policy.measured);
  const std::string kept = policy.measured->find(entry);
  for (const char* name : names)
    if (kept == name) {
      policy.algorithm = name;
      return policy;
    }
  std::vector<std::unique_ptr<trial_run>> runs;
  std::vector<const char*> running;
  for (const char* name : names) {
    simdnn::policy one = policy;
    one.algorithm = name;
#if defined(__cpp_exceptions)
    try {
      runs.push_back(of.run_of(one));
      running.push_back(name);
    } catch (const error&) {
      if (name == names.back() && runs.empty()) throw;
    }
#else
    runs.push_back(of.run_of(one));
    running.push_back(name);
#endif
  }
  policy.algorithm = running.at(fastest(runs));
  policy.measured->keep(entry, std::string(policy.algorithm));
  return policy;
}

template <class Isa>
call_record plan_entry_points<Isa>::record(const char* op, std::string problem, const char* isa,
                                           const char* algorithm, double flops,
                                           std::span<const erased_operand> operands) {
  call_record call{.op = op,
                   .problem = std::move(problem),
                   .type = operands[0].type,
                   .isa = isa,
                   .algorithm = algorithm,
                   .flops = flops};
  for (const erased_operand& e : operands) {
    const bool packed_in_one_layout = !e.present && e.fixed && e.shape.rank() != 0;
    // append() instead of operator+, about which gcc 12 warns without cause (PR105651).
    if (e.present || packed_in_one_layout)
      call.layouts.append(call.layouts.empty() ? "" : ":").append(e.layout.text());
    if (e.present || e.shape.rank() != 0)
      call.bytes += static_cast<double>(e.shape.elements()) * static_cast<double>(e.bytes);
  }
  return call;
}

template <class Isa>
void plan_entry_points<Isa>::report(std::int64_t start, const executor_ref& executor,
                                    call_record (*describe)(const void*), const void* object) {
  const std::int64_t end = calls::now();
  if (!calls::verbose() && isa::program().hook.load(std::memory_order_relaxed) == nullptr) return;
  call_record call = describe(object);
  call.threads = executor.concurrency();
  call.start = start;
  call.duration = end - start;
  calls::warn_of_threads(call);
  calls::report(call);
}

#if defined(SIMDNN_PLAN_INSTANCES)
extern template struct plan_entry_points<isa::native>;
#endif

}  // namespace simdnn::inline SIMDNN_ABI
