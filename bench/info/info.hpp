// What simdnn_info asks each instruction set's object: all algorithms for a problem, and the chosen one.
#pragma once

#include <simdnn/isa/dispatch.hpp>
#include <simdnn/plan/policy.hpp>
#include <span>
#include <string>
#include <vector>

namespace simdnn::info {

/// What stands on the command line.
struct request {
  std::string op = "conv";  ///< a name of ops()
  direction pass = direction::forward;
  std::string src, dst;  ///< layouts; empty: the default for the problem
  bool in_double = false;
  accuracy wanted = accuracy::normal;
  bool allow_onednn = false;
  std::string problem;  ///< in benchdnn's notation
};

struct algorithm_row {
  std::string name;
  bool eligible;        ///< may be chosen without being named
  std::string refusal;  ///< empty where it takes the problem
  double cost;
  bool chosen;
};

struct answer {
  /// Operation, problem with every default written out, element type, layouts, and ISA, as
  /// SIMDNN_VERBOSE prints them.
  std::string call;
  std::vector<algorithm_row> rows;
};

/// An operation's pass and the list of its algorithms.
struct operation_row {
  const char* op = "";  ///< its name in operations.txt
  const char *pass = "", *layouts = "";
  std::span<const char* const> algorithms;
};

struct info_kernels {
  /// Data, not code: what an ISA has can be listed on a CPU that has not got it.
  std::span<const operation_row> operations;
  /// Throws error where the problem or a layout is none of the operation's.
  answer (*describe)(const request&);
};
SIMDNN_ISA_VARIANTS(info_kernels)

}  // namespace simdnn::info
