// Chooses an algorithm. An operation lists its algorithms for one direction, element type, layouts
// and ISA in algorithms.hpp, as `algorithms<reference<...>, direct<...>, ...>`. Plans, tests,
// benchmarks and the table of operations read that list.
//
// An algorithm is a class with
//     static constexpr const char* name;
//     static constexpr bool automatic;           // false: only by name (reference, onednn)
//     static const char* refuses(const Query&);  // the reason; nullptr if it takes the query
//     static double cost(const Query&);          // the cheapest that takes the query is chosen
//     explicit Algorithm(const Query&);          // immutable, callable from many threads
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
  /// One of the algorithms, constructed for a query.
  using chosen = std::variant<Algorithms...>;

  /// Calls f.template operator() with each algorithm as its template argument.
  template <class F>
  static void for_each(F&& f) {
    (f.template operator()<Algorithms>(), ...);
  }

  static std::vector<std::string> names() { return {Algorithms::name...}; }
  /// Number of algorithms that can be chosen without being named.
  static constexpr int choices =
      ((Algorithms::automatic || Algorithms::name == std::string_view("onednn") ? 1 : 0) + ... + 0);

  /// One algorithm as the choice sees it.
  struct description {
    const char* name;
    bool eligible;        ///< may be chosen without being named
    const char* refusal;  ///< nullptr if it takes the query
    double cost;          ///< 0 if it refuses
  };
  /// Describes all algorithms, in the order of the list, for this query and policy.
  /// plan::describe(problem, policy) does the same for a problem.
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
  /// The index of the algorithm that is chosen if the policy names none: the cheapest eligible one
  /// that takes the query. `none` if there is no such algorithm.
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

  /// Why the algorithm of this name does not take the query; nullptr if it does.
  template <class Query>
  static const char* refusal(const Query& query, std::string_view name) {
    const char* reason = "there is no such algorithm";
    for_each([&]<class Algorithm>() {
      if (name == Algorithm::name) reason = Algorithm::refuses(query);
    });
    return reason;
  }

  /// Constructs the chosen algorithm. Throws error in the name of `op` if the policy names an
  /// algorithm that is not in the list or that refuses, or if every eligible algorithm refuses. Not
  /// inline, so that a program can compile it once (simdnn/instances.hpp).
  template <class Query>
  static chosen choose(const Query& query, const policy& policy, const char* op);

  /// The policy for choose(). If its member `measured` is set, the fastest algorithm is filled in.
  /// key() returns a text that identifies the problem, types, layouts and ISA (trial_key).
  /// make_trial() makes operands and returns a function, which takes a policy that names an
  /// algorithm and returns the trial_run of that algorithm. An algorithm for which this function
  /// throws error is left out.
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
  // Whether the algorithm may be chosen without being named.
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
