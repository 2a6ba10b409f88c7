// expect: npy files hold plain layouts
#include <simdnn/tensor/npy.hpp>

void f(const simdnn::tensor<float, "nChw16c">& x) { simdnn::save_npy("x.npy", x); }
