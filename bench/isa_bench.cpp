// isa_bench: every op, pass and algorithm on every ISA that this CPU runs, with Google Benchmark.
#include <algorithm>
#include <bench/isa_cells.hpp>
#include <bench/isa_report.hpp>
#include <bench/measure.hpp>
#include <bench/provenance.hpp>
#include <bench/refuse.hpp>
#include <cstdio>
#include <cstdlib>
#include <regex>
#include <simdnn/parallel/parallel_for.hpp>
#include <string_view>

namespace simdnn::bench {
namespace {

constexpr const char* usage =
    R"(isa_bench: every op, pass and algorithm of simdnn on every ISA that this CPU runs

  isa_bench                        the quick set, as a table
  isa_bench --full                 more sizes, longer and more often
  isa_bench --benchmark_filter='machine|conv/forward/3x3/direct.*threads:1'
  isa_bench --benchmark_format=json|console

Names are op/pass/problem/algorithm/size/threads:N/isa. SIMDNN_MAX_ISA=avx2 leaves higher ISAs out.
The other options are Google Benchmark's:

)";

// Repetitions are interleaved at random, so that disturbances of the machine affect all benchmarks.
std::vector<std::string> default_options(bool full) {
  return {"--benchmark_enable_random_interleaving=true",
          full ? "--benchmark_repetitions=9" : "--benchmark_repetitions=3",
          full ? "--benchmark_min_time=0.1" : "--benchmark_min_time=0.01"};
}

// The text after `name`, which ends in '=', in the last option that begins with it.
std::string option(const std::vector<std::string>& options, std::string_view name) {
  const auto last = std::find_if(options.rbegin(), options.rend(),
                                 [&](const std::string& o) { return o.starts_with(name); });
  return last == options.rend() ? "" : last->substr(name.size());
}

// The ISAs up to SIMDNN_MAX_ISA that the CPU supports, in ascending order.
std::vector<isa::dispatched<kernels>> runnable_isas() {
  const isa::id best = isa::dispatch<kernels>().isa();
  std::vector<isa::dispatched<kernels>> list;
  for (const isa::id id : isa::all)
    for (const isa::compiled_table* v : simdnn_isa_variants(static_cast<kernels*>(nullptr)).tables)
      if (v->isa == id && id <= best) list.push_back(isa::dispatch<kernels>(isa::to_name(id)));
  return list;
}

// The number of cells that the filter selects, by the rules of Google Benchmark.
std::ptrdiff_t count_selected(const std::vector<cell>& cells, std::string filter) {
  const bool inverted = filter.starts_with('-');
  if (inverted) filter.erase(0, 1);
  if (filter.empty() || filter == "all") filter = ".";
  const std::regex pattern(filter, std::regex::extended);
  return std::count_if(cells.begin(), cells.end(), [&](const cell& c) {
    return std::regex_search(c.name + "/real_time", pattern) != inverted;
  });
}

// Prints the percentage of finished repetitions on a line of stderr that the next output
// overwrites.
class progress {
 public:
  explicit progress(std::ptrdiff_t steps) : steps_(steps) {}
  void step() {
    const auto percent = 100 * done_++ / steps_;
    if (percent == shown_) return;
    shown_ = percent;
    std::fprintf(stderr, "isa_bench: %3td %%\r", percent);
  }

 private:
  std::ptrdiff_t steps_, done_ = 0, shown_ = -1;
};

// Keeps one call at a time, because all together take gigabytes. The call is kept as long as Google
// Benchmark repeats the same benchmark, which it does to find the number of iterations.
class prepared_call {
 public:
  explicit prepared_call(progress& p) : progress_(p) {}
  call& get(const cell& c) {
    if (name_ == c.name) return *call_;
    name_.clear();
    call_.reset();
    progress_.step();
    call_ = c.prepare();
    call_->run();
    name_ = c.name;
    return *call_;
  }

 private:
  progress& progress_;
  std::string name_;
  std::unique_ptr<call> call_;
};

void measure(benchmark::State& state, const cell& c, prepared_call& prepared) try {
  using benchmark::Counter;
  call& the_call = prepared.get(c);
  const double start = now();
  for (auto _ : state) the_call.run();
  const double seconds = now() - start;
  if (c.peak)
    state.counters[counter::percent] =
        100 * the_call.flops * 1e-9 * static_cast<double>(state.iterations()) / seconds / c.peak();
  constexpr auto rate = Counter::kIsIterationInvariantRate;
  state.counters[counter::flops] = the_call.flops;
  state.counters[counter::bytes] = the_call.bytes;
  switch (c.limit) {
    case bound::arithmetic:
      state.counters[counter::gflops] = Counter(the_call.flops * 1e-9, rate);
      break;
    case bound::memory:
      state.counters[counter::gbytes] = Counter(the_call.bytes * 1e-9, rate);
      break;
    case bound::latency:
      state.counters[counter::nanoseconds] =
          Counter(the_call.flops * 1e-9, static_cast<Counter::Flags>(rate | Counter::kInvert));
      break;
  }
} catch (const std::exception& e) {
  state.SkipWithError(e.what());
}

int run(std::vector<std::string> arguments) {
  const bool full = std::erase(arguments, "--full") > 0;
  std::vector<std::string> options = default_options(full);
  options.insert(options.end(), arguments.begin() + 1, arguments.end());
  const std::string format = option(options, "--benchmark_format=");
  if (!format.empty() && format != "console" && format != "json")
    refuse("--benchmark_format", "console or json", '"' + format + '"');

  std::vector<char*> argv{arguments.front().data()};
  for (std::string& o : options) argv.push_back(o.data());
  int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  benchmark::Initialize(&argc, argv.data(), [] {
    std::printf("%s", usage);
    benchmark::PrintDefaultHelp();
  });
  if (benchmark::ReportUnrecognizedArguments(argc, argv.data())) return 2;

  const std::vector<isa::dispatched<kernels>> isas = runnable_isas();
  const std::vector<cell> cells = make_cells(isas, default_executor().concurrency(), full);
  const std::ptrdiff_t selected = count_selected(cells, benchmark::GetBenchmarkFilter());
  if (selected == 0)
    refuse("--benchmark_filter",
           "a pattern that matches a name (--benchmark_list_tests lists them)",
           '"' + benchmark::GetBenchmarkFilter() + '"');
  const int repetitions = std::atoi(option(options, "--benchmark_repetitions=").c_str());
  progress shown(selected * std::max(1, repetitions));
  prepared_call prepared(shown);
  for (const cell& c : cells)
    benchmark::RegisterBenchmark(c.name.c_str(), [&](benchmark::State& state) {
      measure(state, c, prepared);
    })->UseRealTime();
  for (const auto& [key, text] : provenance()) benchmark::AddCustomContext(key, text);

  std::unique_ptr<benchmark::BenchmarkReporter> display;
  if (format == "json")
    display = std::make_unique<benchmark::JSONReporter>();
  else
    display = std::make_unique<table_reporter>();
  completing_reporter on_terminal(std::move(display));
  completing_reporter in_file(std::make_unique<benchmark::JSONReporter>());
  const bool has_file = !option(options, "--benchmark_out=").empty();
  benchmark::RunSpecifiedBenchmarks(&on_terminal, has_file ? &in_file : nullptr);
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace simdnn::bench

int main(int argc, char** argv) try {
  return simdnn::bench::run({argv, argv + argc});
} catch (const std::exception& e) {
  std::fprintf(stderr, "isa_bench: %s\n", e.what());
  return 2;
}
