// Lists of problems in benchdnn's notation: splits files into problems, names and multiplicities.
// What a problem's own text means, its op knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace simdnn::bench {

struct named_problem {
  std::string text;  // mb8_ic64ih56_oc64oh56_kh3_ph1
  std::string name;  // resnet50:res2a_branch2b; the text where it has no name
  int times = 1;     // how often the network has it
};

/// Reads one problem, as in mb8_ic64ih56_oc64oh56_kh3_ph1_n"resnet50:res2a_branch2b*3". The name's
/// quotes or the last of them may be absent, the multiplicity may stand behind them. Throws
/// std::invalid_argument with the text where the multiplicity is no positive number.
named_problem parse_named_problem(std::string_view text);

/// All problems of benchdnn's shape files or of ours: one a line, # starts a comment. Throws
/// std::invalid_argument with file and line for what cannot be read, benchdnn's --options among it.
std::vector<named_problem> read_shape_file(const std::string& path);

}  // namespace simdnn::bench
