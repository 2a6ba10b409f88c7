// Choosing a variant. An operation lists its variants for one direction, element type, layouts and
// ISA in variants.hpp as `variants<reference<...>, direct<...>, ...>`; plans, tests, benchmarks and
// the support table walk that list.
//
// A variant is a class with
//     static constexpr const char* name;
//     static constexpr bool automatic;           // false: only by name (reference, onednn)
//     static const char* refuses(const Query&);  // nullptr, or the reason in words
//     static double cost(const Query&);          // of those that do not refuse, the least is taken
//     explicit Variant(const Query&);            // its plan: immutable, callable from many threads
#pragma once

#include <algorithm>
#include <array>
#include <mutex>
#include <simdnn/base/error.hpp>
#include <simdnn/ops/measure.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace simdnn::inline SIMDNN_ABI {

template <class... Variants>
struct variants {
  /// One of them, constructed.
  using chosen = std::variant<Variants...>;

  /// `f.template operator()<Variant>()` for each.
  template <class F>
  static void for_each(F&& f) {
    (f.template operator()<Variants>(), ...);
  }

  static std::vector<std::string> names() { return {Variants::name...}; }

  /// What is said of one variant where a choice is made.
  struct description {
    const char* name;
    bool eligible;        ///< may be taken without being named
    const char* refusal;  ///< nullptr where it takes the query
    double cost;          ///< 0 where it refuses
  };
  /// All of them, in their order, for this query and policy. Plans have one for a problem:
  /// plan::describe(problem, policy).
  template <class Query>
  static std::array<description, sizeof...(Variants)> describe(const Query& query,
                                                               const policy& wanted) {
    const auto one = [&]<class Variant>() {
      const char* const refusal = Variant::refuses(query);
      return description{Variant::name, eligible<Variant>(wanted), refusal,
                         refusal == nullptr ? Variant::cost(query) : 0};
    };
    return { one.template operator()<Variants>()... };
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

  /// Why the variant of this name does not take the query; nullptr where it does.
  template <class Query>
  static const char* refusal(const Query& query, std::string_view name) {
    const char* reason = "there is no such variant";
    for_each([&]<class Variant>() {
      if (name == Variant::name) reason = Variant::refuses(query);
    });
    return reason;
  }

  /// Throws error in the name of `op` where the policy names a variant that is not here or that
  /// refuses, or where every automatic one refuses. Not inline, so that a program can compile it
  /// once (simdnn/instances.hpp).
  template <class Query>
  static chosen choose(const Query& query, const policy& wanted, const char* op);

  /// The policy for choose(): its variant filled in where `measured` asks for it. words() tells
  /// problem, types, layouts and ISA from others' (trial_words). make_trial() makes operands and
  /// returns a function of a policy, which names a variant, that returns the trial_run of it; a
  /// variant that throws error there is left out.
  template <class Query, class Words, class MakeTrial>
  static policy measured(const Query& query, policy wanted, const char* op, Words&& words,
                         MakeTrial&& make_trial) {
    std::vector<const char*> names;
    if (wanted.measured != nullptr && wanted.variant.empty())
      for (const description& d : describe(query, wanted))
        if (d.eligible && d.refusal == nullptr) names.push_back(d.name);
    if (names.size() < 2) return wanted;

    const std::string key = std::string(op) + ' ' + words() +
                            " threads=" + std::to_string(trial_executor(wanted).concurrency()) +
                            (wanted.accuracy == accuracy::strict ? " strict" : " normal") +
                            (wanted.allow_onednn ? " onednn" : " own");
    const auto named = [&](const std::string& variant) {
      return std::find(names.begin(), names.end(), std::string_view(variant));
    };
    const std::lock_guard hold(*wanted.measured);
    const auto kept = named(wanted.measured->find(key));
    if (kept != names.end()) {
      wanted.variant = *kept;
      return wanted;
    }
    auto trial = make_trial();
    std::vector<trial_run> runs;
    std::vector<const char*> running;
    for (const char* name : names) {
      policy one = wanted;
      one.variant = name;
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
    wanted.variant = running.at(fastest(runs));
    wanted.measured->keep(key, std::string(wanted.variant));
    return wanted;
  }

 private:
  // Whether the choice may take it without being told its name.
  template <class Variant>
  static bool eligible(const policy& wanted) {
    return Variant::automatic ||
           (wanted.allow_onednn && Variant::name == std::string_view("onednn"));
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

template <class... Variants>
template <class Query>
typename variants<Variants...>::chosen variants<Variants...>::choose(const Query& query,
                                                                     const policy& wanted,
                                                                     const char* op) {
  const auto all = describe(query, wanted);
  if (!wanted.variant.empty()) {
    for (const description& d : all) {
      if (wanted.variant != d.name) continue;
      if (d.refusal != nullptr)
        throw_error(op, "policy.variant", d.refusal, "is '" + std::string(d.name) + "'");
      return construct(query, static_cast<int>(&d - all.data()),
                       std::index_sequence_for<Variants...>{});
    }
    throw_error(op, "policy.variant", "there are " + list(),
                "is '" + std::string(wanted.variant) + "'");
  }
  const int best = least(all);
  if (best == none) {
    std::string refusals;
    for (const description& d : all)
      if (d.eligible)
        refusals += (refusals.empty() ? "" : "; ") + std::string(d.name) + ": " + d.refusal;
    throw_error(op, "problem", "no variant takes it", "is refused (" + refusals + ")");
  }
  return construct(query, best, std::index_sequence_for<Variants...>{});
}

}  // namespace simdnn::inline SIMDNN_ABI
