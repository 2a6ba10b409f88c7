#include <simdnn/instances.hpp>

SIMDNN_CONV_INSTANCES(template, float)
