// expect: an executor, a workspace and a policy are given at most once each
#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(const simdnn::softmax_plan<float, "nc">& plan, simdnn::tensor<float, "nc">& x) {
  plan(x, x, simdnn::serial{}, simdnn::serial{});
}
