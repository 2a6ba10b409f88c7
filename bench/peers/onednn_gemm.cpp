// oneDNN's matrix products: dnnl_sgemm and matmul, and inner_product in all directions.
#include <algorithm>
#include <bench/peers/onednn.hpp>

namespace simdnn::bench {
namespace {

using namespace onednn;
using desc = dnnl::memory::desc;
using operand = primitive_runner::operand;
using dnnl::prop_kind;

class sgemm final : public runner {
 public:
  explicit sgemm(const gemm_task& t) : t_(t), c_(t.m * t.n) {}
  void run() override {
    if (dnnl_sgemm('N', 'N', t_.m, t_.n, t_.k, 1, t_.a, t_.k, t_.b, t_.n, 0, c_.data(), t_.n) !=
        dnnl_success)
      throw std::runtime_error("onednn: sgemm failed");
  }
  void fetch(float* result) override { std::copy(c_.begin(), c_.end(), result); }
  std::string implementation() const override { return "sgemm"; }

 private:
  gemm_task t_;
  floats c_;
};

std::unique_ptr<runner> make_matmul(const gemm_task& t, const dnnl::engine& e) {
  const dims sizes_a{t.m, t.k}, sizes_b{t.k, t.n}, sizes_c{t.m, t.n};
  const desc a = describe(sizes_a, tag::ab), b = describe(sizes_b, tag::any),
             c = describe(sizes_c, tag::ab);
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc pd(e, a, b, c, attributes(false));
#else
  const dnnl::matmul::primitive_desc pd(dnnl::matmul::desc(a, b, c), attributes(false), e);
#endif
  dnnl::stream s(e);
  return std::make_unique<primitive_runner>(
      e, s, dnnl::matmul(pd),
      std::vector<operand>{{DNNL_ARG_SRC, load(t.a, sizes_a, pd.src_desc(), e, s)},
                           {DNNL_ARG_WEIGHTS, load(t.b, sizes_b, pd.weights_desc(), e, s)},
                           {DNNL_ARG_DST, dnnl::memory(pd.dst_desc(), e)},
                           {DNNL_ARG_SCRATCHPAD, dnnl::memory(pd.scratchpad_desc(), e)}},
      DNNL_ARG_DST, sizes_c, pd.impl_info_str());
}

#if DNNL_VERSION_MAJOR >= 3
template <class Primitive, class... Args>
auto primitive_desc(const dnnl::engine& e, const dnnl::primitive_attr& attr, const Args&... args) {
  return typename Primitive::primitive_desc(e, args..., attr);
}
template <class Primitive, class Hint, class... Args>
auto backward_desc(const dnnl::engine& e, const Hint& hint, const Args&... args) {
  return typename Primitive::primitive_desc(e, args..., hint, attributes(false));
}
#else
template <class Primitive, class... Args>
auto primitive_desc(const dnnl::engine& e, const dnnl::primitive_attr& attr, const Args&... args) {
  return typename Primitive::primitive_desc(typename Primitive::desc(args...), attr, e);
}
template <class Primitive, class Hint, class... Args>
auto backward_desc(const dnnl::engine& e, const Hint& hint, const Args&... args) {
  return typename Primitive::primitive_desc(typename Primitive::desc(args...), attributes(false), e,
                                            hint);
}
#endif

std::unique_ptr<runner> make_inner_product(const inner_product_task& t, tag io,
                                           const dnnl::engine& e) {
  const dims sizes_src{t.batch, t.in}, sizes_weights{t.out, t.in}, sizes_dst{t.batch, t.out};
  const desc src = describe(sizes_src, io), weights = describe(sizes_weights, tag::any),
             dst = describe(sizes_dst, io),
             bias = t.with_bias && is_forward(t.dir) ? describe({t.out}, tag::a) : desc();
  dnnl::stream s(e);
  const auto finish = [&](const auto& pd, const dnnl::primitive& p, std::vector<operand> o,
                          int result, const dims& sizes) {
    o.push_back({DNNL_ARG_SCRATCHPAD, dnnl::memory(pd.scratchpad_desc(), e)});
    return std::make_unique<primitive_runner>(e, s, p, std::move(o), result, sizes,
                                              pd.impl_info_str());
  };

  const auto kind =
      t.dir == direction::fwd_i ? prop_kind::forward_inference : prop_kind::forward_training;
  const auto forward = primitive_desc<dnnl::inner_product_forward>(
      e, attributes(t.with_relu && is_forward(t.dir)), kind, src, weights, bias, dst);
  if (is_forward(t.dir)) {
    std::vector<operand> o{
        {DNNL_ARG_SRC, load(t.src_data, sizes_src, forward.src_desc(), e, s)},
        {DNNL_ARG_WEIGHTS, load(t.weights_data, sizes_weights, forward.weights_desc(), e, s)},
        {DNNL_ARG_DST, dnnl::memory(forward.dst_desc(), e)}};
    if (t.with_bias)
      o.push_back({DNNL_ARG_BIAS, load(t.bias_data, {t.out}, forward.bias_desc(), e, s)});
    return finish(forward, dnnl::inner_product_forward(forward), std::move(o), DNNL_ARG_DST,
                  sizes_dst);
  }
  if (t.dir == direction::bwd_d) {
    const auto pd = backward_desc<dnnl::inner_product_backward_data>(e, forward, src, weights, dst);
    return finish(pd, dnnl::inner_product_backward_data(pd),
                  {{DNNL_ARG_DIFF_DST, load(t.diff_dst_data, sizes_dst, pd.diff_dst_desc(), e, s)},
                   {DNNL_ARG_WEIGHTS, load(t.weights_data, sizes_weights, pd.weights_desc(), e, s)},
                   {DNNL_ARG_DIFF_SRC, dnnl::memory(pd.diff_src_desc(), e)}},
                  DNNL_ARG_DIFF_SRC, sizes_src);
  }
  const auto pd =
      backward_desc<dnnl::inner_product_backward_weights>(e, forward, src, weights, dst);
  return finish(pd, dnnl::inner_product_backward_weights(pd),
                {{DNNL_ARG_DIFF_DST, load(t.diff_dst_data, sizes_dst, pd.diff_dst_desc(), e, s)},
                 {DNNL_ARG_SRC, load(t.src_data, sizes_src, pd.src_desc(), e, s)},
                 {DNNL_ARG_DIFF_WEIGHTS, dnnl::memory(pd.diff_weights_desc(), e)}},
                DNNL_ARG_DIFF_WEIGHTS, sizes_weights);
}

}  // namespace

std::unique_ptr<runner> make_onednn_gemm(const gemm_task& t, const conditions& c) {
  const dnnl::engine& e = engine(c);
  return fastest({[&] { return std::make_unique<sgemm>(t); }, [&] { return make_matmul(t, e); }});
}

std::unique_ptr<runner> make_onednn_inner_product(const inner_product_task& t,
                                                  const conditions& c) {
  const dnnl::engine& e = engine(c);
  return fastest({[&] { return make_inner_product(t, tag::any, e); },
                  [&] { return make_inner_product(t, tag::ab, e); }});
}

}  // namespace simdnn::bench
