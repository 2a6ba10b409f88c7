// simdnn's convolutions for problems known at compile time, in the layouts of conv_runner.cpp.
#include <algorithm>
#include <bench/runners.hpp>
#include <simdnn/ops/conv/fixed.hpp>
#include <simdnn/ops/reorder.hpp>
#include <tuple>

namespace simdnn::bench {
namespace {

constexpr layout blocked = "nChw16c";

template <conv_problem P>
class fixed_forward final : public runner {
 public:
  explicit fixed_forward(const conv_task& t)
      : conv_(view<const float, "oihw">(t.weights_data, P.weights_shape())),
        src_(reorder<blocked>(view<const float, "nchw">(t.src_data, P.src_shape()))),
        dst_(P.dst_shape()),
        with_bias_(t.with_bias),
        with_relu_(t.with_relu) {
    std::fill_n(dst_.data(), dst_.elements(), unwritten);
    if (with_bias_) bias_ = view<const float, "x">(t.bias_data, shape{P.out});
  }
  void run() override {
    if (with_bias_ && with_relu_)
      conv_(src_, dst_, post::bias(bias_) | post::relu());
    else if (with_bias_)
      conv_(src_, dst_, post::bias(bias_));
    else if (with_relu_)
      conv_(src_, dst_, post::relu());
    else
      conv_(src_, dst_);
  }
  void fetch(float* result) override { reorder(dst_, view<float, "nchw">(result, dst_.shape())); }
  std::string implementation() const override { return "fixed"; }

 private:
  fixed_conv<float, P, blocked> conv_;
  tensor<float, blocked> src_, dst_;
  view<const float, "x"> bias_;
  bool with_bias_, with_relu_;
};

// Calls f.operator()<P>() for each problem.
template <class F>
void for_each_problem(F f) {
  f.template
  operator()<conv_problem{.in = 16, .out = 16, .size = {8, 8}, .kernel = {3, 3}, .pad = {1, 1}}>();
  f.template
  operator()<conv_problem{.in = 32, .out = 32, .size = {8, 8}, .kernel = {3, 3}, .pad = {1, 1}}>();
  f.template
  operator()<conv_problem{.in = 32, .out = 64, .size = {4, 4}, .kernel = {3, 3}, .pad = {1, 1}}>();
}

}  // namespace

std::vector<std::string> fixed_convs() {
  std::vector<std::string> found;
  for_each_problem([&]<conv_problem P>() { found.push_back(P.str()); });
  return found;
}

std::unique_ptr<runner> make_fixed_conv(const conv_problem& p, const conv_task& t) {
  std::unique_ptr<runner> found;
  for_each_problem([&]<conv_problem P>() {
    if (p == P.checked()) found = std::make_unique<fixed_forward<P>>(t);
  });
  return found;
}

}  // namespace simdnn::bench
