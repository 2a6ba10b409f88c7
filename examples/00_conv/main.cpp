// The program of README.md on data with a known result: all elements are one.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/reorder.hpp>
namespace dnn = simdnn;

int main() {
  dnn::conv_problem p{.in = 64, .out = 128, .size = {56, 56}, .kernel = {3, 3}, .pad = {1, 1}};
  dnn::tensor<float, "nchw"> image(p.src_shape());
  dnn::tensor<float, "oihw"> weights(p.weights_shape());
  dnn::tensor<float, "x"> bias(dnn::shape{p.out});
  std::fill_n(image.data(), image.elements(), 1.0f);
  std::fill_n(weights.data(), weights.elements(), 1.0f);

  dnn::conv_plan<float, "nChw16c"> conv{p};       // picks an algorithm
  const auto packed = conv.pack(weights);         // once; conv.repack() when they change
  const auto x = dnn::reorder<"nChw16c">(image);  // blocks of 16 channels
  dnn::tensor<float, "nChw16c"> y(p.dst_shape());
  conv(x, packed, y, dnn::post::bias(bias) | dnn::post::relu());  // fused, nothing allocated

  const float corner = y(0, 0, 0, 0), middle = y(0, 127, 28, 28);
  std::printf("%s: corner %g, middle %g\n", conv.algorithm_name(), corner, middle);
  // Winograd's transforms round, hence the tolerance.
  return std::abs(corner - 64 * 4) < 0.01f && std::abs(middle - 64 * 9) < 0.01f ? 0 : 1;
}
