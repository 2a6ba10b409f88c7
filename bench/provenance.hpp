// The origin of measurements, for the context of JSON files and the captions of pictures.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace simdnn::bench {

/// "cpu", "compiler", "flags" and "versions", each with its text.
std::vector<std::pair<std::string, std::string>> provenance();

}  // namespace simdnn::bench
