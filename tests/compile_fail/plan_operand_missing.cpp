// expect: an operand is missing
#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(const simdnn::softmax_plan<float, "nc">& plan, const simdnn::tensor<float, "nc">& x) {
  plan(x, simdnn::serial{});
}
