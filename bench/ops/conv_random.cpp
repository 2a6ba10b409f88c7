// simdnn's convolutions on operands of any layout and strides. It calls the functions below the
// plans, because plans have layouts as template arguments.
#include <bench/random_call.hpp>
#include <bench/runners.hpp>
#include <cstring>
#include <simdnn/ops/conv.hpp>
#include <tests/support/guarded_memory.hpp>

namespace simdnn::bench {
namespace {

using convolution = conv::entry_points<float, isa::native>;

index_t stride_of(const placed& p, char letter) {
  const int d = p.format.dim(letter);
  return d < 0 ? 0 : p.strides[d];
}
conv::image<float> image_of(const placed& p) {
  return {p.data,
          stride_of(p, 'n'),
          p.format.block(1),
          stride_of(p, 'c'),
          {stride_of(p, 'd'), stride_of(p, 'h'), stride_of(p, 'w')}};
}
conv::image<const float> input_of(const placed& p) {
  const conv::image<float> i = image_of(p);
  return {
      i.data, i.batch_stride, i.block, i.channel_stride, {i.stride[0], i.stride[1], i.stride[2]}};
}
template <class T>
conv::filter<T> filter_of(const placed& p) {
  return {p.data,
          {p.format.block(0), stride_of(p, 'o'), p.format.block_stride(0)},
          {p.format.block(1), stride_of(p, 'i'), p.format.block_stride(1)},
          {stride_of(p, 'd'), stride_of(p, 'h'), stride_of(p, 'w')}};
}

simdnn::direction pass_of(const random_conv& c) {
  return c.dir == direction::bwd_d   ? simdnn::direction::backward_data
         : c.dir == direction::bwd_w ? simdnn::direction::backward_weights
                                     : simdnn::direction::forward;
}
conv::query query_of(const random_conv& c) {
  return conv::make_query(c.src.format, c.dst.format, c.problem, pass_of(c), accuracy::normal);
}

using mapped_chain = epilogue::chain<epilogue::shift<float>, epilogue::map<halve_plus_one>>;

// Calls run(fused) with the post-ops of f.
template <class F>
void with_fused(const fused_call& f, F run) {
  if (f.mapped)
    return run(epilogue::fused_chain<float, isa::native, mapped_chain>(
        mapped_chain{{epilogue::shift<float>{f.bias}, epilogue::map<halve_plus_one>{}}}));
  epilogue::standard<float> s;
  s.shift = f.bias, s.sum = f.residual, s.clamped = f.relu;
  s.high = std::numeric_limits<float>::infinity();
  run(epilogue::fused<float>(s));
}

class workspace_of {
 public:
  workspace_of(const chosen_algorithm& chosen, bool given, int threads)
      : memory_(given
                    ? chosen.workspace_bytes(threads) + static_cast<index_t>(memory_pool::alignment)
                    : 0) {
    if (given) std::memset(memory_.data(), 0xff, static_cast<std::size_t>(memory_.elements()));
  }
  std::span<std::byte> bytes() {
    return {memory_.data(), static_cast<std::size_t>(memory_.elements())};
  }

 private:
  test::guarded_memory<std::byte> memory_;
};

test::guarded_memory<float> pack(const chosen_algorithm& chosen, const random_conv& c,
                                 executor_ref executor) {
  test::guarded_memory<float> packed(chosen.packed_elements(), test::guard::behind,
                                     memory_pool::alignment);
  convolution::pack(chosen, pass_of(c), filter_of<const float>(c.weights), packed.data(), executor);
  return packed;
}

template <class Run>
std::string run_algorithm(const random_conv& c, const std::string& name, const char* op,
                          int threads, Run run) {
  const auto chosen = convolution::choose(query_of(c), policy{.algorithm = name}, op);
  workspace_of workspace(chosen, c.given_workspace, threads);
  const team several = make_team(threads);
  const serial alone;
  run(chosen, threads == 1 ? executor_ref(alone) : executor_ref(several), workspace.bytes());
  return chosen.name();
}

}  // namespace

std::vector<algorithm_info> random_conv_algorithms(const random_conv& c) {
  return describe<convolution>(query_of(c));
}

std::string run_random_conv(const random_conv& c, const std::string& algorithm, int threads) {
  if (c.dir == direction::bwd_d)
    return run_algorithm(
        c, algorithm, "conv_backward_data", threads,
        [&](const auto& chosen, executor_ref executor, std::span<std::byte> workspace) {
          const auto packed = pack(chosen, c, executor);
          convolution::backward_data(c.problem, chosen, input_of(c.dst), packed.data(),
                                     image_of(c.src), executor, workspace);
        });
  if (c.dir == direction::bwd_w)
    return run_algorithm(
        c, algorithm, "conv_backward_weights", threads,
        [&](const auto& chosen, executor_ref executor, std::span<std::byte> workspace) {
          convolution::backward_weights(c.problem, chosen, input_of(c.src), input_of(c.dst),
                                        filter_of<float>(c.weights), c.diff_bias, executor,
                                        workspace);
        });
  return run_algorithm(
      c, algorithm, "conv_forward", threads,
      [&](const auto& chosen, executor_ref executor, std::span<std::byte> workspace) {
        const auto packed = pack(chosen, c, executor);
        with_fused(c.fused, [&](const epilogue::fused<float>& post) {
          convolution::forward(c.problem, chosen, input_of(c.src), packed.data(), image_of(c.dst),
                               post, executor, workspace);
        });
      });
}

}  // namespace simdnn::bench
