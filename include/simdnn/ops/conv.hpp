// Convolution: forward, and backward to the data and to the weights.
//
//     conv_problem p{.in = 64, .out = 128, .size = {56, 56}, .kernel = {3, 3}, .pad = {1, 1}};
//     conv_forward(p, src, weights, dst, post::bias(b) | post::relu());    one shot
//     conv_plan<float, "nChw16c"> plan{p};                                 many calls
//     auto packed_weights = plan.pack(weights);
//     plan(src, packed_weights, dst, post::bias(b) | post::relu());
//     conv_backward_data(p, diff_dst, weights, diff_src);
//     conv_backward_weights(p, src, diff_dst, diff_weights, diff_bias);
//     fixed_conv<float, p, "nChw16c"> small(weights);       p constexpr: conv/fixed.hpp
//
//     operand    shape                          dimensions of layout           may be blocked
//     src        {batch, in, size...}           n, c, one to three of d, h, w  c
//     dst        {batch, out, output sizes...}  n, c, one to three of d, h, w  c
//     weights    {out, in / groups, kernel...}  o, i, one to three of d, h, w  o, i
//     diff_bias  {out}
#pragma once

#include <simdnn/ops/conv/fixed.hpp>
#include <simdnn/ops/conv/passes.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class T, layout Src, layout Dst = Src, class Isa = isa::native>
class conv_plan : public plan<conv::forward<T, Src, Dst, Isa>> {
 public:
  using plan<conv::forward<T, Src, Dst, Isa>>::plan;
};
template <class T, layout Src, layout Dst = Src, class Isa = isa::native>
class conv_backward_data_plan : public plan<conv::backward_data<T, Src, Dst, Isa>> {
 public:
  using plan<conv::backward_data<T, Src, Dst, Isa>>::plan;
};
template <class T, layout Src, layout Dst = Src, class Isa = isa::native>
class conv_backward_weights_plan : public plan<conv::backward_weights<T, Src, Dst, Isa>> {
 public:
  using plan<conv::backward_weights<T, Src, Dst, Isa>>::plan;
};

template <class Isa = isa::native, tensor_like Src, class Weights, tensor_like Dst, class... Extras>
void conv_forward(const conv_problem& p, const Src& src, const Weights& weights, Dst&& dst,
                  Extras&&... extras) {
  using pass = conv::forward<element_of<Src>, Src::format, std::remove_cvref_t<Dst>::format, Isa>;
  run_once<pass>(p, src, weights, dst, extras...);
}

template <class Isa = isa::native, tensor_like Dst, class Weights, tensor_like Src, class... Extras>
void conv_backward_data(const conv_problem& p, const Dst& diff_dst, const Weights& weights,
                        Src&& diff_src, Extras&&... extras) {
  using pass =
      conv::backward_data<element_of<Dst>, std::remove_cvref_t<Src>::format, Dst::format, Isa>;
  run_once<pass>(p, diff_dst, weights, diff_src, extras...);
}

/// Overwrites diff_weights and writes zeros to the padding of its blocks. Overwrites diff_bias with
/// the sum of diff_dst over images and pixels; diff_bias may be left out.
template <class Isa = isa::native, tensor_like Src, tensor_like Dst, tensor_like Weights,
          class... Rest>
void conv_backward_weights(const conv_problem& p, const Src& src, const Dst& diff_dst,
                           Weights&& diff_weights, Rest&&... rest) {
  using pass = conv::backward_weights<element_of<Src>, Src::format, Dst::format, Isa>;
  run_once<pass>(p, src, diff_dst, diff_weights, rest...);
}

using conv_passes = pass_list<conv::forward<float, "nChw16c", "nChw16c", isa::native>,
                              conv::backward_data<float, "nChw16c", "nChw16c", isa::native>,
                              conv::backward_weights<float, "nChw16c", "nChw16c", isa::native>>;

}  // namespace simdnn::inline SIMDNN_ABI
