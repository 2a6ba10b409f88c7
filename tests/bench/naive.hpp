// The loops that the benchmark's reference and its peers are tested against: as plain as they come.
#pragma once

#include <bench/task.hpp>
#include <cmath>
#include <random>
#include <vector>

namespace simdnn::bench::test {

inline std::vector<float> random_data(std::int64_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> v(static_cast<std::size_t>(n));
  for (float& x : v) x = values(random);
  return v;
}

/// A convolution task with the operands that it points to.
struct conv_sample {
  conv_sample(direction dir, std::int64_t batch, std::int64_t groups, std::int64_t ic,
              std::int64_t oc, const dims& size, const dims& kernel, const dims& stride,
              const dims& dilation, const dims& pad, const dims& pad_end, bool fused = false) {
    task.dir = dir;
    task.groups = groups;
    task.src = {batch, ic};
    task.dst = {batch, oc};
    task.weights = {oc, ic / groups};
    for (std::size_t d = 0; d < size.size(); ++d) {
      task.src.push_back(size[d]);
      task.weights.push_back(kernel[d]);
      const std::int64_t extent = (kernel[d] - 1) * (dilation[d] + 1) + 1;
      task.dst.push_back((size[d] + pad[d] + pad_end[d] - extent) / stride[d] + 1);
    }
    task.stride = stride, task.dilation = dilation, task.pad = pad, task.pad_end = pad_end;
    task.with_bias = task.with_relu = fused;
    src = random_data(product(task.src), 1), weights = random_data(product(task.weights), 2);
    bias = random_data(oc, 3), diff_dst = random_data(product(task.dst), 4);
    task.src_data = src.data(), task.weights_data = weights.data();
    task.bias_data = bias.data(), task.diff_dst_data = diff_dst.data();
  }
  conv_sample(const conv_sample&) = delete;

  std::vector<double> result() const;

  conv_task task;
  std::vector<float> src, weights, bias, diff_dst;
};

inline std::vector<double> conv_sample::result() const {
  const auto size = [](const dims& d, std::size_t i) {  // i: 0 d, 1 h, 2 w
    const std::size_t spatial = d.size() - 2;
    return i + spatial < 3 ? 1 : d[2 + i + spatial - 3];
  };
  const auto number = [](const dims& d, std::size_t i, std::int64_t none) {
    return i + d.size() < 3 ? none : d[i + d.size() - 3];
  };
  const conv_task& t = task;
  std::vector<double> out(static_cast<std::size_t>(product(t.result())));
  const std::int64_t icg = t.src[1] / t.groups, ocg = t.dst[1] / t.groups;
  const auto pixel = [&](const dims& d, std::int64_t z, std::int64_t y, std::int64_t x) {
    return (z * size(d, 1) + y) * size(d, 2) + x;
  };
  const auto plane = [&](const dims& d) { return size(d, 0) * size(d, 1) * size(d, 2); };
  for (std::int64_t n = 0; n < t.src[0]; ++n)
    for (std::int64_t o = 0; o < t.dst[1]; ++o)
      for (std::int64_t oz = 0; oz < size(t.dst, 0); ++oz)
        for (std::int64_t oy = 0; oy < size(t.dst, 1); ++oy)
          for (std::int64_t ox = 0; ox < size(t.dst, 2); ++ox) {
            const std::int64_t y = (n * t.dst[1] + o) * plane(t.dst) + pixel(t.dst, oz, oy, ox);
            double sum = 0;
            for (std::int64_t i = 0; i < icg; ++i)
              for (std::int64_t kz = 0; kz < size(t.weights, 0); ++kz)
                for (std::int64_t ky = 0; ky < size(t.weights, 1); ++ky)
                  for (std::int64_t kx = 0; kx < size(t.weights, 2); ++kx) {
                    const auto in = [&](std::size_t d, std::int64_t at, std::int64_t k) {
                      return at * number(t.stride, d, 1) - number(t.pad, d, 0) +
                             k * (number(t.dilation, d, 0) + 1);
                    };
                    const std::int64_t iz = in(0, oz, kz), iy = in(1, oy, ky), ix = in(2, ox, kx);
                    if (iz < 0 || iy < 0 || ix < 0 || iz >= size(t.src, 0) ||
                        iy >= size(t.src, 1) || ix >= size(t.src, 2))
                      continue;
                    const std::int64_t c = o / ocg * icg + i;
                    const std::int64_t x =
                        (n * t.src[1] + c) * plane(t.src) + pixel(t.src, iz, iy, ix);
                    const std::int64_t w =
                        (o * icg + i) * plane(t.weights) + pixel(t.weights, kz, ky, kx);
                    if (is_forward(t.dir))
                      sum += static_cast<double>(src[x]) * weights[w];
                    else if (t.dir == direction::bwd_d)
                      out[x] += static_cast<double>(diff_dst[y]) * weights[w];
                    else
                      out[w] += static_cast<double>(diff_dst[y]) * src[x];
                  }
            if (!is_forward(t.dir)) continue;
            if (t.with_bias) sum += bias[o];
            out[y] = t.with_relu ? std::max(sum, 0.0) : sum;
          }
  return out;
}

/// max|a - b|, infinite where a NaN is among them.
template <class A, class B>
double distance(const std::vector<A>& a, const std::vector<B>& b) {
  double largest = a.size() == b.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    largest = std::max(largest, std::isnan(d) ? INFINITY : d);
  }
  return largest;
}

/// Shapes of every kind: ranks, groups, stride, dilation, uneven padding, depthwise, odd channels.
template <class F>
void for_conv_samples(direction dir, F f) {
  f(conv_sample(dir, 2, 1, 3, 16, {9, 8}, {3, 3}, {2, 2}, {0, 0}, {1, 1}, {1, 1}));
  f(conv_sample(dir, 1, 1, 20, 33, {7, 7}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {0, 0}));
  f(conv_sample(dir, 2, 2, 32, 32, {6, 10}, {3, 2}, {1, 1}, {1, 0}, {2, 1}, {2, 0}));
  f(conv_sample(dir, 2, 16, 16, 16, {8, 8}, {3, 3}, {1, 1}, {0, 0}, {1, 1}, {1, 1}));
  f(conv_sample(dir, 2, 1, 16, 32, {11}, {3}, {2}, {0}, {1}, {1}));
  f(conv_sample(dir, 1, 1, 16, 16, {5, 6, 7}, {3, 1, 3}, {1, 1, 1}, {0, 0, 0}, {1, 0, 1},
                {1, 0, 1}));
  f(conv_sample(dir, 1, 1, 16, 16, {6, 6}, {3, 3}, {1, 1}, {0, 0}, {1, 1}, {1, 1}, true));
}

}  // namespace simdnn::bench::test
