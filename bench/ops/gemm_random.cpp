// simdnn's matrix product on operands of any strides.
#include <bench/ops/random_post_ops.hpp>
#include <bench/runners.hpp>
#include <simdnn/ops/gemm.hpp>
#include <tests/support/guarded_memory.hpp>

namespace simdnn::bench {
namespace {

template <layout L>
view<float, L> view_of(const placed& p) {
  return {p.data, p.size, p.strides};
}

template <layout A, layout B>
std::string run(const random_gemm& call, const std::string& algorithm, int threads) {
  const gemm_plan<float, A, B, isa::native> plan(call.problem, policy{.algorithm = algorithm});
  const view<const float, A> a = view_of<A>(call.src);
  const view<const float, B> b = view_of<B>(call.weights);
  const view<float, "ab"> c = view_of<"ab">(call.dst);
  const team several = make_team(threads);
  const serial alone;
  const executor_ref executor = threads == 1 ? executor_ref(alone) : executor_ref(several);
  with_post_ops(call.fused, c, call.problem.n, [&](const auto& ops) {
    if (call.unpacked) return plan(a, b, c, ops, executor);
    test::guarded_memory<std::byte> workspace(call.given_workspace ? plan.workspace_bytes(threads)
                                                                   : 0);
    plan(a, plan.pack(b, default_memory(), executor), c, ops, executor,
         std::span(workspace.data(), static_cast<std::size_t>(workspace.elements())));
  });
  return plan.algorithm_name();
}

}  // namespace

std::vector<algorithm_info> random_gemm_algorithms(const random_gemm& c) {
  return describe<gemm::entry_points<float, isa::native>>(gemm_query{c.problem, accuracy::normal});
}

std::string run_random_gemm(const random_gemm& c, const std::string& algorithm, int threads) {
  constexpr layout rows = "ab", columns = "ba";
  if (c.src.format == rows)
    return c.weights.format == rows ? run<rows, rows>(c, algorithm, threads)
                                    : run<rows, columns>(c, algorithm, threads);
  return c.weights.format == rows ? run<columns, rows>(c, algorithm, threads)
                                  : run<columns, columns>(c, algorithm, threads);
}

}  // namespace simdnn::bench
