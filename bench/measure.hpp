// Timing and statistics.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <thread>
#include <vector>

namespace simdnn::bench {

inline double now() {
  using clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(clock::now().time_since_epoch()).count();
}

/// Seconds per call of f, the mean of `calls` calls.
template <class F>
double time_calls(F&& f, int calls) {
  const double start = now();
  for (int i = 0; i < calls; ++i) f();
  return (now() - start) / calls;
}

/// For an even number of values the mean of the two middle ones; 0 if there are none.
inline double median(std::vector<double> v) {
  if (v.empty()) return 0;
  const std::size_t half = v.size() / 2;
  std::nth_element(v.begin(), v.begin() + half, v.end());
  if (v.size() % 2 == 1) return v[half];
  return (v[half] + *std::max_element(v.begin(), v.begin() + half)) / 2;
}

/// Seconds of the fastest call among a few after a warm-up: enough to choose among implementations.
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

/// How long and how often time_turns measures.
struct effort {
  double seconds = 0.4;  // all sides together, at least
  int min_turns = 5, max_turns = 200;
  double pause = 0;  // seconds of sleep before each sample
  // A side whose first time is more than this multiple of the fastest one's is left out of the
  // turns.
  double hopeless = 1e30;
};

struct turn_times {
  std::vector<double> times;   // medians, seconds per call
  std::vector<double> ratios;  // medians over the turns of time / the first side's time
};

/// Measures the sides in turns, A B C A B C, so that disturbances of the machine affect all alike.
/// Short calls are repeated until a sample takes about 0.3 ms, so that the cost of reading the
/// clock and the other sides' data in the caches do not show. The first side is never left out. A
/// side that is left out has the result of its single sample.
inline turn_times time_turns(const std::vector<std::function<void()>>& sides,
                             const effort& e = {}) {
  const std::size_t n = sides.size();
  std::vector<double> single(n);
  for (const auto& f : sides) f();
  for (std::size_t i = 0; i < n; ++i) single[i] = time_calls(sides[i], 1);
  const double least = *std::min_element(single.begin(), single.end());
  std::vector<std::vector<double>> times(n), ratios(n);
  for (std::size_t i = 1; i < n; ++i)
    if (single[i] > e.hopeless * least) times[i] = {single[i]}, ratios[i] = {single[i] / single[0]};
  std::vector<bool> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = !times[i].empty();

  const double end = now() + e.seconds;
  for (int turn = 0; turn < e.min_turns || (turn < e.max_turns && now() < end); ++turn)
    for (std::size_t i = 0; i < n; ++i) {
      if (out[i]) continue;
      if (e.pause > 0) std::this_thread::sleep_for(std::chrono::duration<double>(e.pause));
      const int calls = static_cast<int>(std::clamp(3e-4 / single[i], 1.0, 1e5));
      times[i].push_back(time_calls(sides[i], calls));
      ratios[i].push_back(times[i].back() / times[0].back());
    }
  turn_times result;
  for (std::size_t i = 0; i < n; ++i) {
    result.times.push_back(median(times[i]));
    result.ratios.push_back(median(ratios[i]));
  }
  return result;
}

}  // namespace simdnn::bench
