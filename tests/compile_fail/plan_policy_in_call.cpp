// expect: a plan is made with its policy
#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(const simdnn::softmax_plan<float, "nc">& plan, simdnn::tensor<float, "nc">& x) {
  plan(x, x, simdnn::policy{});
}
