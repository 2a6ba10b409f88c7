// The convolutions and matrix products as dot products of rows and gathered columns.
#include <algorithm>
#include <array>
#include <bench/reference.hpp>
#include <vector>

namespace simdnn::bench {
namespace {

using std::int64_t;

using triple = std::array<int64_t, 3>;

// The one to three entries of `d` from index `from` on as d h w; missing ones are `fill`.
triple last_three(const dims& d, std::size_t from, int64_t fill) {
  triple t{fill, fill, fill};
  std::copy(d.begin() + static_cast<std::ptrdiff_t>(from), d.end(),
            t.end() - static_cast<std::ptrdiff_t>(d.size() - from));
  return t;
}

int64_t product(const triple& t) { return t[0] * t[1] * t[2]; }

class conv_products final : public dot_products {
 public:
  explicit conv_products(const conv_task& t)
      : t_(t),
        in_(last_three(t.src, 2, 1)),
        out_(last_three(t.dst, 2, 1)),
        kernel_(last_three(t.weights, 2, 1)),
        stride_(last_three(t.stride, 0, 1)),
        dilation_(last_three(t.dilation, 0, 0)),
        pad_(last_three(t.pad, 0, 0)),
        ic_(t.src[1] / t.groups),
        oc_(t.dst[1] / t.groups) {
    const int64_t n = t.src[0], taps = product(kernel_), pixels = product(out_);
    if (is_forward(t.dir)) {
      columns = t.groups * n * pixels, rows = oc_, terms = depth = ic_ * taps;
      data_.assign(t.weights_data, t.weights_data + t.groups * oc_ * depth);
    } else if (t.dir == direction::bwd_d) {
      columns = t.groups * n * product(in_), rows = ic_, depth = oc_ * taps;
      terms = oc_;
      for (int d = 0; d < 3; ++d) terms *= (kernel_[d] + stride_[d] - 1) / stride_[d];
      data_.resize(t.groups * ic_ * depth);  // g i o tap
      for (int64_t g = 0; g < t.groups; ++g)
        for (int64_t o = 0; o < oc_; ++o)
          for (int64_t i = 0; i < ic_; ++i)
            std::copy_n(t.weights_data + ((g * oc_ + o) * ic_ + i) * taps, taps,
                        data_.data() + ((g * ic_ + i) * oc_ + o) * taps);
    } else {
      columns = t.groups * ic_ * taps, rows = oc_, terms = depth = n * pixels;
      data_.resize(t.dst[1] * depth);  // o n pixel
      for (int64_t b = 0; b < n; ++b)
        for (int64_t o = 0; o < t.dst[1]; ++o)
          std::copy_n(t.diff_dst_data + (b * t.dst[1] + o) * pixels, pixels,
                      data_.data() + (o * n + b) * pixels);
    }
  }

  void gather(int64_t column, double* to) const override {
    if (is_forward(t_.dir))
      gather_src(column, to);
    else if (t_.dir == direction::bwd_d)
      gather_diff_dst(column, to);
    else
      gather_plane(column, to);
  }
  const double* row(int64_t column, int64_t r) const override {
    return data_.data() + (group(column) * rows + r) * depth;
  }
  int64_t index(int64_t column, int64_t r) const override {
    const int64_t g = group(column), inner = column % (columns / t_.groups);
    if (t_.dir == direction::bwd_w) return (g * oc_ + r) * (columns / t_.groups) + inner;
    const int64_t pixels = product(is_forward(t_.dir) ? out_ : in_), channels = rows * t_.groups;
    return ((inner / pixels) * channels + g * rows + r) * pixels + inner % pixels;
  }
  double finish(int64_t index, double sum) const override {
    if (!is_forward(t_.dir)) return sum;
    if (t_.with_bias) sum += t_.bias_data[index / product(out_) % t_.dst[1]];
    return t_.with_relu ? std::max(sum, 0.0) : sum;
  }
  int64_t on_border(int64_t column) const override {
    const triple& size = is_forward(t_.dir) ? out_ : t_.dir == direction::bwd_d ? in_ : kernel_;
    triple at = split(column % product(size), size);
    // The column itself determines the side, so that no random number is needed.
    for (int d = 0; d < 3; ++d)
      if ((column / (d + 2)) % 2 == 0) at[d] = at[d] * 2 < size[d] ? 0 : size[d] - 1;
    return column - column % product(size) + (at[0] * size[1] + at[1]) * size[2] + at[2];
  }

 private:
  static triple split(int64_t i, const triple& size) {
    return {i / (size[1] * size[2]), i / size[2] % size[1], i % size[2]};
  }
  int64_t group(int64_t column) const { return column / (columns / t_.groups); }

  // Calls f(tap, source pixel or -1) for all taps of the output pixel `at`.
  template <class F>
  void for_taps(const triple& at, F f) const {
    triple k;
    int64_t tap = 0;
    for (k[0] = 0; k[0] < kernel_[0]; ++k[0])
      for (k[1] = 0; k[1] < kernel_[1]; ++k[1])
        for (k[2] = 0; k[2] < kernel_[2]; ++k[2]) f(tap++, source(at, k));
  }
  int64_t source(const triple& at, const triple& k) const {
    int64_t pixel = 0;
    for (int d = 0; d < 3; ++d) {
      const int64_t i = at[d] * stride_[d] - pad_[d] + k[d] * (dilation_[d] + 1);
      if (i < 0 || i >= in_[d]) return -1;
      pixel = pixel * in_[d] + i;
    }
    return pixel;
  }
  // The output pixel that source pixel `at` reaches through a tap, or -1.
  int64_t target(const triple& at, const triple& k) const {
    int64_t pixel = 0;
    for (int d = 0; d < 3; ++d) {
      const int64_t o = at[d] + pad_[d] - k[d] * (dilation_[d] + 1);
      if (o < 0 || o % stride_[d] != 0 || o / stride_[d] >= out_[d]) return -1;
      pixel = pixel * out_[d] + o / stride_[d];
    }
    return pixel;
  }

  void gather_src(int64_t column, double* to) const {
    const int64_t pixels = product(out_), taps = product(kernel_), plane = product(in_);
    const int64_t g = group(column), n = column % (columns / t_.groups) / pixels;
    const float* src = t_.src_data + (n * t_.groups + g) * ic_ * plane;
    for_taps(split(column % pixels, out_), [&](int64_t tap, int64_t pixel) {
      for (int64_t i = 0; i < ic_; ++i) to[i * taps + tap] = pixel < 0 ? 0 : src[i * plane + pixel];
    });
  }
  void gather_diff_dst(int64_t column, double* to) const {
    const int64_t pixels = product(in_), taps = product(kernel_), plane = product(out_);
    const int64_t g = group(column), n = column % (columns / t_.groups) / pixels;
    const float* diff = t_.diff_dst_data + (n * t_.groups + g) * oc_ * plane;
    const triple at = split(column % pixels, in_);
    for (int64_t tap = 0; tap < taps; ++tap) {
      const int64_t pixel = target(at, split(tap, kernel_));
      for (int64_t o = 0; o < oc_; ++o)
        to[o * taps + tap] = pixel < 0 ? 0 : diff[o * plane + pixel];
    }
  }
  // The source pixels that one weight is multiplied by, for the whole batch and all output pixels.
  void gather_plane(int64_t column, double* to) const {
    const int64_t taps = product(kernel_), plane = product(in_);
    const int64_t channel = group(column) * ic_ + column % (ic_ * taps) / taps;
    const triple k = split(column % taps, kernel_);
    for (int64_t n = 0; n < t_.src[0]; ++n) {
      const float* src = t_.src_data + (n * t_.src[1] + channel) * plane;
      triple at;
      for (at[0] = 0; at[0] < out_[0]; ++at[0])
        for (at[1] = 0; at[1] < out_[1]; ++at[1])
          for (at[2] = 0; at[2] < out_[2]; ++at[2]) {
            const int64_t pixel = source(at, k);
            *to++ = pixel < 0 ? 0 : src[pixel];
          }
    }
  }

  conv_task t_;
  triple in_, out_, kernel_, stride_, dilation_, pad_;
  int64_t ic_, oc_;           // of one group
  std::vector<double> data_;  // the rows
};

// out[y][x] = sum over k of a(y, k) b(k, x); operands are given with strides. Columns of
// dot_products are y, rows are x.
class matrix_products final : public dot_products {
 public:
  struct operand {
    const float* data;
    int64_t outer, inner;  // strides of y (or x) and of k
  };
  matrix_products(int64_t m, int64_t n, int64_t k, operand a, operand b, const float* bias,
                  bool relu)
      : a_(a), bias_(bias), relu_(relu) {
    columns = m, rows = n, terms = depth = k;
    data_.resize(n * k);
    for (int64_t x = 0; x < n; ++x)
      for (int64_t i = 0; i < k; ++i) data_[x * k + i] = b.data[x * b.outer + i * b.inner];
  }
  void gather(int64_t column, double* to) const override {
    for (int64_t i = 0; i < depth; ++i) to[i] = a_.data[column * a_.outer + i * a_.inner];
  }
  const double* row(int64_t, int64_t r) const override { return data_.data() + r * depth; }
  int64_t index(int64_t column, int64_t r) const override { return column * rows + r; }
  double finish(int64_t index, double sum) const override {
    if (bias_ != nullptr) sum += bias_[index % rows];
    return relu_ ? std::max(sum, 0.0) : sum;
  }
  int64_t on_border(int64_t column) const override {
    return column < columns / 2 ? 0 : columns - 1;
  }

 private:
  operand a_;
  const float* bias_;
  bool relu_;
  std::vector<double> data_;
};

}  // namespace

std::unique_ptr<dot_products> make_reference(const conv_task& t) {
  return std::make_unique<conv_products>(t);
}

std::unique_ptr<dot_products> make_reference(const gemm_task& t) {
  return std::make_unique<matrix_products>(t.m, t.n, t.k, matrix_products::operand{t.a, t.k, 1},
                                           matrix_products::operand{t.b, 1, t.n}, nullptr, false);
}

std::unique_ptr<dot_products> make_reference(const inner_product_task& t) {
  using operand = matrix_products::operand;
  if (t.dir == direction::bwd_d)
    return std::make_unique<matrix_products>(t.batch, t.in, t.out,
                                             operand{t.diff_dst_data, t.out, 1},
                                             operand{t.weights_data, 1, t.in}, nullptr, false);
  if (t.dir == direction::bwd_w)
    return std::make_unique<matrix_products>(t.out, t.in, t.batch,
                                             operand{t.diff_dst_data, 1, t.out},
                                             operand{t.src_data, 1, t.in}, nullptr, false);
  return std::make_unique<matrix_products>(t.batch, t.out, t.in, operand{t.src_data, t.in, 1},
                                           operand{t.weights_data, t.in, 1},
                                           t.with_bias ? t.bias_data : nullptr, t.with_relu);
}

}  // namespace simdnn::bench
