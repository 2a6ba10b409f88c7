// Compiled by warnings_test.py, because warnings in templates appear only if the templates are
// used. It calls each pass of SIMDNN_PASS_LISTS, the lists of operations.txt, and some one-shot
// functions.
#include <simdnn/plan/tuning_cache.hpp>
#include <simdnn/simdnn.hpp>
#include <simdnn/tensor/npy.hpp>
#include <simdnn/trace/chrome_trace.hpp>

namespace dnn = simdnn;

template <class T>
void call_all() {
  dnn::tensor<T, "x"> x({1});
  dnn::tensor<T, "ab"> ab({1, 1});
  dnn::tensor<T, "ba"> ba({1, 1});
  dnn::tensor<T, "abc"> abc({1, 1, 1});
  dnn::gemm_forward({}, ab, ba, ab, dnn::post::bias(x) | dnn::post::relu());
  dnn::gemm_backward_data({}, ab, ba, ba);
  dnn::gemm_backward_weights({}, ab, ba, ab);
  dnn::gemm_batch_forward({}, abc, abc, abc);
  dnn::fixed_gemm<T, dnn::gemm_problem{.m = 3, .n = 3, .k = 3}>(ab.data(), ab.data(), ab.data());

  dnn::tensor<T, "nc"> nc({1, 1});
  dnn::tensor<T, "oi"> oi({1, 1});
  dnn::inner_product_forward({}, nc, oi, nc);
  dnn::inner_product_backward_data({}, nc, oi, nc);
  dnn::inner_product_backward_weights({}, nc, nc, oi, x);
  const std::int32_t label[] = {0};
  dnn::softmax_cross_entropy_forward(nc, label, nc);
  dnn::softmax_cross_entropy_backward(nc, label, nc);

  dnn::tensor<T, "nchw"> image({1, 1, 3, 3}), small({1, 1, 2, 2});
  dnn::tensor<T, "nChw16c"> blocked({1, 1, 3, 3}), two({1, 2, 3, 3}), small_blocked({1, 1, 2, 2});
  dnn::tensor<T, "oihw"> kernel({1, 1, 2, 2});
  const dnn::conv_problem conv{.size = {3, 3}, .kernel = {2, 2}};
  dnn::conv_forward(conv, image, kernel, small, dnn::post::sum(small) | dnn::post::tanh());
  dnn::conv_forward(conv, blocked, kernel, small_blocked);
  dnn::conv_backward_data(conv, small_blocked, kernel, blocked);
  dnn::conv_backward_weights(conv, blocked, small_blocked, kernel, x);
  dnn::conv_pool_forward({.size = {4, 4}, .kernel = {1, 1}}, image, kernel, image);
  constexpr dnn::conv_problem fixed{.in = 2, .out = 16, .size = {4, 4}, .kernel = {3, 3}};
  dnn::tensor<T, "nhwc"> src(fixed.src_shape()), dst(fixed.dst_shape());
  dnn::fixed_conv<T, fixed, "nhwc">(dnn::tensor<T, "oihw">(fixed.weights_shape()))(src, dst);

  const dnn::pooling_problem pool{.size = {3, 3}, .kernel = {2, 2}};
  dnn::pooling_forward(pool, image, small);
  dnn::pooling_forward(pool, image, small, small);
  dnn::pooling_backward(pool, small, small, image);
  dnn::pooling_forward(pool, blocked, small_blocked);
  dnn::pooling_forward(pool, blocked, small_blocked, small_blocked);
  dnn::pooling_backward(pool, small_blocked, small_blocked, blocked);
  dnn::activation_forward(dnn::function::sigmoid{}, blocked, blocked);
  dnn::activation_backward(dnn::function::elu{}, blocked, blocked, blocked, blocked);
  dnn::softmax_forward(image, image);
  dnn::softmax_backward(image, image, image);
  dnn::softmax_forward(blocked, blocked);
  dnn::softmax_backward(blocked, blocked, blocked);
  const dnn::lrn_problem lrn{.size = {3, 3}};
  auto scaled = image;
  auto scaled_blocked = blocked;
  dnn::lrn_forward(lrn, image, scaled);
  dnn::lrn_backward(lrn, image, image, scaled);
  dnn::lrn_forward(lrn, blocked, scaled_blocked);
  dnn::lrn_backward(lrn, blocked, blocked, scaled_blocked);
  dnn::concat_forward({blocked, blocked}, two);
  dnn::concat_backward(two, {blocked, blocked});
  dnn::reorder<"nChw16c">(image);
  dnn::save_npy("image.npy", image);
  dnn::load_npy<T, "nchw">("image.npy");
}

// A pass with a list of operands has no trial.
template <class... Operands>
constexpr bool has_list(dnn::operand_list<Operands...>) {
  return (Operands::list || ...);
}
template <class Pass>
void call_pass() {
  if constexpr (!has_list(typename Pass::operands())) {
    const typename Pass::problem_type problem;
    dnn::trials_of<dnn::plan<Pass>> trials(problem, "");
    (*trials.run_of({}))();
  }
}
template <class... Lists>
void call_lists(Lists... lists) {
  const auto call = []<class... Passes>(dnn::pass_list<Passes...>) { (call_pass<Passes>(), ...); };
  (call(lists), ...);
}

int main() {
  call_lists(SIMDNN_PASS_LISTS);
  call_all<float>();
  call_all<double>();
  dnn::chrome_trace().save("trace.json");
  dnn::tuning_cache("tuning.txt").save("tuning.txt");
  dnn::conv_problem::parse("ic1").str();
  dnn::pooling_problem::parse("ic1").str();
  dnn::lrn_problem::parse("ic1").str();
  dnn::inner_product_problem::parse("ic1").str();
  dnn::gemm_problem::parse("1x1:1x1").str();
}
