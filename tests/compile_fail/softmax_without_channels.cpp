// expect: softmax takes layouts with channels
#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(simdnn::tensor<float, "ab">& x) { simdnn::softmax_forward(x, x); }
