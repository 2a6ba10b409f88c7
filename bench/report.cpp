#include <algorithm>
#include <bench/provenance.hpp>
#include <bench/refuse.hpp>
#include <bench/report.hpp>
#include <cmath>
#include <ctime>
#include <fstream>

namespace simdnn::bench {
namespace {

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

std::string full_name(const named_problem& p) {
  return p.times > 1 ? p.name + "*" + std::to_string(p.times) : p.name;
}

std::string quoted(const std::string& s) {
  std::string text = "\"";
  for (const char c : s) {
    if (c == '"' || c == '\\') text += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      text += format("\\u%04x", c);
    else
      text += c;
  }
  return text + '"';
}

// JSON has neither inf nor NaN: they become strings.
std::string json_number(double x) {
  return std::isfinite(x) ? format("%.17g", x) : quoted(format("%g", x));
}

class json_file {
 public:
  json_file(const std::string& path, const options& o, const context& c)
      : file_(path), path_(path) {
    char date[64];
    const std::time_t seconds = std::time(nullptr);
    std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S+00:00", std::gmtime(&seconds));
    file_ << "{\n  \"context\": {\n    \"date\": " << quoted(date)
          << ",\n    \"executable\": \"simdnn_bench\",\n    \"op\": " << quoted(o.op)
          << ",\n    \"direction\": " << quoted(to_name(o.dir))
          << ",\n    \"isa\": " << quoted(c.isa) << ",\n    \"threads\": " << c.threads
          << ",\n    \"peer\": " << quoted(c.peer)
          << ",\n    \"fma_peak_gflops\": " << json_number(c.peak_gflops)
          << ",\n    \"triad_gbytes\": " << json_number(c.triad_gbytes);
    for (const auto& [key, text] : provenance())
      file_ << ",\n    " << quoted(key) << ": " << quoted(text);
    file_ << "\n  },\n  \"benchmarks\": [";
  }
  // `counters` holds further members, each with a comma before it.
  void entry(const std::string& name, int threads, double seconds, const std::string& label,
             const std::string& counters) {
    file_ << (first_ ? "\n    {" : ",\n    {") << "\"name\": " << quoted(name)
          << ", \"run_name\": " << quoted(name)
          << ", \"run_type\": \"iteration\", \"repetitions\": 1, \"repetition_index\": 0, "
             "\"threads\": "
          << threads << ", \"iterations\": 1, \"real_time\": " << json_number(seconds * 1e3)
          << ", \"cpu_time\": " << json_number(seconds * 1e3)
          << ", \"time_unit\": \"ms\", \"label\": " << quoted(label) << counters << '}';
    first_ = false;
  }
  void finish() {
    file_ << "\n  ]\n}\n";
    file_.close();
    if (!file_) refuse("--json", "a path in a writable folder", '"' + path_ + '"');
  }

 private:
  std::ofstream file_;
  std::string path_;
  bool first_ = true;
};

std::string counter(const char* name, double value) {
  return std::string(", \"") + name + "\": " + json_number(value);
}

std::string errors(const std::optional<comparison>& c) {
  return c ? counter("max_error", c->max_error) + counter("rms_error", c->rms_error) : "";
}

// The RMS error relative to the RMS of the results.
double relative_rms(const comparison& c) {
  return c.rms_result > 0 ? c.rms_error / c.rms_result : c.rms_error;
}

}  // namespace

const choice_row::rival& choice_row::best() const {
  return *std::min_element(rivals.begin(), rivals.end(),
                           [](const rival& a, const rival& b) { return a.ratio < b.ratio; });
}

void print_choice_heading() {
  std::printf("%-38s %-12s %11s %-12s %11s %7s  %s\n", "name", "chosen", "ms", "best", "ms", "loss",
              "all, relative to the chosen");
}

void print(const choice_row& r) {
  const choice_row::rival &chosen = r.rivals.front(), &best = r.best();
  std::printf("%-38s %-12s %11.4f %-12s %11.4f %7.3f ", full_name(r.problem).c_str(),
              chosen.algorithm.c_str(), chosen.time * 1e3, best.algorithm.c_str(), best.time * 1e3,
              r.loss());
  for (const choice_row::rival& v : r.rivals) std::printf(" %s=%.3f", v.algorithm.c_str(), v.ratio);
  std::printf("\n");
  std::fflush(stdout);
}

std::string choice_total(const std::vector<choice_row>& rows) {
  constexpr double tolerated = 1.1;
  std::size_t within = 0;
  double logs = 0;
  const choice_row* worst = nullptr;
  for (const choice_row& r : rows) {
    within += r.loss() <= tolerated;
    logs += std::log(r.loss());
    if (worst == nullptr || r.loss() > worst->loss()) worst = &r;
  }
  if (worst == nullptr) return "choice within10%=none problems=0 geomean=none worst=none at=none";
  const double n = static_cast<double>(rows.size());
  return format("choice within10%%=%.4f problems=%zu geomean=%.4f worst=%.4f at=",
                static_cast<double>(within) / n, rows.size(), std::exp(logs / n), worst->loss()) +
         worst->problem.name;
}

void print_perf_heading(bool errors) {
  std::printf("%-38s %11s %11s %7s %9s %6s  %-12s %-26s %-7s", "name", "simdnn ms", "peer ms",
              "ratio", "GFLOP/s", "% peak", "algorithm", "peer's", "error");
  if (errors)
    std::printf(" %10s %10s %10s %10s", "max error", "rms error", "peer's max", "peer's rms");
  std::printf("\n");
}

void print(const perf_row& r) {
  std::printf("%-38s %11.4f", full_name(r.problem).c_str(), r.time * 1e3);
  if (r.peer_time > 0)
    std::printf(" %11.4f %7.3f", r.peer_time * 1e3, r.ratio);
  else
    std::printf(" %11s %7s", "-", "-");
  std::printf(" %9.1f %6.1f  %-12s %-26s ", r.flops / r.time * 1e-9, r.percent_of_peak,
              r.algorithm.c_str(),
              r.peer_implementation.empty() ? "-" : r.peer_implementation.c_str());
  if (r.peer_time > 0)
    std::printf("%-7.1e", r.error);
  else
    std::printf("%-7s", "-");
  if (r.found) std::printf(" %10.2e %10.2e", r.found->max_error, relative_rms(*r.found));
  if (r.peer_found)
    std::printf(" %10.2e %10.2e", r.peer_found->max_error, relative_rms(*r.peer_found));
  std::printf("\n");
  std::fflush(stdout);
}

std::string perf_total(const std::vector<perf_row>& rows) {
  double time = 0, paired = 0, peer = 0, logs = 0;
  std::size_t pairs = 0;
  const perf_row* least = nullptr;
  for (const perf_row& r : rows) {
    time += r.time * r.problem.times;
    if (r.peer_time <= 0) continue;
    paired += r.time * r.problem.times;
    peer += r.peer_time * r.problem.times;
    logs += std::log(r.ratio);
    ++pairs;
    if (least == nullptr || r.ratio < least->ratio) least = &r;
  }
  if (least == nullptr)
    return format("total simdnn=%.4f peer=none ratio=none geomean=none min=none at=none",
                  time * 1e3);
  return format("total simdnn=%.4f peer=%.4f ratio=%.4f geomean=%.4f min=%.4f at=", time * 1e3,
                peer * 1e3, peer / paired, std::exp(logs / static_cast<double>(pairs)),
                least->ratio) +
         least->problem.name;
}

void print_check_heading() {
  std::printf("%-38s %-12s %10s %10s %10s %10s %9s %10s\n", "name", "algorithm", "compared",
              "max error", "rms error", "tolerance", "err/tol", "rms/direct");
}

void print(const check_row& r) {
  std::printf("%-38s %-12s ", full_name(r.problem).c_str(),
              r.algorithm.empty() ? "-" : r.algorithm.c_str());
  if (!r.fault.empty()) {
    std::printf("FAILED: %s\n", r.fault.c_str());
  } else {
    std::printf("%10lld %10.2e %10.2e %10.2e %9.4f", static_cast<long long>(r.found.compared),
                r.found.max_error, relative_rms(r.found), r.tolerance, r.share());
    if (r.direct_rms > 0)
      std::printf(" %10.2f", r.found.rms_error / r.direct_rms);
    else
      std::printf(" %10s", "-");
    std::printf("%s\n", r.failed() ? "  FAILED" : "");
  }
  std::fflush(stdout);
}

std::string check_total(const std::vector<check_row>& rows) {
  std::size_t failed = 0;
  double worst = 0;
  std::string at = "none";
  for (const check_row& r : rows) {
    failed += r.failed();
    const double share = r.fault.empty() ? r.share() : INFINITY;
    if (at == "none" || share > worst) worst = share, at = r.problem.name;
  }
  return format("checked=%zu failed=%zu worst=%.4f at=", rows.size(), failed, worst) + at;
}

void write_json(const std::string& path, const options& o, const context& c,
                const std::vector<perf_row>& rows) {
  json_file json(path, o, c);
  for (const perf_row& r : rows) {
    const std::string what = "/" + o.op + "/" + to_name(o.dir) + "/" + r.problem.name;
    const double times = r.problem.times;
    json.entry("simdnn" + what + (o.algorithm == "all" ? "/" + r.algorithm : ""), c.threads, r.time,
               r.algorithm,
               counter("GFLOPS", r.flops / r.time * 1e-9) +
                   counter("percent_of_peak", r.percent_of_peak) + counter("times", times) +
                   (r.peer_time > 0 ? counter("ratio", r.ratio) + counter("error", r.error) : "") +
                   errors(r.found));
    if (r.peer_time > 0)
      json.entry(c.peer + what + (o.algorithm == "all" ? "/" + r.algorithm : ""), c.threads,
                 r.peer_time, r.peer_implementation,
                 counter("GFLOPS", r.flops / r.peer_time * 1e-9) + counter("times", times) +
                     errors(r.peer_found));
  }
  json.finish();
}

void write_json(const std::string& path, const options& o, const context& c,
                const std::vector<check_row>& rows) {
  json_file json(path, o, c);
  for (const check_row& r : rows)
    json.entry("check/" + o.op + "/" + to_name(o.dir) + "/" + r.problem.name, c.threads, 0,
               r.algorithm,
               errors(r.found) + counter("tolerance", r.tolerance) +
                   (r.direct_rms > 0 ? counter("direct_rms_error", r.direct_rms) : "") +
                   counter("compared", static_cast<double>(r.found.compared)) +
                   counter("failed", r.failed()));
  json.finish();
}

}  // namespace simdnn::bench
