// The template instances that the runners share (simdnn/instances.hpp).
#include <simdnn/instances.hpp>

SIMDNN_INSTANCES(float)
