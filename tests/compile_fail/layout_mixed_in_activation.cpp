// expect: operand_expects<.*literal<4>{"dst"}, float, .*layout{.*}, float, .*layout{.*}, false>
#include <simdnn/ops/activation.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(const simdnn::tensor<float, "nchw">& x, simdnn::tensor<float, "nhwc">& y) {
  simdnn::activation_forward(simdnn::function::relu{}, x, y);
}
