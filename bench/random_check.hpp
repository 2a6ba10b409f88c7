// The random check: seeded random problems of every op and pass, their operands in random layouts
// and strides, each by every algorithm that takes it, against sums in double. The same seed gives the
// same problems on every machine; each problem depends on seed, op, pass and its index only.
#pragma once

#include <bench/kernels.hpp>
#include <bench/options.hpp>

namespace simdnn::bench {

/// Prints a line for each failure, a crash among them, and for each op and pass, and a total; whether
/// nothing failed. No threads may have been started before.
bool random_check(const options&, const kernels& code);

}  // namespace simdnn::bench
