// expect: this operand cannot be left out
#include <simdnn/ops/pooling.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(const simdnn::pooling_plan<float, "nchw">& plan, simdnn::tensor<float, "nchw">& y) {
  plan(simdnn::none, y);
}
