// expect: simdnn must not be built with -ffinite-math-only:
// flags: -ffinite-math-only
#include <simdnn/tensor/tensor.hpp>
