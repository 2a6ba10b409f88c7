// tuning<T, Isa>: the tuned numbers of each ISA. Every one of them stands in this folder.
//     NV, MR     vectors of columns and greatest number of rows of a register tile
//     KC         values of k whose rows of packed b (KC * NV vectors) stay in L1 beside what a tile reads
//     MC, NC     rows and columns of gemm's blocks: MC * KC of a in L2, then panels up to NC columns
//     L2         bytes of L2 that one worker's packed operands may fill
//     depthwise  outputs of a tile of depthwise convolution: as many sums in registers. 14 with 32 registers: 1.2 times
//                as fast as 7, whose sums wait for their own last products (AVX-512, in L2)
//     product_cycles  cycles of NV multiplications and additions, the unit of conv's costs: without FMA 2 (Zen 4)
//                to 4 (Cascade Lake)
//     winograd   bytes of a block of transformed inputs and products
//     pixels     of a band in a backward pass to the weights: pixels * NV vectors of diff_dst near L1
#pragma once

#include <simdnn/microkernel/tuning/avx2.hpp>
#include <simdnn/microkernel/tuning/avx512.hpp>
#include <simdnn/microkernel/tuning/sse42.hpp>
