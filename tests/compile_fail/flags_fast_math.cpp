// expect: simdnn must not be built with -ffast-math:
// flags: -ffast-math
#include <simdnn/tensor/tensor.hpp>
