// Includes everything. A program that uses one operation may include only that operation's facade,
// which compiles faster. The folders are floors; a header includes only from its own folder and
// from lower floors:
//
//     ops/          8  operations: users call <op>.hpp (plans, forward and backward functions);
//                      <op>/ has its problem, reference and algorithms
//     onednn/       7  the interface to oneDNN, if the program is built with it
//     plan/         6  algorithm choice, policy, measuring, tuning cache, packed weights, checks
//     trace/        5  call records, SIMDNN_VERBOSE, Chrome trace
//     problem/      5  checks, benchdnn's notation and hash, from a problem's list of fields
//     microkernel/  5  register tiles on raw pointers for one thread; its tuning/ (floor 2) has the
//                      tuned numbers
//     epilogue/     4  the post-ops that gemm, conv, conv_pool and inner_product apply
//     walk/         4  vectors, pixels, contiguous runs, elements and strided copies of memory
//     parallel/     3  executors, parallel_for, workspace
//     tensor/       2  layout, shape, view, tensor, memory pool, npy
//     isa/          1  ISA tags, vec, CPU detection, dispatch between ISAs in one program
//     base/         0  compiler checks, errors, integer arithmetic
#pragma once

#include <simdnn/isa/dispatch.hpp>
#include <simdnn/ops/activation.hpp>
#include <simdnn/ops/concat.hpp>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/conv_pool.hpp>
#include <simdnn/ops/gemm.hpp>
#include <simdnn/ops/inner_product.hpp>
#include <simdnn/ops/lrn.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/ops/reorder.hpp>
#include <simdnn/ops/softmax.hpp>
#include <simdnn/parallel/pool.hpp>
#include <simdnn/plan/tuning_cache.hpp>
#include <simdnn/tensor/npy.hpp>
#include <simdnn/trace/chrome_trace.hpp>
