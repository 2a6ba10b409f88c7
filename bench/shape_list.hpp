// Lists of problems in benchdnn's notation: splits files into problems, names and multiplicities.
// The op parses the text of each problem.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace simdnn::bench {

struct named_problem {
  std::string text;  // mb8_ic64ih56_oc64oh56_kh3_ph1
  std::string name;  // resnet50:res2a_branch2b; the text if it has no name
  int times = 1;     // how often the network has it
};

/// Reads one problem, such as mb8_ic64ih56_oc64oh56_kh3_ph1_n"resnet50:res2a_branch2b*3". Both
/// quotes of the name or the closing one may be missing, and the multiplicity may follow them.
/// Throws std::invalid_argument with the text if the multiplicity is not a positive number.
named_problem parse_named_problem(std::string_view text);

/// All problems of a shape file, benchdnn's or ours: one per line, # starts a comment. Throws
/// std::invalid_argument with file and line if a line cannot be read, for example benchdnn's
/// --options.
std::vector<named_problem> read_shape_file(const std::string& path);

}  // namespace simdnn::bench
