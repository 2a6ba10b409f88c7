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

#include <array>
#include <simdnn/base/error.hpp>
#include <simdnn/plan/chosen.hpp>
#include <simdnn/plan/policy.hpp>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace simdnn::inline SIMDNN_ABI {

/// One algorithm as the choice sees it.
struct algorithm_description {
  const char* name;
  bool eligible;        ///< may be chosen without being named
  const char* refusal;  ///< nullptr if it takes the query
  double cost;          ///< 0 if it refuses
};

/// Returned by cheapest() if there is no such algorithm.
inline constexpr int no_algorithm = -1;
/// The index of the algorithm that is chosen if the policy names none: the cheapest eligible one
/// that takes the query.
inline int cheapest(std::span<const algorithm_description> all) {
  int best = no_algorithm;
  double least_cost = 0;
  int i = 0;
  for (const algorithm_description& d : all) {
    if (d.eligible && d.refusal == nullptr && (best == no_algorithm || d.cost < least_cost)) {
      best = i;
      least_cost = d.cost;
    }
    ++i;
  }
  return best;
}

/// The index of the algorithm that the policy names, or else of the cheapest. Throws error in the
/// name of `op` if the named one is missing or refuses, or if every eligible algorithm refuses.
SIMDNN_NOINLINE inline int index_of_choice(std::span<const algorithm_description> all,
                                           const policy& policy, const char* op) {
  std::string list;
  const auto add = [&](const std::string& text) {
    list.append(list.empty() ? "" : ", ").append(text);
  };
  if (policy.algorithm.empty()) {
    if (const int best = cheapest(all); best != no_algorithm) return best;
    for (const algorithm_description& d : all)
      if (d.eligible) add(std::string(d.name) + " (" + d.refusal + ")");
    throw_error(op, "problem", "one that an algorithm takes", "refusals by " + list);
  }
  for (const algorithm_description& d : all) {
    if (policy.algorithm != d.name) continue;
    if (d.refusal != nullptr)
      throw_error(op, "policy.algorithm", "an algorithm that takes the problem",
                  quoted(d.name) + " (" + d.refusal + ")");
    return static_cast<int>(&d - all.data());
  }
  for (const algorithm_description& d : all) add(d.name);
  throw_error(op, "policy.algorithm", "one of " + list, quoted(policy.algorithm));
}

template <class... Algorithms>
struct algorithms {
  /// Calls f.template operator() with each algorithm as its template argument.
  template <class F>
  static void for_each(F&& f) {
    (f.template operator()<Algorithms>(), ...);
  }

  static std::vector<std::string> names() { return {Algorithms::name...}; }
  /// Number of algorithms that can be chosen without being named.
  static constexpr int choices =
      ((Algorithms::automatic || Algorithms::name == std::string_view("onednn") ? 1 : 0) + ... + 0);

  /// Describes all algorithms, in the order of the list, for this query and policy.
  /// plan::describe(problem, policy) does the same for a problem.
  template <class Query>
  static std::array<algorithm_description, sizeof...(Algorithms)> describe(const Query& query,
                                                                           const policy& policy) {
    const auto one = [&]<class Algorithm>() {
      const char* const refusal = Algorithm::refuses(query);
      const bool eligible = Algorithm::automatic ||
                            (policy.allow_onednn && Algorithm::name == std::string_view("onednn"));
      return algorithm_description{Algorithm::name, eligible, refusal,
                                   refusal == nullptr ? Algorithm::cost(query) : 0};
    };
    return { one.template operator()<Algorithms>()... };
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

  /// Constructs the algorithm that index_of_choice() finds; throws what it throws.
  template <class Query>
  static chosen_algorithm choose(const Query& query, const policy& policy, const char* op) {
    using make = chosen_algorithm (*)(const Query&, int);
    constexpr make makers[] = {&chosen_algorithm::make<Algorithms, Query>...};
    const int index = index_of_choice(describe(query, policy), policy, op);
    return makers[index](query, index);
  }

  /// f(algorithm) for the chosen one, which choose() of this list returned.
  template <class F>
  static auto visit(const chosen_algorithm& chosen, F&& f) {
    return visit(chosen, f, std::index_sequence_for<Algorithms...>());
  }
  /// The chosen algorithm if it has this type, else nullptr.
  template <class Algorithm>
  static const Algorithm* get_if(const chosen_algorithm& chosen) {
    return chosen.index() == index_of<Algorithm> ? &chosen.get<Algorithm>() : nullptr;
  }

 private:
  template <class Algorithm>
  static constexpr int index_of = [] {
    constexpr bool same[] = {std::is_same_v<Algorithm, Algorithms>...};
    int i = 0;
    while (!same[i]) ++i;
    return i;
  }();
  template <class F, std::size_t... I>
  static auto visit(const chosen_algorithm& chosen, F& f, std::index_sequence<I...>) {
    using result = std::common_type_t<decltype(f(std::declval<const Algorithms&>()))...>;
    const auto is = [&](std::size_t i) { return chosen.index() == static_cast<int>(i); };
    if constexpr (std::is_void_v<result>) {
      static_cast<void>(((is(I) && (f(chosen.get<Algorithms>()), true)) || ...));
    } else {
      result r{};
      static_cast<void>(((is(I) && ((r = f(chosen.get<Algorithms>())), true)) || ...));
      return r;
    }
  }
};

}  // namespace simdnn::inline SIMDNN_ABI
