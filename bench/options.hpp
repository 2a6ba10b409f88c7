// The command line.
#pragma once

#include <bench/shape_list.hpp>
#include <bench/task.hpp>
#include <string>
#include <vector>

namespace simdnn::bench {

struct options {
  std::string op = "conv";
  direction dir = direction::fwd_i;
  std::vector<named_problem> problems;
  std::int64_t batch = 0;  // 0: as each problem says
  int threads = 1;
  std::string isa;        // empty: the best that this CPU runs
  std::string algorithm;  // empty: simdnn chooses; "all": each that takes the problem
  bool strict = false;
  bool with_bias = false, with_relu = false;
  std::string peer;  // empty: the first in this program that has the op
  bool check = false;
  bool fixed = false;   // problems and code known at compile time
  bool choice = false;  // judge simdnn's choice of an algorithm
  bool errors = false;  // perf rows show errors against double
  std::string json;     // a file's name, or empty
  double seconds = 0.4;
  bool op_given = false, dir_given = false;
  std::int64_t random = 0;  // number of random problems for each op and pass; 0: none
  std::int64_t first = 0;   // index of the first of them
  std::uint64_t seed = 0;
  bool plant = false;   // change results, so that the check must fail
  bool pool = false;    // simdnn runs on a pool
  int neighbours = -1;  // busy processes to measure beside; -1: another mode
  std::string command;  // to run beside the neighbours, instead of problems
  bool help = false;
};

extern const char* const usage;

/// Throws std::invalid_argument, which names the option, the expected value and the actual one.
options parse_options(int argc, const char* const* argv);

/// "FWD_I"
const char* to_name(direction);

}  // namespace simdnn::bench
