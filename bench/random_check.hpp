// The random check: random problems of conv, gemm and inner_product, with operands of random
// layouts and strides. Every algorithm that takes a problem is compared with sums in double. The
// same seed gives the same problems on every machine; a problem depends only on seed, op, pass and
// its index.
#pragma once

#include <bench/kernels.hpp>
#include <bench/options.hpp>

namespace simdnn::bench {

/// Prints a line for each failure (a crash is one), a line for each op and pass, and a total.
/// Returns whether nothing failed. The process must not have started threads before.
bool random_check(const options&, const kernels& code);

}  // namespace simdnn::bench
