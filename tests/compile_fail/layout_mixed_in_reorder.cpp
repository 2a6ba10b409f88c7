// expect: reorder takes two layouts with the same dimensions
#include <simdnn/ops/reorder.hpp>

void f(const simdnn::tensor<float, "nchw">& x) { simdnn::reorder<"ncdhw">(x); }
