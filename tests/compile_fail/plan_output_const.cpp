// expect: this operand is written: it must not be const
#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(const simdnn::softmax_plan<float, "nc">& plan, const simdnn::tensor<float, "nc">& x) {
  plan(x, x);
}
