#include <cstdio>
#include <simdnn/ops/activation.hpp>

int main() {
  simdnn::tensor<float, "nc"> x({2, 3});
  x(1, 2) = -5;
  x(0, 1) = 5;
  simdnn::activation_forward(simdnn::function::relu{}, x, x);
  std::printf("simdnn relu: %g %g\n", x(1, 2), x(0, 1));
  return x(1, 2) == 0 && x(0, 1) == 5 ? 0 : 1;
}
