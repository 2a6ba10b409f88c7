// One program for several CPUs: it uses the best ISA among those that it was compiled for.
//     20_dispatch                       the best that this CPU runs
//     SIMDNN_MAX_ISA=avx2 20_dispatch   at most AVX2
//     20_dispatch sse42                 SSE4.2
#include <cstdio>
#include <exception>

#include "kernels.hpp"

namespace {

// Small whole numbers: every order of summation gives the same bits.
matrix whole_numbers(simdnn::index_t rows, simdnn::index_t columns, int period) {
  matrix m({rows, columns});
  for (simdnn::index_t i = 0; i < rows * columns; ++i) {
    m.data()[i] = static_cast<float>(i % period);
  }
  return m;
}

}  // namespace

int main(int argc, char** argv) try {
  const auto k =
      argc > 1 ? simdnn::isa::dispatch<kernels>(argv[1]) : simdnn::isa::dispatch<kernels>();

  const simdnn::index_t m = 67, n = 75, depth = 129;
  const matrix a = whole_numbers(m, depth, 7), b = whole_numbers(depth, n, 11);
  matrix c({m, n});
  k->gemm(a, b, c);

  double checksum = 0;
  for (simdnn::index_t i = 0; i < m * n; ++i) checksum += c.data()[i] * static_cast<double>(i % 5);
  std::printf("isa=%s checksum=%.0f\n", k.name(), checksum);
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
