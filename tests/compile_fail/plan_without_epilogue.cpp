// expect: this pass takes no such argument
#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(const simdnn::softmax_plan<float, "nc">& plan, simdnn::tensor<float, "nc">& x) {
  plan(x, x, simdnn::post::relu());
}
