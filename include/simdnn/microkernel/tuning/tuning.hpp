// Numbers chosen by measurement. The sizes of kernels are members of tuning<T, Isa>; costs.hpp has
// the numbers that are the same on every ISA. A number that follows from the algorithm, from the
// registers or from a limit on memory or errors is not tuned and is defined where it is used.
//
// An ISA's file, such as avx512.hpp, declares the following; defaults.hpp declares the rest.
//     NV, MR     vectors of columns and greatest number of rows of a register tile
//     MC, NC     rows and columns of gemm's blocks: MC * KC of a in L2, then panels of up to NC
//                columns
//     L2         bytes of L2 that one worker's packed operands may fill
//     unrolled_sums, unrolled_vectors  most accumulators and fewest vectors of a tile that unrolls
//                k: it must leave registers free, or gcc and clang spill
//     small_accumulators, small_vectors  accumulators and most vectors of small's tiles
//     dot_columns  most columns of a product that small computes as dot products
//     product_cycles  cycles of NV multiplications and additions, the unit of conv's costs
//     depthwise  outputs of a tile of depthwise convolution: as many sums in registers
#pragma once

#include <simdnn/microkernel/tuning/avx2.hpp>
#include <simdnn/microkernel/tuning/avx512.hpp>
#include <simdnn/microkernel/tuning/sse42.hpp>
