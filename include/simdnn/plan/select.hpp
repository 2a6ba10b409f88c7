// Choosing an algorithm. An operation lists its algorithms for one direction, element type, layouts and
// ISA in algorithms.hpp as `algorithms<reference<...>, direct<...>, ...>`; plans, tests, benchmarks and
// the support table walk that list.
//
// An algorithm is a class with
//     static constexpr const char* name;
//     static constexpr bool automatic;           // false: only by name (reference, onednn)
//     static const char* refuses(const Query&);  // nullptr, or the reason in key
//     static double cost(const Query&);          // of those that do not refuse, the least is taken
//     explicit Algorithm(const Query&);            // its plan: immutable, callable from many threads
#pragma once

#include <algorithm>
#include <array>
#include <mutex>
#include <simdnn/base/error.hpp>
#include <simdnn/plan/measure.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace simdnn::inline SIMDNN_ABI {

template <class... Algorithms>
struct algorithms {
  /// One of them, constructed.
  using chosen = std::variant<Algorithms...>;

  /// `f.template operator()<Algorithm>()` for each.
  template <class F>
  static void for_each(F&& f) {
    (f.template operator()<Algorithms>(), ...);
  }

  static std::vector<std::string> names() { return {Algorithms::name...}; }
  /// How many may ever be chosen without being named.
  static constexpr int choices =
      ((Algorithms::automatic || Algorithms::name == std::string_view("onednn") ? 1 : 0) + ... + 0);

  /// What is said of one algorithm where a choice is made.
  struct description {
    const char* name;
    bool eligible;        ///< may be taken without being named
    const char* refusal;  ///< nullptr where it takes the query
    double cost;          ///< 0 where it refuses
  };
  /// All of them, in their order, for this query and policy. Plans have one for a problem:
  /// plan::describe(problem, policy).
  template <class Query>
  static std::array<description, sizeof...(Algorithms)> describe(const Query& query,
                                                                 const policy& policy) {
    const auto one = [&]<class Algorithm>() {
      const char* const refusal = Algorithm::refuses(query);
      return description{Algorithm::name, eligible<Algorithm>(policy), refusal,
                         refusal == nullptr ? Algorithm::cost(query) : 0};
    };
    return { one.template operator()<Algorithms>()... };
  }
  static constexpr int none = -1;
  /// The index of the one that is taken where none is named, or none.
  static int least(std::span<const description> all) {
    int best = none;
    double least_cost = 0;
    int i = 0;
    for (const description& d : all) {
      if (d.eligible && d.refusal == nullptr && (best == none || d.cost < least_cost)) {
        best = i;
        least_cost = d.cost;
      }
      ++i;
    }
    return best;
  }

  /// Why the algorithm of this name does not take the query; nullptr where it does.
  template <class Query>
  static const char* refusal(const Query& query, std::string_view name) {
    const char* reason = "there is no such algorithm";
    for_each([&]<class Algorithm>() {
      if (name == Algorithm::name) reason = Algorithm::refuses(query);
    });
    return reason;
  }

  /// Throws error in the name of `op` where the policy names an algorithm that is not here or that
  /// refuses, or where every automatic one refuses. Not inline, so that a program can compile it
  /// once (simdnn/instances.hpp).
  template <class Query>
  static chosen choose(const Query& query, const policy& policy, const char* op);

  /// The policy for choose(): its algorithm filled in where `measured` asks for it. key() tells
  /// problem, types, layouts and ISA from others' (trial_key). make_trial() makes operands and
  /// returns a function of a policy, which names an algorithm, that returns the trial_run of it; a
  /// algorithm that throws error there is left out.
  template <class Query, class Key, class MakeTrial>
  static policy measured(const Query& query, policy policy, const char* op, Key&& key,
                         MakeTrial&& make_trial) {
    std::vector<const char*> names;
    if (policy.measured != nullptr && policy.algorithm.empty())
      for (const description& d : describe(query, policy))
        if (d.eligible && d.refusal == nullptr) names.push_back(d.name);
    if (names.size() < 2) return policy;

    const std::string entry = std::string(op) + ' ' + key() +
                              " threads=" + std::to_string(trial_executor(policy).concurrency()) +
                              (policy.accuracy == accuracy::strict ? " strict" : " normal") +
                              (policy.allow_onednn ? " onednn" : " own");
    const auto named = [&](const std::string& algorithm) {
      return std::find(names.begin(), names.end(), std::string_view(algorithm));
    };
    const std::lock_guard hold(*policy.measured);
    const auto kept = named(policy.measured->find(entry));
    if (kept != names.end()) {
      policy.algorithm = *kept;
      return policy;
    }
    auto trial = make_trial();
    std::vector<trial_run> runs;
    std::vector<const char*> running;
    for (const char* name : names) {
      simdnn::policy one = policy;
      one.algorithm = name;
#if defined(__cpp_exceptions)
      try {
        runs.push_back(trial(one));
        running.push_back(name);
      } catch (const error&) {
        if (name == names.back() && runs.empty()) throw;
      }
#else
      runs.push_back(trial(one));
      running.push_back(name);
#endif
    }
    policy.algorithm = running.at(fastest(runs));
    policy.measured->keep(entry, std::string(policy.algorithm));
    return policy;
  }

 private:
  // Whether the choice may take it without being told its name.
  template <class Algorithm>
  static bool eligible(const policy& policy) {
    return Algorithm::automatic ||
           (policy.allow_onednn && Algorithm::name == std::string_view("onednn"));
  }
  static std::string list() {
    std::string text;
    for (const std::string& n : names()) text += (text.empty() ? "" : ", ") + n;
    return text;
  }
  template <class Query, std::size_t... I>
  static chosen construct(const Query& query, int index, std::index_sequence<I...>) {
    using make = chosen (*)(const Query&);
    constexpr make makers[] = {[](const Query& q) { return chosen(std::in_place_index<I>, q); }...};
    return makers[index](query);
  }
};

template <class... Algorithms>
template <class Query>
typename algorithms<Algorithms...>::chosen algorithms<Algorithms...>::choose(const Query& query,
                                                                             const policy& policy,
                                                                             const char* op) {
  const auto all = describe(query, policy);
  if (!policy.algorithm.empty()) {
    for (const description& d : all) {
      if (policy.algorithm != d.name) continue;
      if (d.refusal != nullptr)
        throw_error(op, "policy.algorithm", "an algorithm that takes the problem",
                    quoted(d.name) + " (" + d.refusal + ")");
      return construct(query, static_cast<int>(&d - all.data()),
                       std::index_sequence_for<Algorithms...>{});
    }
    throw_error(op, "policy.algorithm", "one of " + list(), quoted(policy.algorithm));
  }
  const int best = least(all);
  if (best == none) {
    std::string refusals;
    for (const description& d : all)
      if (d.eligible)
        refusals += (refusals.empty() ? "" : ", ") + std::string(d.name) + " (" + d.refusal + ")";
    throw_error(op, "problem", "one that an algorithm takes", "refusals by " + refusals);
  }
  return construct(query, best, std::index_sequence_for<Algorithms...>{});
}

}  // namespace simdnn::inline SIMDNN_ABI
