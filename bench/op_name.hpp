// op_name: the name of a pass's op for --op: "lrn" for lrn_backward.
#pragma once

#include <string_view>

namespace simdnn::bench {

constexpr std::string_view op_name(std::string_view pass) {
  for (const std::string_view way : {"_forward", "_backward"})
    if (const auto at = pass.find(way); at != std::string_view::npos) return pass.substr(0, at);
  return pass;
}

}  // namespace simdnn::bench
