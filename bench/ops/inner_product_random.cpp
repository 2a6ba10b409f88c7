// simdnn's inner products on operands in the layouts of random_inner_product.cpp.
#include <bench/ops/random_post_ops.hpp>
#include <bench/runners.hpp>
#include <simdnn/ops/inner_product.hpp>
#include <tests/support/guarded_memory.hpp>

namespace simdnn::bench {
namespace {

template <layout L>
view<float, L> view_of(const placed& p) {
  return {p.data, p.size, p.strides};
}

class workspace_of {
 public:
  template <class Plan>
  workspace_of(const random_inner_product& c, const Plan& plan, int threads)
      : memory_(c.given_workspace ? plan.workspace_bytes(threads) : 0) {}
  std::span<std::byte> bytes() {
    return {memory_.data(), static_cast<std::size_t>(memory_.elements())};
  }

 private:
  test::guarded_memory<std::byte> memory_;
};

template <layout Src, layout W>
std::string run(const random_inner_product& c, const std::string& algorithm,
                executor_ref executor) {
  const policy wanted{.algorithm = algorithm};
  const view<float, Src> src = view_of<Src>(c.src);
  const view<float, "nc"> dst = view_of<"nc">(c.dst);
  const view<float, W> weights = view_of<W>(c.weights);
  const int threads = executor.concurrency();
  if (c.dir == direction::bwd_d) {
    const inner_product_backward_data_plan<float, Src, isa::native> plan(c.problem, wanted);
    workspace_of workspace(c, plan, threads);
    plan(dst, plan.pack(weights, default_memory(), executor), src, executor, workspace.bytes());
    return plan.algorithm_name();
  }
  if (c.dir == direction::bwd_w) {
    const inner_product_backward_weights_plan<float, Src, isa::native> plan(c.problem, wanted);
    workspace_of workspace(c, plan, threads);
    if (c.diff_bias != nullptr)
      plan(src, dst, weights, view<float, "x">(c.diff_bias, {c.problem.out}), executor,
           workspace.bytes());
    else
      plan(src, dst, weights, executor, workspace.bytes());
    return plan.algorithm_name();
  }
  const inner_product_plan<float, Src, isa::native> plan(c.problem, wanted);
  workspace_of workspace(c, plan, threads);
  const packed<float> w = plan.pack(weights, default_memory(), executor);
  with_post_ops(c.fused, dst, c.problem.out,
                [&](const auto& ops) { plan(src, w, dst, ops, executor, workspace.bytes()); });
  return plan.algorithm_name();
}

// Calls f<layouts of src and of weights>().
template <class F>
auto with_layouts(const random_inner_product& c, F f) {
  const std::string_view src = c.src.format.text(), weights = c.weights.format.text();
  if (src == "nc" && weights == "oi") return f.template operator()<"nc", "oi">();
  if (src == "nc") return f.template operator()<"nc", "io">();
  if (src == "nhwc" && weights == "oihw") return f.template operator()<"nhwc", "oihw">();
  if (src == "nhwc") return f.template operator()<"nhwc", "ohwi">();
  if (src == "nchw" && weights == "oihw") return f.template operator()<"nchw", "oihw">();
  if (src == "nchw") return f.template operator()<"nchw", "hwio">();
  if (weights == "oihw") return f.template operator()<"nChw16c", "oihw">();
  return f.template operator()<"nChw16c", "hwio">();
}

}  // namespace

std::vector<algorithm_info> random_inner_product_algorithms(const random_inner_product& c) {
  const auto pass = c.dir == direction::bwd_d   ? simdnn::direction::backward_data
                    : c.dir == direction::bwd_w ? simdnn::direction::backward_weights
                                                : simdnn::direction::forward;
  // Refusals do not depend on the layout.
  return describe<inner_product::all<float, "nc", isa::native>>(
      inner_product::query{c.problem, pass, accuracy::normal});
}

std::string run_random_inner_product(const random_inner_product& c, const std::string& algorithm,
                                     int threads) {
  const team several = make_team(threads);
  const serial alone;
  const executor_ref executor = threads == 1 ? executor_ref(alone) : executor_ref(several);
  return with_layouts(c,
                      [&]<layout Src, layout W>() { return run<Src, W>(c, algorithm, executor); });
}

}  // namespace simdnn::bench
