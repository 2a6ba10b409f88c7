// inner_product: dst {n, o} = post_ops(src {n, inputs} * weights' {inputs, o}), a fully connected
// layer.
//
//     inner_product_problem p{.batch = 8, .in = 256, .out = 4096, .size = {6, 6}};
//     inner_product_forward(p, src, weights, dst, post::bias(b) | post::relu());    one shot
//     inner_product_plan<float, "nChw16c"> plan{p};                                 many calls
//     auto w = plan.pack(weights);
//     plan(src, w, dst, post::bias(b));
//     inner_product_backward_data(p, diff_dst, weights, diff_src);
//     inner_product_backward_weights(p, src, diff_dst, diff_weights, diff_bias);
//
//     src, diff_src     read and written in place, in layouts such as "nc", "nchw", "nhwc",
//                       "nChw16c", "ncdhw"; images are contiguous
//     weights           any layout of o, i and src's d, h, w
//     diff_weights      any such layout that is plain
//     dst, diff_dst     "nc" with contiguous outputs
//     diff_bias         {out}
#pragma once

#include <simdnn/ops/inner_product/passes.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class T, layout Src = "nc", class Isa = isa::native>
class inner_product_plan : public plan<inner_product::forward<T, Src, Isa>> {
 public:
  using plan<inner_product::forward<T, Src, Isa>>::plan;
};
template <class T, layout Src = "nc", class Isa = isa::native>
class inner_product_backward_data_plan : public plan<inner_product::backward_data<T, Src, Isa>> {
 public:
  using plan<inner_product::backward_data<T, Src, Isa>>::plan;
};
template <class T, layout Src = "nc", class Isa = isa::native>
class inner_product_backward_weights_plan
    : public plan<inner_product::backward_weights<T, Src, Isa>> {
 public:
  using plan<inner_product::backward_weights<T, Src, Isa>>::plan;
};

template <class Isa = isa::native, tensor_like Src, class Weights, tensor_like Dst, class... Extras>
void inner_product_forward(const inner_product_problem& p, const Src& src, const Weights& weights,
                           Dst&& dst, Extras&&... extras) {
  run_once<inner_product::forward<element_of<Src>, Src::format, Isa>>(p, src, weights, dst,
                                                                      extras...);
}

template <class Isa = isa::native, tensor_like Dst, class Weights, tensor_like Src, class... Extras>
void inner_product_backward_data(const inner_product_problem& p, const Dst& diff_dst,
                                 const Weights& weights, Src&& diff_src, Extras&&... extras) {
  using pass = inner_product::backward_data<element_of<Dst>, std::remove_cvref_t<Src>::format, Isa>;
  run_once<pass>(p, diff_dst, weights, diff_src, extras...);
}

/// Overwrites diff_weights and diff_bias; diff_bias may be left out. An empty batch makes zeros.
template <class Isa = isa::native, tensor_like Src, tensor_like Dst, tensor_like Weights,
          class... Rest>
void inner_product_backward_weights(const inner_product_problem& p, const Src& src,
                                    const Dst& diff_dst, Weights&& diff_weights, Rest&&... rest) {
  using pass = inner_product::backward_weights<element_of<Src>, Src::format, Isa>;
  run_once<pass>(p, src, diff_dst, diff_weights, rest...);
}

using inner_product_passes = pass_list<inner_product::forward<float, "nc", isa::native>,
                                       inner_product::backward_data<float, "nc", isa::native>,
                                       inner_product::backward_weights<float, "nc", isa::native>>;

}  // namespace simdnn::inline SIMDNN_ABI
