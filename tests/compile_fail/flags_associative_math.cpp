// expect: simdnn must not be built with -fassociative-math:
// gcc flags: -fassociative-math -fno-signed-zeros -fno-trapping-math
#include <simdnn/tensor/tensor.hpp>
