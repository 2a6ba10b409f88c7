#include <algorithm>
#include <bench/isa_report.hpp>
#include <bench/measure.hpp>
#include <bench/provenance.hpp>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <optional>
#include <ostream>
#include <string>

namespace simdnn::bench {
namespace {

using run = benchmark::BenchmarkReporter::Run;

constexpr const char* isas[] = {"sse42", "avx2", "avx512"};

// Google Benchmark up to 1.7 has `error_occurred`, later versions have `skipped`.
template <class Run>
bool failed(const Run& r) {
  if constexpr (requires { r.error_occurred; })
    return r.error_occurred;
  else
    return r.skipped != decltype(r.skipped){};
}

bool is_repetition(const run& r) { return r.run_type == run::RT_Iteration && !failed(r); }

std::string name_of(const run& r) { return r.run_name.function_name; }

// The two parts of op/pass/problem/algorithm/size/threads:N/isa.
std::string row_of(const std::string& name) { return name.substr(0, name.rfind('/')); }
std::string isa_of(const std::string& name) { return name.substr(name.rfind('/') + 1); }

std::optional<double> find(const run& r, const char* counter) {
  const auto found = r.counters.find(counter);
  if (found == r.counters.end()) return std::nullopt;
  return found->second.value;
}

struct rate {
  std::string unit;
  double value;
};
std::optional<rate> rate_of(const run& r) {
  for (const char* unit : {counter::gflops, counter::gbytes, counter::nanoseconds})
    if (const auto value = find(r, unit)) return rate{unit, *value};
  return std::nullopt;
}

// The name of the cell that memory-bound cells are compared with: the triad on operands of the same
// size.
std::string yardstick(const std::string& name) {
  const std::string tail = name.substr(name.find("/threads:"));
  const std::string row = name.substr(0, name.size() - tail.size());
  return "machine/peak/triad/stream/" + row.substr(row.rfind('/') + 1) + tail;
}

// Median rates of all cells by their names.
std::map<std::string, double> median_rates(const std::vector<run>& runs) {
  std::map<std::string, std::vector<double>> values;
  for (const run& r : runs)
    if (const auto rate = rate_of(r); rate && is_repetition(r))
      values[name_of(r)].push_back(rate->value);
  std::map<std::string, double> medians;
  for (const auto& [name, list] : values) medians[name] = median(list);
  return medians;
}

void complete(run& r, const std::map<std::string, double>& medians) {
  const auto rate = rate_of(r);
  if (!rate) return;
  const std::string name = name_of(r);
  if (rate->unit == counter::gbytes)
    if (const auto peak = medians.find(yardstick(name)); peak != medians.end())
      r.counters[counter::percent] = 100 * rate->value / peak->second;
  if (const auto base = medians.find(row_of(name) + "/sse42"); base != medians.end())
    r.counters[counter::speed_up] = rate->unit == counter::nanoseconds ? base->second / rate->value
                                                                       : rate->value / base->second;
}

// All repetitions of one row on one ISA.
struct group {
  std::vector<double> rates, percents, speed_ups;

  double spread() const {
    const auto [least, most] = std::minmax_element(rates.begin(), rates.end());
    return 100 * (*most - *least) / median(rates);
  }
};
struct row {
  std::string name, unit;
  std::map<std::string, group> by_isa;
};

std::vector<row> make_rows(const std::vector<run>& runs) {
  std::vector<row> rows;
  std::map<std::string, std::size_t> places;
  for (const run& r : runs) {
    const auto rate = rate_of(r);
    if (!rate || !is_repetition(r)) continue;
    const std::string name = row_of(name_of(r));
    const auto [place, is_new] = places.emplace(name, rows.size());
    if (is_new) rows.push_back({name, rate->unit, {}});
    group& g = rows[place->second].by_isa[isa_of(name_of(r))];
    g.rates.push_back(rate->value);
    if (const auto percent = find(r, counter::percent)) g.percents.push_back(*percent);
    if (const auto speed_up = find(r, counter::speed_up)) g.speed_ups.push_back(*speed_up);
  }
  return rows;
}

// For each ISA, the nanoseconds by which a call through the table takes longer than a direct one.
std::vector<std::pair<std::string, double>> dispatch_costs(
    const std::map<std::string, double>& medians) {
  std::vector<std::pair<std::string, double>> costs;
  for (const char* isa : isas) {
    const std::string tail = std::string("/registers/threads:1/") + isa;
    const auto table = medians.find("dispatch/call/increment/table" + tail);
    const auto direct = medians.find("dispatch/call/increment/direct" + tail);
    if (table != medians.end() && direct != medians.end())
      costs.emplace_back(isa, table->second - direct->second);
  }
  return costs;
}

bool computes_on_lanes(const std::string& row) {
  const auto has = [&](const char* part) { return row.find(part) != std::string::npos; };
  return (row.starts_with("gemm/") && !has("/smallest/")) ||
         (row.starts_with("conv/") && has("/3x3/") && (has("/direct/") || has("/winograd")));
}

// For each size/threads:N, the geometric mean of AVX-512's rates over AVX2's.
std::map<std::string, double> speed_ups_over_avx2(const std::map<std::string, double>& medians) {
  std::map<std::string, std::vector<double>> logs;
  for (const auto& [name, rate] : medians) {
    const std::string row = row_of(name);
    const auto avx2 = medians.find(row + "/avx2");
    if (isa_of(name) != "avx512" || avx2 == medians.end() || !computes_on_lanes(row)) continue;
    logs[row.substr(row.rfind('/', row.rfind('/') - 1) + 1)].push_back(
        std::log(rate / avx2->second));
  }
  std::map<std::string, double> means;
  for (const auto& [where, list] : logs)
    means[where] =
        std::exp(std::accumulate(list.begin(), list.end(), 0.0) / static_cast<double>(list.size()));
  return means;
}

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[256];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

// The median formatted by `pattern`; a dash of the same width if there are no values.
std::string cell_text(const char* pattern, const std::vector<double>& values) {
  const std::string text = format(pattern, median(values));
  return values.empty() ? std::string(text.size() - 1, ' ') + '-' : text;
}

std::string columns(const group& g) {
  if (g.rates.empty()) return format(" | %28s", "-");
  return " | " + cell_text("%8.2f", g.rates) + cell_text("%6.0f%%", g.percents) +
         format("%5.0f%%", g.spread()) + cell_text("%6.2fx", g.speed_ups);
}

}  // namespace

bool completing_reporter::ReportContext(const Context& context) {
  out_->SetOutputStream(&GetOutputStream());
  out_->SetErrorStream(&GetErrorStream());
  return out_->ReportContext(context);
}

void completing_reporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& r : runs) runs_[r.family_index].push_back(r);
}

void completing_reporter::Finalize() {
  std::vector<Run> all;
  for (const auto& [family, runs] : runs_) all.insert(all.end(), runs.begin(), runs.end());
  const std::map<std::string, double> medians = median_rates(all);
  // Among the statistics over repetitions only the median and the mean are rates.
  for (Run& r : all)
    if (is_repetition(r) || r.aggregate_name == "median" || r.aggregate_name == "mean")
      complete(r, medians);
  out_->ReportRuns(all);
  out_->Finalize();
}

bool table_reporter::ReportContext(const Context&) {
  for (const auto& [key, text] : provenance()) GetOutputStream() << key << ": " << text << '\n';
  return true;
}

void table_reporter::ReportRuns(const std::vector<Run>& all) {
  const std::string title = "op/pass/problem/algorithm/size/threads";
  const std::vector<row> rows = make_rows(all);
  std::size_t width = title.size();
  for (const row& r : rows) width = std::max(width, r.name.size());
  const auto line = [&](const std::string& name, const std::string& unit) -> std::ostream& {
    return GetOutputStream() << name << std::string(width - name.size(), ' ')
                             << format(" %7s", unit.c_str());
  };
  std::ostream& isa_line = line("", "");
  for (const char* isa : isas) isa_line << format(" | %-28s", isa);
  isa_line << '\n';
  std::ostream& heading = line(title, "");
  for (int i = 0; i < 3; ++i) heading << format(" | %8s%7s%6s%7s", "rate", "peak", "+-", "sse42");
  heading << '\n';
  for (row r : rows) {
    std::ostream& out = line(r.name, r.unit);
    for (const char* isa : isas) out << columns(r.by_isa[isa]);
    out << '\n';
  }
  const std::map<std::string, double> medians = median_rates(all);
  for (const auto& [where, mean] : speed_ups_over_avx2(medians))
    GetOutputStream() << "avx512 over avx2, gemm and conv 3x3 (direct, Winograd), " << where
                      << format(": %.2fx\n", mean);
  for (const auto& [isa, cost] : dispatch_costs(medians))
    GetOutputStream() << "a call through " << isa
                      << format("'s table costs %.2f ns more than a direct one\n", cost);
}

}  // namespace simdnn::bench
