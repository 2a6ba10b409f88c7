// expect: an executor, a workspace and a policy are given at most once each
#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/tensor.hpp>

void f(simdnn::tensor<float, "nc">& x) {
  simdnn::softmax_forward(x, x, simdnn::policy{}, simdnn::policy{});
}
