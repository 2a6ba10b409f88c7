// Random convolutions: small, with odd shapes.
#include <algorithm>
#include <bench/op.hpp>
#include <bench/random_case.hpp>
#include <optional>

namespace simdnn::bench {
namespace {

constexpr layout images[3][5] = {
    {"ncw", "nwc", "nCw4c", "nCw8c", "nCw16c"},
    {"nchw", "nhwc", "nChw4c", "nChw8c", "nChw16c"},
    {"ncdhw", "ndhwc", "nCdhw4c", "nCdhw8c", "nCdhw16c"},
};
constexpr layout filters[3][4] = {
    {"oiw", "wio", "owi", "OIw16i16o"},
    {"oihw", "hwio", "ohwi", "OIhw16i16o"},
    {"oidhw", "dhwio", "odhwi", "OIdhw16i16o"},
};
constexpr std::int64_t channel_counts[] = {1,  1,  2,  3,  3,  4,  5,  7,  8,  9,  13, 15,
                                           16, 16, 17, 19, 24, 31, 32, 33, 40, 48, 64, 67};

// Draws channels and groups.
void draw_channels(conv_problem& p, split_mix& random) {
  const auto few = [&] { return random.integer(1, 9); };
  switch (random.integer(0, 9)) {
    case 0:
    case 1:  // depthwise
      p.in = p.out = p.groups = random.pick(channel_counts);
      break;
    case 2:  // depthwise with a multiplier
      p.in = p.groups = random.pick(channel_counts);
      p.out = p.in * random.integer(2, 4);
      break;
    case 3:
    case 4:
      p.groups = random.integer(2, 5);
      p.in = p.groups * (random.one_in(2) ? few() : random.pick(channel_counts));
      p.out = p.groups * (random.one_in(2) ? few() : random.pick(channel_counts));
      break;
    default:
      p.in = random.pick(channel_counts);
      p.out = random.pick(channel_counts);
  }
}

// The kind of windows, the same in all dimensions of a problem.
enum class windows { any, pointwise, three, with_a_line };

void draw_windows(conv_problem& p, int d, windows kind, split_mix& random) {
  const index_t size = p.size[d];
  index_t kernel = 1, stride = 1, dilation = 1;
  bool simple = kind == windows::three;
  switch (kind) {
    case windows::pointwise:
      stride = random.one_in(4) ? random.integer(2, 3) : 1;
      break;
    case windows::three:
      kernel = 3;
      break;
    case windows::with_a_line: {  // 1x7, 3x1 and their like
      constexpr index_t lengths[] = {1, 1, 3, 5, 7};
      kernel = random.pick(lengths);
      simple = random.one_in(2);
      break;
    }
    case windows::any:
      kernel = random.one_in(8)   ? std::min<index_t>(size, 12)
               : random.one_in(4) ? 1
                                  : random.integer(2, 7);
      break;
  }
  if (!simple && kind != windows::pointwise) {
    stride = random.one_in(20)  ? size + random.integer(1, 5)
             : random.one_in(2) ? random.integer(1, 4)
                                : 1;
    dilation = random.one_in(25)  ? random.integer(20, 3000)
               : random.one_in(4) ? random.integer(2, 5)
                                  : 1;
  }
  const index_t reach = dilation * (kernel - 1) + 1;
  p.kernel[d] = kernel, p.stride[d] = stride, p.dilation[d] = dilation;
  if (reach > 40 || random.one_in(8)) {
    // Any padding that leaves a few outputs; pad_end may become negative.
    const index_t outputs = random.integer(1, std::min<index_t>(12, size + 2));
    p.pad[d] = random.integer(0, std::max(reach, size / 2));
    p.pad_end[d] = (outputs - 1) * stride + reach - size - p.pad[d];
    if (random.one_in(2)) p.pad_end[d] += random.integer(0, stride - 1);
    return;
  }
  const index_t most = kind != windows::pointwise ? reach / 2 + 1 : random.one_in(4) ? 1 : 0;
  p.pad[d] = random.one_in(3) ? 0 : random.integer(0, most);
  p.pad_end[d] = random.one_in(2) ? p.pad[d] : random.integer(0, most);
}

// Draws a problem for algorithms that transform their operands: they take two-dimensional images
// with stride 1 and not too few channels, which are contiguous (channels_last_or_blocked).
conv_problem draw_transformed(split_mix& random) {
  constexpr spatial kernels[] = {{3, 3}, {3, 3}, {3, 3}, {5, 5}, {1, 3}, {3, 1}, {1, 7}, {7, 1}};
  constexpr index_t channels[] = {16, 16, 17, 24, 31, 32, 33, 40, 48};
  conv_problem p;
  p.batch = random.one_in(2) ? 1 : random.integer(2, 3);
  p.in = random.pick(channels), p.out = random.pick(channels);
  if (random.one_in(6)) p.groups = 2, p.in *= 2, p.out *= 2;
  p.kernel = random.pick(kernels);
  p.size = p.pad = p.pad_end = spatial::all(2, 0);
  for (int d = 0; d < 2; ++d) {
    const index_t most = p.kernel[d] / 2 + (random.one_in(8) ? 3 : 0);
    p.size[d] = random.integer(1, 19);
    p.pad[d] = random.integer(0, most);
    p.pad_end[d] = random.one_in(2) ? p.pad[d] : random.integer(-1, most);
  }
  return p;
}

conv_problem draw_any(split_mix& random) {
  conv_problem p;
  constexpr int ranks[] = {1, 2, 2, 2, 3};
  const int rank = random.pick(ranks);
  p.batch = random.one_in(30) ? 0 : random.one_in(2) ? 1 : random.integer(2, 5);
  draw_channels(p, random);
  constexpr windows all[] = {windows::any,       windows::any,        windows::any,
                             windows::pointwise, windows::pointwise,  windows::three,
                             windows::three,     windows::with_a_line};
  const windows kind = random.pick(all);
  const index_t largest = rank == 1 ? 70 : rank == 2 ? 21 : 9;
  p.size = p.kernel = p.stride = p.pad = p.pad_end = p.dilation = spatial::all(rank, 1);
  for (int d = 0; d < rank; ++d) {
    p.size[d] = random.one_in(10) ? 1 : random.integer(1, largest);
    draw_windows(p, d, kind, random);
  }
  return p;
}

std::optional<conv_problem> draw(bool transformed, split_mix& random) {
  conv_problem p = transformed ? draw_transformed(random) : draw_any(random);
  const double most_flops = random.one_in(16) ? 2e7 : 2e6;
  try {
    p = p.checked();
  } catch (const error&) {
    return {};
  }
  // The reference of the pass backward to the data also visits the taps that strides leave out.
  double visited = p.flops();
  for (int d = 0; d < p.rank(); ++d)
    visited *= static_cast<double>(p.size[d]) / static_cast<double>(p.output(d));
  if (p.flops() > most_flops || visited > 4 * most_flops || p.elements() > 4e5) return {};
  return p;
}

}  // namespace

random_case make_random_conv(const kernels& code, direction dir, split_mix& random) {
  const bool transformed = random.one_in(4);
  std::optional<conv_problem> drawn;
  while (!drawn) drawn = draw(transformed, random);
  const conv_problem p = *drawn;
  const int rank = p.rank() - 1;
  constexpr int channels_last_or_blocked[] = {1, 4};
  const auto pick_layout = [&] {
    return transformed ? images[rank][random.pick(channels_last_or_blocked)]
                       : random.pick(images[rank]);
  };
  const layout src_layout = pick_layout();
  const layout dst_layout = random.one_in(3) ? pick_layout() : src_layout;
  const layout weights_layout = random.pick(filters[rank]);

  random_case made;
  made.problem = p.str();
  conv_task task = to_task(p, dir);
  auto call = std::make_shared<random_conv>(random_conv{.problem = p, .dir = dir});
  call->given_workspace = random.one_in(2);
  if (dir != direction::bwd_d) {
    random_input& src = made.add_input("src", src_layout, p.src_shape(), random, {});
    call->src = src.operand(), task.src_data = src.dense().data();
  }
  if (dir != direction::bwd_w) {
    random_input& weights =
        made.add_input("weights", weights_layout, p.weights_shape(), random, {});
    call->weights = weights.operand(), task.weights_data = weights.dense().data();
  }
  if (!is_forward(dir)) {
    random_input& diff_dst = made.add_input("diff_dst", dst_layout, p.dst_shape(), random, {});
    call->dst = diff_dst.operand(), task.diff_dst_data = diff_dst.dense().data();
  }
  const auto add_result = [&]() -> random_output& {
    if (dir == direction::bwd_d)
      return made.add_output("diff_src", src_layout, p.src_shape(), random, {});
    if (dir == direction::bwd_w)
      return made.add_output("diff_weights", weights_layout, p.weights_shape(), random, {});
    return made.add_output("dst", dst_layout, p.dst_shape(), random, {});
  };
  random_output& result = add_result();
  (dir == direction::bwd_d   ? call->src
   : dir == direction::bwd_w ? call->weights
                             : call->dst) = result.operand();
  const std::unique_ptr<dot_products> reference = make_reference(task);
  result.wanted = sums(*reference);
  result.terms = reference->terms;
  // The caller of the algorithm, not the algorithm, zeroes the padding of weights.
  result.zeroes_padding = dir != direction::bwd_w;
  if (is_forward(dir)) call->fused = add_fused(made, result, p.out, random);
  if (dir == direction::bwd_w && random.one_in(2)) {
    random_output& bias = made.add_bias_gradient(p.out);
    const std::int64_t plane =
        p.dst_shape().elements() / std::max<std::int64_t>(1, p.batch * p.out);
    for (std::int64_t i = 0; i < p.dst_shape().elements(); ++i)
      bias.wanted[static_cast<std::size_t>(i / plane % p.out)] += task.diff_dst_data[i];
    bias.terms = 2 * p.batch * plane;  // its terms are numbers, larger than products
    call->diff_bias = bias.operand().data;
  }
  if (call->given_workspace)
    made.fused += (made.fused.empty() ? "" : ", ") + std::string("given workspace");
  made.algorithms = [&code, call] { return code.random_conv_algorithms(*call); };
  made.run = [&code, call](const std::string& algorithm, int threads) {
    return code.run_random_conv(*call, algorithm, threads);
  };
  return made;
}

}  // namespace simdnn::bench
