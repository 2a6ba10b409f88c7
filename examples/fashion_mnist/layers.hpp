// The network's layers, made with simdnn. A layer makes its plans once for a batch size; after each
// step its weights are packed again into the same memory.
#pragma once

#include <simdnn/ops/activation.hpp>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/inner_product.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "adam.hpp"
#include "random.hpp"

namespace fashion {

namespace dnn = simdnn;

/// Weights of layout L and one bias per output channel, with their gradients.
template <dnn::layout L>
class parameters {
 public:
  parameters(const dnn::shape& s, generator& r)
      : weights(s),
        diff_weights(s),
        bias(dnn::shape{s[0]}),
        diff_bias(dnn::shape{s[0]}),
        weights_step_(weights.elements()),
        bias_step_(bias.elements()) {
    r.fill_weights(all(weights), static_cast<double>(weights.elements() / s[0]));
  }
  void step(float rate) {
    weights_step_.step(all(weights), all(diff_weights), rate);
    bias_step_.step(all(bias), all(diff_bias), rate);
  }

  dnn::tensor<float, L> weights, diff_weights;
  dnn::tensor<float, "x"> bias, diff_bias;

 private:
  template <dnn::layout M>
  static std::span<float> all(dnn::tensor<float, M>& t) {
    return {t.data(), static_cast<std::size_t>(t.elements())};
  }
  adam weights_step_, bias_step_;
};

/// Convolution, bias and relu in one pass: bias and relu are applied in registers.
template <dnn::layout Src>
class convolution {
  static constexpr dnn::layout dst_layout = "nChw16c";

 public:
  convolution(const dnn::conv_problem& p, generator& r, dnn::executor_ref executor)
      : dst(p.dst_shape()),
        diff_dst(p.dst_shape()),
        executor_(executor),
        learned_(p.weights_shape(), r),
        forward_(p),
        backward_data_(p),
        backward_weights_(p),
        packed_(forward_.pack(learned_.weights)),
        packed_backward_(backward_data_.pack(learned_.weights)) {}

  void forward(const dnn::tensor<float, Src>& src) {
    forward_(src, packed_, dst, dnn::post::bias(learned_.bias) | dnn::post::relu(), executor_);
  }
  /// Computes the gradients of weights and bias from diff_dst. It first sets diff_dst to 0 where
  /// relu returned 0.
  void backward(const dnn::tensor<float, Src>& src) {
    dnn::activation_backward(dnn::function::relu{}, diff_dst, dst, dst, diff_dst, executor_);
    backward_weights_(src, diff_dst, learned_.diff_weights, learned_.diff_bias, executor_);
  }
  /// Called after backward().
  void backward_data(dnn::tensor<float, Src>& diff_src) {
    backward_data_(diff_dst, packed_backward_, diff_src, executor_);
  }
  void step(float rate) {
    learned_.step(rate);
    forward_.repack(learned_.weights, packed_, executor_);
    backward_data_.repack(learned_.weights, packed_backward_, executor_);
  }

  dnn::tensor<float, dst_layout> dst, diff_dst;

 private:
  dnn::executor_ref executor_;
  parameters<"oihw"> learned_;
  dnn::conv_plan<float, Src, dst_layout> forward_;
  dnn::conv_backward_data_plan<float, Src, dst_layout> backward_data_;
  dnn::conv_backward_weights_plan<float, Src, dst_layout> backward_weights_;
  dnn::packed<float> packed_, packed_backward_;
};

/// The largest of 2 x 2 pixels.
class max_pooling {
 public:
  max_pooling(const dnn::pooling_problem& p, dnn::executor_ref executor)
      : dst(p.dst_shape()),
        diff_dst(p.dst_shape()),
        executor_(executor),
        plan_(p),
        backward_(p),
        argmax_(p.dst_shape()) {}

  void forward(const dnn::tensor<float, "nChw16c">& src) { plan_(src, dst, argmax_, executor_); }
  void backward(dnn::tensor<float, "nChw16c">& diff_src) {
    backward_(diff_dst, argmax_, diff_src, executor_);
  }

  dnn::tensor<float, "nChw16c"> dst, diff_dst;

 private:
  dnn::executor_ref executor_;
  dnn::pooling_plan<float, "nChw16c"> plan_;
  dnn::pooling_backward_plan<float, "nChw16c"> backward_;
  dnn::tensor<float, "nChw16c"> argmax_;
};

/// A fully connected layer; Weights is "oi", or "oihw" if src is an image.
template <dnn::layout Src, dnn::layout Weights, bool Relu>
class fully_connected {
 public:
  fully_connected(const dnn::inner_product_problem& p, generator& r, dnn::executor_ref executor)
      : dst(p.dst_shape()),
        diff_dst(p.dst_shape()),
        executor_(executor),
        learned_(p.weights_shape(), r),
        forward_(p),
        backward_data_(p),
        backward_weights_(p),
        packed_(forward_.pack(learned_.weights)),
        packed_backward_(backward_data_.pack(learned_.weights)) {}

  void forward(const dnn::tensor<float, Src>& src) {
    if constexpr (Relu)
      forward_(src, packed_, dst, dnn::post::bias(learned_.bias) | dnn::post::relu(), executor_);
    else
      forward_(src, packed_, dst, dnn::post::bias(learned_.bias), executor_);
  }
  /// Computes the gradients of weights, bias and src from diff_dst.
  void backward(const dnn::tensor<float, Src>& src, dnn::tensor<float, Src>& diff_src) {
    if constexpr (Relu)
      dnn::activation_backward(dnn::function::relu{}, diff_dst, dst, dst, diff_dst, executor_);
    backward_weights_(src, diff_dst, learned_.diff_weights, learned_.diff_bias, executor_);
    backward_data_(diff_dst, packed_backward_, diff_src, executor_);
  }
  void step(float rate) {
    learned_.step(rate);
    forward_.repack(learned_.weights, packed_, executor_);
    backward_data_.repack(learned_.weights, packed_backward_, executor_);
  }

  dnn::tensor<float, "nc"> dst, diff_dst;

 private:
  dnn::executor_ref executor_;
  parameters<Weights> learned_;
  dnn::inner_product_plan<float, Src> forward_;
  dnn::inner_product_backward_data_plan<float, Src> backward_data_;
  dnn::inner_product_backward_weights_plan<float, Src> backward_weights_;
  dnn::packed<float> packed_, packed_backward_;
};

}  // namespace fashion
