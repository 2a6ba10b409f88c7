// The driver's output: tables with a closing line, and JSON in Google Benchmark's schema.
#pragma once

#include <bench/measure.hpp>
#include <bench/options.hpp>
#include <bench/reference.hpp>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace simdnn::bench {

/// One measured algorithm of one problem; peer_time is 0 if there is no peer.
struct perf_row {
  named_problem problem;
  std::string algorithm, peer_implementation;
  double time = 0, peer_time = 0;  // seconds per call
  double ratio = 0;                // peer / simdnn, the median over the turns
  double flops = 0;
  double percent_of_peak = 0;  // of the multiply-add loop, measured in turns
  double error = 0;            // max|simdnn - peer| / max|peer|
  std::optional<comparison> found = {}, peer_found = {};  // against double, with --errors
};

struct check_row {
  named_problem problem;
  std::string algorithm;
  comparison found;
  double tolerance = 0;
  double direct_rms = 0;  // for Winograd only: the rms error of the algorithm direct
  std::string fault;      // why nothing was compared, or empty

  double share() const { return found.max_error / tolerance; }
  bool failed() const { return !fault.empty() || !(found.max_error <= tolerance); }
};

/// The chosen algorithm of a problem beside all others that could have been chosen.
struct choice_row {
  struct rival {
    std::string algorithm;
    double time;   // seconds per call
    double ratio;  // time / the chosen one's, the median over the turns
  };
  named_problem problem;
  std::vector<rival> rivals;  // the chosen one first

  const rival& best() const;
  /// The chosen one's time / the best one's, at least 1.
  double loss() const { return 1 / best().ratio; }
};

void print_choice_heading();
void print(const choice_row&);
/// choice within10%=<share> problems=<n> geomean=<loss> worst=<loss> at=<name>
std::string choice_total(const std::vector<choice_row>&);

void print_perf_heading(bool errors);
void print(const perf_row&);
/// total simdnn=<ms> peer=<ms> ratio=<total> geomean=<g> min=<m> at=<name>, over the rows given.
/// Times count as often as the layer occurs; geomean and min count each row once. Without a peer
/// its numbers are "none".
std::string perf_total(const std::vector<perf_row>&);

void print_check_heading();
void print(const check_row&);
/// checked=<n> failed=<k> worst=<error/tolerance> at=<name>
std::string check_total(const std::vector<check_row>&);

/// Facts that are the same for all rows.
struct context {
  std::string isa, peer;
  int threads = 1;
  double peak_gflops = 0, triad_gbytes = 0;
};

/// Writes two entries per row if there is a peer, else one. cpu_time is not measured; it repeats
/// real_time.
void write_json(const std::string& path, const options&, const context&,
                const std::vector<perf_row>&);
void write_json(const std::string& path, const options&, const context&,
                const std::vector<check_row>&);

}  // namespace simdnn::bench
