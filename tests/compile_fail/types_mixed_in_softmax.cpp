// expect: this operand has another element type than the plan
#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(const simdnn::tensor<float, "nc">& x, simdnn::tensor<double, "nc">& y) {
  simdnn::softmax_forward(x, y);
}
