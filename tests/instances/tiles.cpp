// With conv_float.cpp and conv_double.cpp SIMDNN_INSTANCES(float) and SIMDNN_INSTANCES(double), in
// parts that compile side by side.
#include <simdnn/instances.hpp>

SIMDNN_GEMM_TILE_INSTANCES(template, float)
SIMDNN_GEMM_TILE_INSTANCES(template, double)
SIMDNN_SKINNY_TILE_INSTANCES(template, float)
SIMDNN_SKINNY_TILE_INSTANCES(template, double)
SIMDNN_UNPACKED_TILE_INSTANCES(template, float)
SIMDNN_UNPACKED_TILE_INSTANCES(template, double)
