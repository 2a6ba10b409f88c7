// What the driver prints: tables with a closing line, and JSON in Google Benchmark's schema.
#pragma once

#include <bench/measure.hpp>
#include <bench/options.hpp>
#include <bench/reference.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace simdnn::bench {

/// One measured variant of one problem; peer_time is 0 where there is no peer.
struct perf_row {
  named_problem problem;
  std::string variant, peer_implementation;
  double time = 0, peer_time = 0;  // seconds a call
  double ratio = 0;                // of the pairs, peer / simdnn
  double flops = 0;
  double error = 0;  // max|simdnn - peer| / max|peer|
};

struct check_row {
  named_problem problem;
  std::string variant;
  comparison found;
  double tolerance = 0;
  std::string fault;  // why nothing was compared, or empty

  double share() const { return found.max_error / tolerance; }
  bool failed() const { return !fault.empty() || !(found.max_error <= tolerance); }
};

void print_perf_heading();
void print(const perf_row&, double peak_gflops);
/// total simdnn=<ms> peer=<ms> ratio=<total> geomean=<g> min=<m> at=<name>, over the rows given:
/// times with their multiplicities, ratios as they are. Without a peer its numbers read "none".
std::string perf_total(const std::vector<perf_row>&);

void print_check_heading();
void print(const check_row&);
/// checked=<n> failed=<k> worst=<error/tolerance> at=<name>
std::string check_total(const std::vector<check_row>&);

/// What holds for all rows.
struct context {
  std::string isa, peer;
  int threads = 1;
  double peak_gflops = 0, triad_gbytes = 0;
};

/// Two entries a row where there is a peer. cpu_time repeats real_time: it is not measured.
void write_json(const std::string& path, const options&, const context&,
                const std::vector<perf_row>&);
void write_json(const std::string& path, const options&, const context&,
                const std::vector<check_row>&);

}  // namespace simdnn::bench
