// A user's program of the compiled mode: its sources call gemm and compile no kernel.
#include <cstdio>
#include <simdnn/ops/gemm.hpp>

int main() {
  simdnn::tensor<float, "ab"> a({3, 3}), b({3, 3}), c({3, 3});
  for (int i = 0; i < 9; ++i) a.data()[i] = b.data()[i] = 1;
  const simdnn::gemm_plan<float> plan{{.m = 3, .n = 3, .k = 3}};
  plan(a, b, c);
  std::printf("3x3 gemm=%g\n", c(2, 2));
}
