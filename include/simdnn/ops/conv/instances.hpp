// Instantiations of the functions of convolution that are costly to compile and do not depend on
// the caller's layouts: the choice of an algorithm and the calls of the chosen one. Programs of
// many translation units compile them once (simdnn/instances.hpp).
#pragma once

#include <simdnn/ops/conv/algorithms.hpp>
#include <simdnn/ops/conv/run.hpp>

/// KEYWORD is `template` or `extern template` (simdnn/instances.hpp).
#define SIMDNN_CONV_INSTANCES(KEYWORD, T)                                               \
  SIMDNN_CONV_LIST_INSTANCES(KEYWORD, T, forward_algorithms)                            \
  SIMDNN_CONV_LIST_INSTANCES(KEYWORD, T, backward_data_algorithms)                      \
  SIMDNN_CONV_LIST_INSTANCES(KEYWORD, T, backward_weights_algorithms)                   \
  SIMDNN_CONV_PACK_INSTANCES(KEYWORD, T, forward_algorithms)                            \
  SIMDNN_CONV_PACK_INSTANCES(KEYWORD, T, backward_data_algorithms)                      \
  KEYWORD void simdnn::conv::run_forward(                                               \
      const simdnn::conv_problem&,                                                      \
      const simdnn::conv::forward_algorithms<T, simdnn::isa::native>::chosen&,          \
      const simdnn::conv::image<const T>&, const T*, const simdnn::conv::image<T>&,     \
      const simdnn::epilogue::fused<T>&, simdnn::executor_ref, std::span<std::byte>);   \
  KEYWORD void simdnn::conv::run_backward_data(                                         \
      const simdnn::conv_problem&,                                                      \
      const simdnn::conv::backward_data_algorithms<T, simdnn::isa::native>::chosen&,    \
      const simdnn::conv::image<const T>&, const T*, const simdnn::conv::image<T>&,     \
      simdnn::executor_ref, std::span<std::byte>);                                      \
  KEYWORD void simdnn::conv::run_backward_weights(                                      \
      const simdnn::conv_problem&,                                                      \
      const simdnn::conv::backward_weights_algorithms<T, simdnn::isa::native>::chosen&, \
      const simdnn::conv::image<const T>&, const simdnn::conv::image<const T>&,         \
      const simdnn::conv::filter<T>&, T*, simdnn::executor_ref, std::span<std::byte>);
#define SIMDNN_CONV_LIST_INSTANCES(KEYWORD, T, list)                             \
  KEYWORD simdnn::conv::list<T, simdnn::isa::native>::chosen                     \
  simdnn::conv::list<T, simdnn::isa::native>::choose(const simdnn::conv::query&, \
                                                     const simdnn::policy&, const char*);
#define SIMDNN_CONV_PACK_INSTANCES(KEYWORD, T, list)                                         \
  KEYWORD void simdnn::conv::pack(const simdnn::conv::list<T, simdnn::isa::native>::chosen&, \
                                  const simdnn::conv::filter<const T>&, T*, simdnn::executor_ref);
#if defined(SIMDNN_EXTERN_TEMPLATES)
SIMDNN_CONV_INSTANCES(extern template, float)
SIMDNN_CONV_INSTANCES(extern template, double)
#endif
