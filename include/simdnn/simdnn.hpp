// Everything at once. A program that uses one operation may include its facade alone, which
// compiles faster. Floors, each of which includes only from its own folder and from those below:
//
//     ops/        7  operations: <op>.hpp is the facade (problem, plan, forward and backward functions),
//                    <op>/ its algorithms
//     onednn/     6  how to talk to oneDNN, where the program is built with it
//     tile/       5  register tiles and their tuned numbers, for one thread on raw pointers
//     post_ops/   4  what is fused behind gemm, conv, conv_pool and inner_product
//     parallel/   3  executors, parallel_for, workspace
//     tensor/     2  layout, shape, view, tensor, memory pool, npy
//     isa/        1  ISA tags, vec, CPU detection, dispatch between ISAs in one program
//     base/       0  compiler checks, errors, integer arithmetic
#pragma once

#include <simdnn/isa/dispatch.hpp>
#include <simdnn/ops/activation.hpp>
#include <simdnn/ops/chrome_trace.hpp>
#include <simdnn/ops/concat.hpp>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/conv_pool.hpp>
#include <simdnn/ops/gemm.hpp>
#include <simdnn/ops/inner_product.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/ops/reorder.hpp>
#include <simdnn/ops/softmax.hpp>
#include <simdnn/ops/tuning_cache.hpp>
#include <simdnn/tensor/npy.hpp>
