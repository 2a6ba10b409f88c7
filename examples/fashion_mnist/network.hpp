// The network: 28 x 28 grey image
//     -> convolution 3x3, 32 channels, relu -> max pooling -> 14 x 14
//     -> convolution 3x3, 64 channels, relu -> max pooling ->  7 x 7
//     -> fully connected, 128, relu -> fully connected, 10 -> softmax
// The input images are nchw, the images inside the network nChw16c.
#pragma once

#include <simdnn/ops/softmax.hpp>

#include "idx.hpp"
#include "layers.hpp"

namespace fashion {

class network {
 public:
  network(dnn::index_t batch, generator& r, dnn::executor_ref executor)
      : images({batch, 1, side, side}),
        labels(batch),
        probabilities({batch, classes}),
        executor_(executor),
        conv1_(
            {.batch = batch, .in = 1, .out = 32, .size = {28, 28}, .kernel = {3, 3}, .pad = {1, 1}},
            r, executor),
        pool1_(
            {.batch = batch, .channels = 32, .size = {28, 28}, .kernel = {2, 2}, .stride = {2, 2}},
            executor),
        conv2_({.batch = batch,
                .in = 32,
                .out = 64,
                .size = {14, 14},
                .kernel = {3, 3},
                .pad = {1, 1}},
               r, executor),
        pool2_(
            {.batch = batch, .channels = 64, .size = {14, 14}, .kernel = {2, 2}, .stride = {2, 2}},
            executor),
        hidden_({.batch = batch, .in = 64, .out = 128, .size = {7, 7}}, r, executor),
        logits_({.batch = batch, .in = 128, .out = classes}, r, executor) {}

  dnn::index_t batch() const { return images.size('n'); }

  /// Computes `probabilities` from `images`. Returns the mean loss for `labels`.
  double forward() {
    conv1_.forward(images);
    pool1_.forward(conv1_.dst);
    conv2_.forward(pool1_.dst);
    pool2_.forward(conv2_.dst);
    hidden_.forward(pool2_.dst);
    logits_.forward(hidden_.dst);
    return dnn::softmax_cross_entropy_forward(logits_.dst, labels, probabilities, executor_);
  }
  /// One step of training; returns the loss before it.
  double train(float rate) {
    const double loss = forward();
    dnn::softmax_cross_entropy_backward(probabilities, labels, logits_.diff_dst, executor_);
    logits_.backward(hidden_.dst, hidden_.diff_dst);
    hidden_.backward(pool2_.dst, pool2_.diff_dst);
    pool2_.backward(conv2_.diff_dst);
    conv2_.backward(pool1_.dst);
    conv2_.backward_data(pool1_.diff_dst);
    pool1_.backward(conv1_.diff_dst);
    conv1_.backward(images);

    conv1_.step(rate);
    conv2_.step(rate);
    hidden_.step(rate);
    logits_.step(rate);
    return loss;
  }
  /// The most probable class of image n of the batch, after forward().
  int guess(dnn::index_t n) const {
    int best = 0;
    for (int c = 1; c < classes; ++c)
      if (probabilities(n, c) > probabilities(n, best)) best = c;
    return best;
  }

  dnn::tensor<float, "nchw"> images;  ///< values from 0 to 1
  std::vector<std::int32_t> labels;
  dnn::tensor<float, "nc"> probabilities;

 private:
  dnn::executor_ref executor_;
  convolution<"nchw"> conv1_;
  max_pooling pool1_;
  convolution<"nChw16c"> conv2_;
  max_pooling pool2_;
  fully_connected<"nChw16c", "oihw", true> hidden_;
  fully_connected<"nc", "oi", false> logits_;
};

/// Copies images order[from], order[from + 1], ... to the network's batch; after the end of `order`
/// its last image is repeated. Returns the number of images that are not repetitions.
inline int fill_batch(network& net, const dataset& data, std::span<const int> order,
                      std::size_t from) {
  for (dnn::index_t n = 0; n < net.batch(); ++n) {
    const int i = order[std::min(from + static_cast<std::size_t>(n), order.size() - 1)];
    const auto grey = data.image(i);
    std::transform(grey.begin(), grey.end(), &net.images(n, 0, 0, 0),
                   [](std::uint8_t g) { return static_cast<float>(g) / 255; });
    net.labels[n] = data.labels[i];
  }
  return static_cast<int>(std::min<std::size_t>(net.batch(), order.size() - from));
}

}  // namespace fashion
