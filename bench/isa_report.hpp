// The output of isa_bench: Google Benchmark's JSON and a table. Both have each rate's share of the
// machine's peak and its speed-up over SSE4.2. The share of the multiply-add peak is measured with
// each repetition; the share of the triad and the speed-up are known only at the end.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace simdnn::bench {

// The counters of a run. Each run has one of the first three, its rate.
namespace counter {
inline constexpr const char* gflops = "GFLOP/s";
inline constexpr const char* gbytes = "GB/s";
inline constexpr const char* nanoseconds = "ns";
inline constexpr const char* flops = "flops";  // of one iteration, as are bytes
inline constexpr const char* bytes = "bytes";
inline constexpr const char* percent = "percent_of_peak";
inline constexpr const char* speed_up = "speed_up_over_sse42";
}  // namespace counter

/// Keeps all runs until the end, completes their counters and passes them to `out` in the order in
/// which their benchmarks were registered.
class completing_reporter final : public benchmark::BenchmarkReporter {
 public:
  explicit completing_reporter(std::unique_ptr<benchmark::BenchmarkReporter> out)
      : out_(std::move(out)) {}
  bool ReportContext(const Context&) override;
  void ReportRuns(const std::vector<Run>&) override;
  void Finalize() override;

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> out_;
  std::map<std::int64_t, std::vector<Run>> runs_;  // by family, Google's word for a registration
};

/// Prints a row for each call and a group of columns for each ISA: medians over the repetitions.
class table_reporter final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override;
  void ReportRuns(const std::vector<Run>& all) override;
};

}  // namespace simdnn::bench
