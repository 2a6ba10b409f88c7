// A convolution on oneTBB's threads. It prints whether the result has the same bits as on one
// thread.
#include <algorithm>
#include <cstdio>
#include <simdnn/ops/conv.hpp>

#include "onetbb_executor.hpp"

namespace dnn = simdnn;

int main() {
  const dnn::conv_problem p{
      .batch = 8, .in = 64, .out = 64, .size = {56, 56}, .kernel = {3, 3}, .pad = {1, 1}};
  dnn::tensor<float, "nChw16c"> src(p.src_shape()), dst(p.dst_shape()), serial_dst(p.dst_shape());
  dnn::tensor<float, "oihw"> weights(p.weights_shape());
  for (dnn::index_t i = 0; i < src.elements(); ++i)
    src.data()[i] = static_cast<float>(i % 17) / 17.f;
  for (dnn::index_t i = 0; i < weights.elements(); ++i)
    weights.data()[i] = static_cast<float>(i % 13) / 13.f - 0.5f;

  tbb::task_arena arena(4);
  dnn::conv_forward(p, src, weights, dst, onetbb_executor{arena});
  dnn::conv_forward(p, src, weights, serial_dst, dnn::serial{});
  const bool same = std::equal(dst.data(), dst.data() + dst.elements(), serial_dst.data());
  std::printf("%d threads: %s\n", arena.max_concurrency(), same ? "the same bits" : "other bits");
  return same ? 0 : 1;
}
