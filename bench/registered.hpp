// The operations of operations.txt, compiled once per ISA. The build generates one source for each
// operation, and operations.inc with a line SIMDNN_OPERATION(name, layouts, problems) for each.
#pragma once

#include <span>

namespace test {
struct erased_pass;
}

namespace simdnn::bench {

struct registered_operation {
  std::span<const test::erased_pass* const> (*passes)();
};

#define SIMDNN_OPERATION(name, ...) std::span<const test::erased_pass* const> name##_erased();
#include <operations.inc>
#undef SIMDNN_OPERATION

}  // namespace simdnn::bench
