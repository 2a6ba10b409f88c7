// Timing and statistics.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>
#include <vector>

namespace simdnn::bench {

inline double now() {
  using clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(clock::now().time_since_epoch()).count();
}

/// Seconds that `calls` calls of f take, per call.
template <class F>
double time_calls(F&& f, int calls) {
  const double start = now();
  for (int i = 0; i < calls; ++i) f();
  return (now() - start) / calls;
}

/// The mean of the two middle ones where their number is even; 0 for none.
inline double median(std::vector<double> v) {
  if (v.empty()) return 0;
  const std::size_t half = v.size() / 2;
  std::nth_element(v.begin(), v.begin() + half, v.end());
  if (v.size() % 2 == 1) return v[half];
  return (v[half] + *std::max_element(v.begin(), v.begin() + half)) / 2;
}

/// The fastest of a few calls after one that warms up: enough to choose among implementations.
template <class F>
double quick_time(F&& f) {
  const double first = time_calls(f, 1);
  const int calls = static_cast<int>(std::clamp(1e-4 / first, 1.0, 1000.0));
  double best = 1e30;
  const double end = now() + 0.1;
  for (int i = 0; i < 2 || (now() < end && i < 20); ++i)
    best = std::min(best, time_calls(f, calls));
  return best;
}

/// How long and how often a pair is timed.
struct effort {
  double seconds = 0.4;  // both sides together, at least
  int min_pairs = 5, max_pairs = 200;
  double pause = 0;  // seconds of sleep before each sample
};

struct paired_times {
  double a = 0, b = 0;  // medians, seconds a call
  double ratio = 0;     // median of b / a over the pairs
};

/// Alternates A B A B, so that what disturbs the machine meets both alike. Each sample repeats
/// short calls until it takes about 0.3 ms, so that the clock's own cost and the other side's
/// leftovers in the caches do not show.
template <class A, class B>
paired_times time_pairs(A&& a, B&& b, const effort& e = {}) {
  a();
  b();
  const auto repeats = [](double t) { return static_cast<int>(std::clamp(3e-4 / t, 1.0, 1e5)); };
  const int calls_a = repeats(time_calls(a, 1)), calls_b = repeats(time_calls(b, 1));
  const auto sample = [&](auto& f, int calls) {
    if (e.pause > 0) std::this_thread::sleep_for(std::chrono::duration<double>(e.pause));
    return time_calls(f, calls);
  };
  std::vector<double> times_a, times_b, ratios;
  const double end = now() + e.seconds;
  while (static_cast<int>(ratios.size()) < e.min_pairs ||
         (now() < end && static_cast<int>(ratios.size()) < e.max_pairs)) {
    times_a.push_back(sample(a, calls_a));
    times_b.push_back(sample(b, calls_b));
    ratios.push_back(times_b.back() / times_a.back());
  }
  return {median(times_a), median(times_b), median(ratios)};
}

}  // namespace simdnn::bench
