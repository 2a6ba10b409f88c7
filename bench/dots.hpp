// The inner loop of the reference. It is compiled once per ISA, because nothing else in a check
// takes time.
#pragma once

#include <cstdint>

namespace simdnn::bench {
namespace {

/// sums[i] = sum over k of row[k] * columns[i][k]. Four columns give enough chains to hide the
/// latency of additions; the pragma lets each chain be a vector.
[[maybe_unused]] void dot4(const double* row, const double* const columns[4], std::int64_t depth,
                           double sums[4]) {
  const double *c0 = columns[0], *c1 = columns[1], *c2 = columns[2], *c3 = columns[3];
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
#pragma omp simd reduction(+ : s0, s1, s2, s3)
  for (std::int64_t k = 0; k < depth; ++k) {
    s0 += row[k] * c0[k];
    s1 += row[k] * c1[k];
    s2 += row[k] * c2[k];
    s3 += row[k] * c3[k];
  }
  sums[0] = s0, sums[1] = s1, sums[2] = s2, sums[3] = s3;
}

}  // namespace
}  // namespace simdnn::bench
