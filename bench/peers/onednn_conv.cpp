// oneDNN's convolution, forward and backward.
#include <bench/peers/onednn.hpp>

namespace simdnn::bench {
namespace {

using namespace onednn;
using desc = dnnl::memory::desc;
using dnnl::prop_kind;

constexpr auto algorithm = dnnl::algorithm::convolution_direct;

// The layouts of src and dst, or of their gradients.
struct layouts {
  tag src, dst;
};

std::vector<layouts> candidates(const conv_task& t, isa::id isa) {
  std::vector<layouts> found{{tag::any, tag::any},
                             {blocked16(t.src), blocked16(t.dst)},
                             {channels_last(t.src), channels_last(t.dst)}};
  // The kernels for narrower vectors are written for blocks of 8.
  if (isa < isa::id::avx512) found.push_back({blocked8(t.src), blocked8(t.dst)});
  // The few channels of a first layer are read from the plain image.
  if (t.src[1] < 16 && t.groups == 1)
    found.push_back({plain(t.src), isa < isa::id::avx512 ? blocked8(t.dst) : blocked16(t.dst)});
  return found;
}

// The shape of the weights with the groups as a dimension of their own, as oneDNN requires.
dims grouped_weights(const conv_task& t) {
  dims w = t.weights;
  if (t.groups > 1) {
    w[0] /= t.groups;
    w.insert(w.begin(), t.groups);
  }
  return w;
}

// The descriptors of a task's operands; bias is a zero descriptor if there is none.
struct descriptors {
  descriptors(const conv_task& t, layouts l)
      : src(describe(t.src, l.src)),
        dst(describe(t.dst, l.dst)),
        weights(describe(grouped_weights(t), tag::any)),
        bias(t.with_bias && is_forward(t.dir) ? describe({t.dst[1]}, tag::a) : desc()) {}
  desc src, dst, weights, bias;
};

// A null handle then means that there is no such implementation.
constexpr bool allow_empty = true;

#if DNNL_VERSION_MAJOR >= 3
auto forward_pd(const conv_task& t, const descriptors& d, prop_kind kind, const dnnl::engine& e) {
  return dnnl::convolution_forward::primitive_desc(
      e, kind, algorithm, d.src, d.weights, d.bias, d.dst, t.stride, t.dilation, t.pad, t.pad_end,
      attributes(t.with_relu && is_forward(t.dir)), allow_empty);
}
auto backward_data_pd(const conv_task& t, const descriptors& d, const dnnl::engine& e,
                      const dnnl::convolution_forward::primitive_desc& hint) {
  return dnnl::convolution_backward_data::primitive_desc(e, algorithm, d.src, d.weights, d.dst,
                                                         t.stride, t.dilation, t.pad, t.pad_end,
                                                         hint, attributes(false), allow_empty);
}
auto backward_weights_pd(const conv_task& t, const descriptors& d, const dnnl::engine& e,
                         const dnnl::convolution_forward::primitive_desc& hint) {
  return dnnl::convolution_backward_weights::primitive_desc(e, algorithm, d.src, d.weights, d.dst,
                                                            t.stride, t.dilation, t.pad, t.pad_end,
                                                            hint, attributes(false), allow_empty);
}
#else
auto forward_pd(const conv_task& t, const descriptors& d, prop_kind kind, const dnnl::engine& e) {
  const dnnl::convolution_forward::desc op(kind, algorithm, d.src, d.weights, d.bias, d.dst,
                                           t.stride, t.dilation, t.pad, t.pad_end);
  return dnnl::convolution_forward::primitive_desc(op, attributes(t.with_relu && is_forward(t.dir)),
                                                   e, allow_empty);
}
auto backward_data_pd(const conv_task& t, const descriptors& d, const dnnl::engine& e,
                      const dnnl::convolution_forward::primitive_desc& hint) {
  const dnnl::convolution_backward_data::desc op(algorithm, d.src, d.weights, d.dst, t.stride,
                                                 t.dilation, t.pad, t.pad_end);
  return dnnl::convolution_backward_data::primitive_desc(op, attributes(false), e, hint,
                                                         allow_empty);
}
auto backward_weights_pd(const conv_task& t, const descriptors& d, const dnnl::engine& e,
                         const dnnl::convolution_forward::primitive_desc& hint) {
  const dnnl::convolution_backward_weights::desc op(algorithm, d.src, d.weights, d.dst, t.stride,
                                                    t.dilation, t.pad, t.pad_end);
  return dnnl::convolution_backward_weights::primitive_desc(op, attributes(false), e, hint,
                                                            allow_empty);
}
#endif

std::unique_ptr<runner> make_with(const conv_task& t, layouts l, const dnnl::engine& e) {
  using operand = primitive_runner::operand;
  const descriptors d(t, l);
  const dims w = grouped_weights(t);
  dnnl::stream s(e);
  const auto finish = [&](const auto& pd, const dnnl::primitive& p, std::vector<operand> operands,
                          int result) {
    operands.push_back({DNNL_ARG_SCRATCHPAD, dnnl::memory(pd.scratchpad_desc(), e)});
    return std::make_unique<primitive_runner>(e, s, p, std::move(operands), result,
                                              result == DNNL_ARG_DIFF_WEIGHTS ? w : t.result(),
                                              pd.impl_info_str());
  };

  if (is_forward(t.dir)) {
    const auto kind =
        t.dir == direction::fwd_i ? prop_kind::forward_inference : prop_kind::forward_training;
    const auto pd = forward_pd(t, d, kind, e);
    if (pd.get(true) == nullptr) return nullptr;
    std::vector<operand> o{{DNNL_ARG_SRC, load(t.src_data, t.src, pd.src_desc(), e, s)},
                           {DNNL_ARG_WEIGHTS, load(t.weights_data, w, pd.weights_desc(), e, s)},
                           {DNNL_ARG_DST, dnnl::memory(pd.dst_desc(), e)}};
    if (t.with_bias)
      o.push_back({DNNL_ARG_BIAS, load(t.bias_data, {t.dst[1]}, pd.bias_desc(), e, s)});
    return finish(pd, dnnl::convolution_forward(pd), std::move(o), DNNL_ARG_DST);
  }

  const auto hint =
      forward_pd(t, descriptors(t, {tag::any, tag::any}), prop_kind::forward_training, e);
  if (hint.get(true) == nullptr) return nullptr;
  if (t.dir == direction::bwd_d) {
    const auto pd = backward_data_pd(t, d, e, hint);
    if (pd.get(true) == nullptr) return nullptr;
    return finish(pd, dnnl::convolution_backward_data(pd),
                  {{DNNL_ARG_DIFF_DST, load(t.diff_dst_data, t.dst, pd.diff_dst_desc(), e, s)},
                   {DNNL_ARG_WEIGHTS, load(t.weights_data, w, pd.weights_desc(), e, s)},
                   {DNNL_ARG_DIFF_SRC, dnnl::memory(pd.diff_src_desc(), e)}},
                  DNNL_ARG_DIFF_SRC);
  }
  const auto pd = backward_weights_pd(t, d, e, hint);
  if (pd.get(true) == nullptr) return nullptr;
  return finish(pd, dnnl::convolution_backward_weights(pd),
                {{DNNL_ARG_DIFF_DST, load(t.diff_dst_data, t.dst, pd.diff_dst_desc(), e, s)},
                 {DNNL_ARG_SRC, load(t.src_data, t.src, pd.src_desc(), e, s)},
                 {DNNL_ARG_DIFF_WEIGHTS, dnnl::memory(pd.diff_weights_desc(), e)}},
                DNNL_ARG_DIFF_WEIGHTS);
}

}  // namespace

std::unique_ptr<runner> make_onednn_conv(const conv_task& t, const conditions& c) {
  const dnnl::engine& e = engine(c);
  std::vector<std::function<std::unique_ptr<runner>()>> makers;
  for (const layouts l : candidates(t, c.isa))
    makers.push_back([&t, &e, l] { return make_with(t, l, e); });
  std::unique_ptr<runner> best = fastest(makers);
  if (best == nullptr)
    throw std::runtime_error("onednn: it has no implementation of this convolution");
  return best;
}

}  // namespace simdnn::bench
