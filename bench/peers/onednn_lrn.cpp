// oneDNN's lrn across channels, forward and backward.
#include <bench/op_name.hpp>
#include <bench/peers/onednn.hpp>
#include <simdnn/ops/lrn/problem.hpp>

namespace simdnn::bench {
namespace {

using namespace onednn;
using desc = dnnl::memory::desc;
using operand = primitive_runner::operand;
using dnnl::prop_kind;

constexpr auto across = dnnl::algorithm::lrn_across_channels;

#if DNNL_VERSION_MAJOR >= 3
auto forward_desc(const dnnl::engine& e, prop_kind kind, const desc& d, const lrn_problem& p) {
  return dnnl::lrn_forward::primitive_desc(e, kind, across, d, d, p.local_size,
                                           static_cast<float>(p.alpha), static_cast<float>(p.beta),
                                           static_cast<float>(p.k), attributes(false));
}
auto backward_desc(const dnnl::engine& e, const dnnl::lrn_forward::primitive_desc& hint,
                   const desc& d, const lrn_problem& p) {
  return dnnl::lrn_backward::primitive_desc(e, across, d, d, d, p.local_size,
                                            static_cast<float>(p.alpha), static_cast<float>(p.beta),
                                            static_cast<float>(p.k), hint, attributes(false));
}
#else
auto forward_desc(const dnnl::engine& e, prop_kind kind, const desc& d, const lrn_problem& p) {
  return dnnl::lrn_forward::primitive_desc(
      dnnl::lrn_forward::desc(kind, across, d, p.local_size, static_cast<float>(p.alpha),
                              static_cast<float>(p.beta), static_cast<float>(p.k)),
      attributes(false), e);
}
auto backward_desc(const dnnl::engine& e, const dnnl::lrn_forward::primitive_desc& hint,
                   const desc& d, const lrn_problem& p) {
  return dnnl::lrn_backward::primitive_desc(
      dnnl::lrn_backward::desc(across, d, d, p.local_size, static_cast<float>(p.alpha),
                               static_cast<float>(p.beta), static_cast<float>(p.k)),
      attributes(false), e, hint);
}
#endif

std::unique_ptr<runner> make(const pass_task& t, tag layout, const dnnl::engine& e) {
  const auto& p = *static_cast<const lrn_problem*>(t.problem);
  const pass_task::operand& src = t.find("src");
  const desc d = describe(src.size, layout);
  dnnl::stream s(e);
  const bool forward = t.pass == "lrn_forward";
  const auto ahead =
      forward_desc(e, forward ? prop_kind::forward_inference : prop_kind::forward_training, d, p);
  const dnnl::memory x = load(src.data.data(), src.size, d, e, s), y(d, e);
  const auto scratchpad = [&](const auto& pd) {
    return operand{DNNL_ARG_SCRATCHPAD, dnnl::memory(pd.scratchpad_desc(), e)};
  };
  std::vector<operand> operands{{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}, scratchpad(ahead)};
  if (forward)
    return std::make_unique<primitive_runner>(e, s, dnnl::lrn_forward(ahead), std::move(operands),
                                              DNNL_ARG_DST, src.size, ahead.impl_info_str());
  // The gradient reads the workspace, which the forward pass of training writes.
  const dnnl::memory workspace(ahead.workspace_desc(), e);
  operands.push_back({DNNL_ARG_WORKSPACE, workspace});
  primitive_runner(e, s, dnnl::lrn_forward(ahead), std::move(operands), DNNL_ARG_DST, src.size, "")
      .run();
  const auto pd = backward_desc(e, ahead, d, p);
  const pass_task::operand& diff_dst = t.find("diff_dst");
  return std::make_unique<primitive_runner>(
      e, s, dnnl::lrn_backward(pd),
      std::vector<operand>{{DNNL_ARG_SRC, x},
                           {DNNL_ARG_DIFF_DST, load(diff_dst.data.data(), src.size, d, e, s)},
                           {DNNL_ARG_DIFF_SRC, dnnl::memory(d, e)},
                           {DNNL_ARG_WORKSPACE, workspace},
                           scratchpad(pd)},
      DNNL_ARG_DIFF_SRC, src.size, pd.impl_info_str());
}

}  // namespace

std::unique_ptr<runner> make_onednn_pass(const pass_task& t, const conditions& c) {
  if (op_name(t.pass) != "lrn") refuse("--peer", "one that has the pass", std::string(t.pass));
  const dnnl::engine& e = engine(c);
  const dims& size = t.find("src").size;
  const auto with = [&](tag layout) {
    return [&, layout]() -> std::unique_ptr<runner> {
      try {
        return make(t, layout, e);
      } catch (const dnnl::error& refused) {  // it does not take this layout
        if (refused.status != dnnl_unimplemented) throw;
        return nullptr;
      }
    };
  };
  std::vector<std::function<std::unique_ptr<runner>()>> candidates{with(plain(size))};
  if (size.size() > 2)
    for (const tag layout : {blocked16(size), blocked8(size), channels_last(size)})
      candidates.push_back(with(layout));
  return fastest(candidates);
}

}  // namespace simdnn::bench
