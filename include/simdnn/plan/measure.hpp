// Measures algorithms for policy.measured: makes operands to run them on, and finds the fastest.
// Called by plans; trial.hpp has the trials of a pass.
#pragma once

#include <algorithm>
#include <memory>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/plan/policy.hpp>
#include <simdnn/tensor/tensor.hpp>
#include <simdnn/trace/call_record.hpp>
#include <string>
#include <type_traits>
#include <vector>

namespace simdnn::inline SIMDNN_ABI {

/// An operand for measurements. Its elements are numbers from -1 to 1, the same in every call.
template <class T, layout L>
tensor<T, L> trial_tensor(const shape& s) {
  tensor<T, L> x(s);
  for (index_t i = 0; i < x.elements(); ++i)
    x.data()[i] = static_cast<T>(i * 37 % 64) / T(32) - T(1);
  return x;
}

/// The executor of this policy's trials. It is valid while the policy or a copy of it exists.
inline executor_ref trial_executor(const policy& policy) {
  return policy.executor.or_else(default_executor());
}

/// Runs an algorithm once. (std::function's header alone takes a third as long to compile as
/// conv.hpp.)
class trial_run {
 public:
  virtual ~trial_run() = default;
  virtual void operator()() = 0;
};

/// The index of the fastest run; there must be at least one. The runs take turns, so that
/// disturbances of the machine affect all of them alike. In each turn, the time of every run is
/// divided by that of the first run. The fastest run has the smallest median of these ratios. (A
/// template, so that sources which measure nothing do not compile it. Run is trial_run.)
template <class Run>
std::size_t fastest(const std::vector<std::unique_ptr<Run>>& runs) {
  constexpr double sample = 1e-4, all_turns = 0.1;  // seconds: least per sample, most for all turns
  constexpr int least_turns = 5, most_turns = 51;
  // A run that takes this many times as long as the fastest drops out after its first timed call.
  constexpr double hopeless = 2;
  const auto seconds = [](Run& run, int count) {
    const std::int64_t start = calls::now();
    for (int i = 0; i < count; ++i) run();
    return std::max(static_cast<double>(calls::now() - start) * 1e-9 / count, 1e-9);
  };

  struct racer {
    std::size_t index;
    double first;  // seconds of the first timed call
    std::vector<double> times;
  };
  std::vector<racer> racers;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    (*runs[i])();  // not timed: touches pages, fills caches, allocates the workspace
    racers.push_back({i, seconds(*runs[i], 1), {}});
  }
  const auto by_first = [](const racer& a, const racer& b) { return a.first < b.first; };
  const double best = std::min_element(racers.begin(), racers.end(), by_first)->first;
  std::erase_if(racers, [&](const racer& r) { return r.first > hopeless * best; });
  if (racers.size() == 1) return racers[0].index;

  const std::int64_t end = calls::now() + static_cast<std::int64_t>(all_turns * 1e9);
  for (int turn = 0; turn < least_turns || (turn < most_turns && calls::now() < end); ++turn)
    for (racer& r : racers)
      r.times.push_back(
          seconds(*runs[r.index], static_cast<int>(std::clamp(sample / r.first, 1.0, 1e4))));
  const auto relative = [&](const racer& r) {
    std::vector<double> ratios;
    for (std::size_t turn = 0; turn < r.times.size(); ++turn)
      ratios.push_back(r.times[turn] / racers[0].times[turn]);
    std::nth_element(ratios.begin(), ratios.begin() + std::ssize(ratios) / 2, ratios.end());
    return ratios[ratios.size() / 2];
  };
  return std::min_element(racers.begin(), racers.end(),
                          [&](const racer& a, const racer& b) { return relative(a) < relative(b); })
      ->index;
}

}  // namespace simdnn::inline SIMDNN_ABI
