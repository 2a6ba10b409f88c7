// For programs of many translation units: compiles once what is costly to compile and does not
// depend on layouts. Compile all units with SIMDNN_EXTERN_TEMPLATES defined. For each set of ISA
// flags, one unit contains
//     #include <simdnn/instances.hpp>
//     SIMDNN_INSTANCES(float)
//     SIMDNN_INSTANCES(double)    if the program uses double too
// (or several units contain its parts). If an instance is missing, the linker reports an error.
// Post-ops other than bias, scale, sum and clamp add a few small functions, which are compiled
// where they are used.
#pragma once

#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/gemm.hpp>

#define SIMDNN_INSTANCES(T)                   \
  SIMDNN_GEMM_TILE_INSTANCES(template, T)     \
  SIMDNN_SKINNY_TILE_INSTANCES(template, T)   \
  SIMDNN_UNPACKED_TILE_INSTANCES(template, T) \
  SIMDNN_CONV_INSTANCES(template, T)
