// Random fully connected layers.
#include <algorithm>
#include <bench/op.hpp>
#include <bench/random_case.hpp>

namespace simdnn::bench {
namespace {

// A layout of src and the layouts of weights for it.
struct order {
  layout src, weights[2];
};
constexpr order orders[] = {
    {"nc", {"oi", "io"}},
    {"nchw", {"oihw", "hwio"}},
    {"nhwc", {"oihw", "ohwi"}},
    {"nChw16c", {"oihw", "hwio"}},
};

}  // namespace

random_case make_random_inner_product(const kernels& code, direction dir, split_mix& random) {
  const order& o = random.pick(orders);
  inner_product_problem p;
  const bool wide = random.one_in(4);
  p.batch = random.one_in(20) ? 0 : random.one_in(3) ? 1 : random.integer(1, 37);
  p.out = wide ? random.integer(1, 300) : random.integer(1, 40);
  if (o.src.rank() == 2) {
    p.in = wide ? random.integer(1, 600) : random.integer(1, 70);
  } else {
    p.in = random.integer(1, 40);
    const index_t h = random.integer(1, 6), w = random.integer(1, 6);
    p.size = {h, w};
  }
  const index_t in = p.weights_shape().elements() / p.out;

  random_case made;
  made.problem = p.str();
  auto call =
      std::make_shared<random_inner_product>(random_inner_product{.problem = p, .dir = dir});
  call->given_workspace = random.one_in(2);
  // Gaps inside an image of src, and a dst whose channels are not contiguous, are refused, so they
  // are drawn rarely.
  const test::view_freedom of_src{.inner = random.one_in(10)}, of_dst{.fastest = random.one_in(10)};
  const layout weights_layout = random.pick(o.weights);
  inner_product_task task{.dir = dir, .batch = p.batch, .in = in, .out = p.out};
  if (dir != direction::bwd_d) {
    random_input& src = made.add_input("src", o.src, p.src_shape(), random, of_src);
    call->src = src.operand(), task.src_data = src.dense().data();
  }
  if (dir != direction::bwd_w) {
    random_input& weights =
        made.add_input("weights", weights_layout, p.weights_shape(), random, {});
    call->weights = weights.operand(), task.weights_data = weights.dense().data();
  }
  if (!is_forward(dir)) {
    random_input& diff_dst = made.add_input("diff_dst", "nc", p.dst_shape(), random, of_dst);
    call->dst = diff_dst.operand(), task.diff_dst_data = diff_dst.dense().data();
  }
  const auto add_result = [&]() -> random_output& {
    if (dir == direction::bwd_d)
      return made.add_output("diff_src", o.src, p.src_shape(), random, of_src);
    if (dir == direction::bwd_w)
      return made.add_output("diff_weights", weights_layout, p.weights_shape(), random, {});
    return made.add_output("dst", "nc", p.dst_shape(), random, of_dst);
  };
  random_output& result = add_result();
  (dir == direction::bwd_d   ? call->src
   : dir == direction::bwd_w ? call->weights
                             : call->dst) = result.operand();
  const std::unique_ptr<dot_products> reference = make_reference(task);
  result.wanted = sums(*reference);
  result.terms = reference->terms;
  if (is_forward(dir)) call->fused = add_fused(made, result, p.out, random);
  if (dir == direction::bwd_w && random.one_in(2)) {
    random_output& bias = made.add_bias_gradient(p.out);
    for (std::size_t i = 0; i < static_cast<std::size_t>(p.batch * p.out); ++i)
      bias.wanted[i % static_cast<std::size_t>(p.out)] += task.diff_dst_data[i];
    bias.terms = 2 * p.batch;  // its terms are numbers, larger than products
    call->diff_bias = bias.operand().data;
  }
  made.algorithms = [&code, call] { return code.random_inner_product_algorithms(*call); };
  made.run = [&code, call](const std::string& algorithm, int threads) {
    return code.run_random_inner_product(*call, algorithm, threads);
  };
  return made;
}

}  // namespace simdnn::bench
