// expect: this operand has another layout than the plan
#include <simdnn/ops/pooling.hpp>

void f(const simdnn::pooling_problem& p, const simdnn::tensor<float, "nchw">& x,
       simdnn::tensor<float, "nhwc">& y) {
  simdnn::pooling_forward(p, x, y, simdnn::policy{.algorithm = "reference"});
}
