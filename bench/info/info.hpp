// The functions of simdnn_info that are compiled once per ISA. They return all operations, and for
// a problem all algorithms and the chosen one.
#pragma once

#include <simdnn/isa/dispatch.hpp>
#include <simdnn/plan/policy.hpp>
#include <span>
#include <string>
#include <vector>

namespace simdnn::info {

/// The options and one problem of the command line.
struct request {
  std::string op = "conv";  ///< a pass's name without its direction
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
  std::string refusal;  ///< empty if it takes the problem
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
  /// Data, not code, so that an ISA's algorithms can be listed on a CPU that cannot run it.
  std::span<const operation_row> operations;
  /// Throws error if the operation does not take the problem or a layout.
  answer (*describe)(const request&);
};
SIMDNN_ISA_VARIANTS(info_kernels)

}  // namespace simdnn::info
