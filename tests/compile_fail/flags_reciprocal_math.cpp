// expect: simdnn must not be built with -freciprocal-math:
// gcc flags: -freciprocal-math
#include <simdnn/tensor/tensor.hpp>
