// expect: conv_pool takes no post::sum
#include <simdnn/ops/conv_pool.hpp>

void f(const simdnn::conv_pool_plan<float, "nchw">& plan, const simdnn::tensor<float, "nchw">& x,
       const simdnn::packed<float>& weights, simdnn::tensor<float, "nchw">& y) {
  plan(x, weights, y, simdnn::post::relu() | simdnn::post::sum(y));
}
