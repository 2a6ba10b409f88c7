// For programs of many translation units: what is costly to compile and the same for all layouts,
// compiled once. Everything is compiled with SIMDNN_EXTERN_TEMPLATES defined, and one translation
// unit a set of ISA flags says
//     #include <simdnn/instances.hpp>
//     SIMDNN_INSTANCES(float)
//     SIMDNN_INSTANCES(double)    where the program uses it too
// (or the parts of it, in several). A forgotten one is an error of the linker. Of post-ops other than
// bias, scale, sum and limits a few small functions are compiled where they are used.
#pragma once

#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/gemm.hpp>

#define SIMDNN_INSTANCES(T)                   \
  SIMDNN_GEMM_TILE_INSTANCES(template, T)     \
  SIMDNN_SKINNY_TILE_INSTANCES(template, T)   \
  SIMDNN_UNPACKED_TILE_INSTANCES(template, T) \
  SIMDNN_CONV_INSTANCES(template, T)
