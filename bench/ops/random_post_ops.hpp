// The fused steps of a random call as post-ops for plans.
#pragma once

#include <bench/random_call.hpp>
#include <simdnn/epilogue/post_op.hpp>

namespace simdnn::bench {

/// Calls run(post_ops) for a dst with this many channels.
template <layout L, class Run>
void with_post_ops(const fused_call& f, const view<float, L>& dst, index_t channels, Run run) {
  const view<const float, "x"> bias =
      f.bias != nullptr ? view<const float, "x">(f.bias, {channels}) : view<const float, "x">();
  if (f.mapped) return run(post::bias(bias) | post::fuse(halve_plus_one{}));
  if (f.bias != nullptr && f.relu) return run(post::bias(bias) | post::relu());
  if (f.bias != nullptr) return run(post::bias(bias));
  if (f.residual == nullptr) return run(post::none{});
  const view<const float, L> residual(f.residual, dst.shape(), dst.strides());
  if (f.relu) return run(post::sum(residual) | post::relu());
  run(post::sum(residual));
}

}  // namespace simdnn::bench
