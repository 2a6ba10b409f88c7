// The test of maxout: every algorithm against the reference, on shapes with partial vectors and
// blocks and on several threads; NaN and equal pieces; gradients; errors. In the library this would
// be tests/ops/maxout/maxout_test.cpp, which is compiled for each ISA and can use tests/support.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <simdnn/tensor/tensor.hpp>
#include <string>
#include <utility>

#include "maxout.hpp"

namespace dnn = simdnn;
using dnn::index_t;

namespace {

int failures = 0;

void expect(bool passed, const std::string& what) {
  std::printf("%-6s %s\n", passed ? "ok" : "FAILED", what.c_str());
  failures += passed ? 0 : 1;
}

// Calls f with the calling thread alone and with teams of OpenMP threads. The teams are used even
// for calls that are too small to profit. Without OpenMP there is only the calling thread.
template <class F>
void for_each_team(F f) {
  f(dnn::serial{});
#if defined(_OPENMP)
  for (const int threads : {2, 3, 8}) f(dnn::openmp{.threads = threads, .grain = 0});
#endif
}

// The contents of an output before a call. An element that is not written shows, also in the
// padding.
template <class T, dnn::layout L>
dnn::tensor<T, L> sevens(const dnn::shape& s) {
  dnn::tensor<T, L> x(s);
  std::fill_n(x.data(), x.elements(), T(7));
  return x;
}
// Numbers from -1 to 1; padding stays zero. `steps` makes many of them equal.
template <class T, dnn::layout L>
dnn::tensor<T, L> waves(const dnn::shape& s, double steps = 1e9) {
  dnn::tensor<T, L> x(s);
  double i = 0;
  dnn::for_each_element(s, [&](auto at) {
    x.data()[x.as_view().offset(at)] = static_cast<T>(std::round(std::sin(++i) * steps) / steps);
  });
  return x;
}
// maxout only selects, so results equal the reference's bit by bit, padding included.
template <class T, dnn::layout L>
bool same_bits(const dnn::tensor<T, L>& x, const dnn::tensor<T, L>& y) {
  if (x.elements() != y.elements()) return false;
  const auto bytes = static_cast<std::size_t>(x.elements()) * sizeof(T);
  return bytes == 0 || std::memcmp(x.data(), y.data(), bytes) == 0;
}

// Compares both passes of the named algorithm with the reference, on every team.
template <class T, dnn::layout L>
bool agrees(const char* algorithm, const dnn::maxout_problem& p) {
  const auto src = waves<T, L>(p.src_shape(), 4), diff_dst = waves<T, L>(p.dst_shape());
  dnn::tensor<T, L> dst(p.dst_shape()), argmax(p.dst_shape()), diff_src(p.src_shape());
  const dnn::policy reference{.algorithm = "reference"}, named{.algorithm = algorithm};
  dnn::maxout_forward(p, src, dst, argmax, reference);
  dnn::maxout_backward(p, diff_dst, argmax, diff_src, reference);

  bool same = true;
  for_each_team([&](const auto& team) {
    auto y = sevens<T, L>(p.dst_shape()), only_y = y, a = y;
    auto r = sevens<T, L>(p.src_shape());
    dnn::maxout_forward(p, src, y, a, named, team);
    dnn::maxout_forward(p, src, only_y, named, team);
    dnn::maxout_backward(p, diff_dst, a, r, named, team);
    same = same && same_bits(y, dst) && same_bits(only_y, dst) && same_bits(a, argmax) &&
           same_bits(r, diff_src);
  });
  if (!same) std::printf("%s differs at %s\n", algorithm, p.str().c_str());
  return same;
}

template <class T, dnn::layout L>
void algorithms_agree(std::initializer_list<dnn::maxout_problem> problems) {
  dnn::maxout_plan<T, L>::algorithm_list::for_each([&]<class Algorithm>() {
    if constexpr (Algorithm::automatic) {
      bool all = true;
      for (const dnn::maxout_problem& p : problems) all = agrees<T, L>(Algorithm::name, p) && all;
      expect(all, (sizeof(T) == 4 ? "float " : "double ") + std::string(L.text()) + ": " +
                      Algorithm::name + " agrees with the reference");
    }
  });
}

// Partial vectors and blocks, one pixel, one piece, an empty batch.
template <dnn::layout L>
void layout_agrees() {
  const std::initializer_list<dnn::maxout_problem> problems = {
      {.batch = 2, .channels = 5, .pieces = 3, .size = {7, 5}},
      {.channels = 37, .pieces = 2, .size = {1, 1}},
      {.batch = 3, .channels = 1, .pieces = 5, .size = {2, 33}},
      {.channels = 16, .pieces = 1, .size = {3, 3}},
      {.batch = 0, .channels = 4, .size = {3, 3}}};
  algorithms_agree<float, L>(problems);
  algorithms_agree<double, L>(problems);
}

// The expected values are computed by hand, so that the reference is tested too.
void first_of_equals_and_nan_win(const char* algorithm) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float pieces[] = {1, 5, 2, /**/ 3, 3, 1, /**/ nan, 9, nan, /**/ 9, nan, nan};
  dnn::tensor<float, "nhwc"> src({1, 12, 1, 1}), dst({1, 4, 1, 1}), argmax(dst.shape());
  std::copy_n(pieces, 12, src.data());
  dnn::maxout_forward({.channels = 4, .pieces = 3, .size = {1, 1}}, src, dst, argmax,
                      dnn::policy{.algorithm = algorithm});
  const float* const y = dst.data();
  const float winners[] = {1, 0, 0, 1};
  expect(y[0] == 5 && y[1] == 3 && std::isnan(y[2]) && std::isnan(y[3]) &&
             std::equal(winners, winners + 4, argmax.data()),
         std::string("of equal pieces the first wins, NaN over all: ") + algorithm);
}

// The loss is the sum of dst * diff_dst. Its derivative with respect to dst is diff_dst.
template <dnn::layout L>
void gradient_is_the_slope(const dnn::maxout_problem& p) {
  auto src = waves<double, L>(p.src_shape());
  const auto diff_dst = waves<double, L>(p.dst_shape());
  dnn::tensor<double, L> dst(p.dst_shape()), argmax(dst.shape()), diff_src(src.shape());
  const dnn::maxout_plan<double, L> forward(p);
  forward(src, dst, argmax);
  dnn::maxout_backward(p, diff_dst, argmax, diff_src);

  const auto loss_at = [&](double& element, double value) {
    const double before = std::exchange(element, value);
    forward(src, dst);
    element = before;
    double loss = 0;
    for (index_t i = 0; i < dst.elements(); ++i) loss += dst.data()[i] * diff_dst.data()[i];
    return loss;
  };
  constexpr double step = 1e-6;
  double worst = 0;
  dnn::for_each_element(src.shape(), [&](auto at) {
    const index_t i = src.as_view().offset(at);
    double& x = src.data()[i];
    const double slope = (loss_at(x, x + step) - loss_at(x, x - step)) / (2 * step);
    worst = std::max(worst, std::abs(slope - diff_src.data()[i]));
  });
  char text[80];
  std::snprintf(text, sizeof(text), "gradient of %s: within %.1e of finite differences",
                std::string(L.text()).c_str(), worst);
  expect(worst < 1e-8, text);
}

// src and dst as channels of larger tensors.
void images_may_be_apart(const dnn::maxout_problem& p) {
  const auto wide = waves<float, "nchw">({p.batch, 10, p.size[0], p.size[1]});
  dnn::tensor<float, "nchw"> wide_dst(wide.shape()), src(p.src_shape()), dst(p.dst_shape());
  const auto part = wide.part(1, 3, p.channels * p.pieces);
  dnn::for_each_element(part.shape(), [&](auto at) {
    src.data()[src.as_view().offset(at)] = part.data()[part.offset(at)];
  });
  dnn::maxout_forward(p, src, dst);
  const auto part_dst = wide_dst.part(1, 1, p.channels);
  dnn::maxout_forward(p, part, part_dst);
  bool same = true;
  dnn::for_each_element(dst.shape(), [&](auto at) {
    same = same && part_dst.data()[part_dst.offset(at)] == dst.data()[dst.as_view().offset(at)];
  });
  expect(same, "images with a distance between them");
}

template <class F>
void refuses(const std::string& message, F call) {
  std::string text = "no error";
  try {
    call();
  } catch (const dnn::error& e) {
    text = e.what();
  }
  expect(text == message, text);
}

}  // namespace

int main() {
  layout_agrees<"nchw">();
  layout_agrees<"nhwc">();
  layout_agrees<"nChw16c">();
  algorithms_agree<float, "ncdhw">({{.channels = 3, .size = {2, 3, 5}}});
  for (const char* algorithm : {"reference", "direct"}) first_of_equals_and_nan_win(algorithm);

  const dnn::maxout_problem p{.batch = 2, .channels = 3, .pieces = 2, .size = {3, 2}};
  gradient_is_the_slope<"nchw">(p);
  gradient_is_the_slope<"nhwc">(p);
  gradient_is_the_slope<"nChw16c">(p);

  images_may_be_apart(p);

  expect(dnn::maxout_problem::parse(p.str()) == p, "read back from its text: " + p.str());
  expect(dnn::maxout_plan<float, "nchw">(p).algorithm_name() == std::string("direct"),
         "direct is chosen");
  dnn::tensor<float, "nchw"> src(p.src_shape()), dst(p.dst_shape()), wide({2, 3, 3, 4});
  refuses("maxout_forward: src: expected 6 channels, got 3",
          [&] { dnn::maxout_forward(p, dst, dst); });
  refuses("maxout_problem: pieces: expected at least 1, got 0",
          [] { dnn::maxout_problem{.pieces = 0, .size = {1}}.checked(); });
  refuses("maxout_forward: dst: expected images without gaps, got gaps along h",
          [&] { dnn::maxout_forward(p, src, wide.part(3, 0, 2)); });
  return failures == 0 ? 0 : 1;
}
