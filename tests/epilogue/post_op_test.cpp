#include <doctest/doctest.h>

#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/tensor/tensor.hpp>

#include "support/compare.hpp"
#include "support/random.hpp"

using namespace simdnn;
using V = vec<float, isa::native>;

namespace {

constexpr index_t channels = 40;

struct operands {
  tensor<float, "x"> bias{shape{channels}}, scale{shape{channels}};
  tensor<float, "nhwc"> dst{{2, channels, 3, 3}}, residual{{2, channels, 3, 3}};
  operands() {
    test::fill_random(bias, 1);
    test::fill_random(scale, 2);
    test::fill_random(residual, 3);
  }
};

template <class PostOp>
auto lowered(const PostOp& ops, operands& o) {
  return lower(ops, o.dst.as_view(), channels, "conv_forward");
}

// A kernel post-op on one double, on vectors of channels (the last short), and on vectors of
// pixels.
template <class Kernel, class Expected>
void check_kernel(const Kernel& k, const operands& o, Expected expected) {
  for (index_t c = 0; c < channels; c += V::lanes) {
    const index_t n = std::min<index_t>(V::lanes, channels - c);
    const index_t offset = o.dst.as_view().offset(1, c, 2, 1);
    std::array<float, V::lanes> x;
    for (int l = 0; l < V::lanes; ++l) x[l] = 0.25f * static_cast<float>(l) - 1;
    std::array<float, V::lanes> y;
    k(V::load(x.data()), epilogue::where<>{c, offset, n}).store(y.data());
    for (index_t l = 0; l < n; ++l) {
      const double want = expected(static_cast<double>(x[l]), c + l, offset + l);
      CHECK(y[l] == doctest::Approx(want).epsilon(1e-5));
      CHECK(k(static_cast<double>(x[l]), epilogue::where<>{c + l, offset + l, 1}) ==
            doctest::Approx(want).epsilon(1e-6));
      // Its origin moved there.
      CHECK(k.at(c, offset)(static_cast<double>(x[l]), epilogue::where<>{l, l, 1}) ==
            doctest::Approx(want).epsilon(1e-6));
    }
    // All lanes belong to channel 7.
    using pixels = epilogue::where<epilogue::lanes_are::pixels>;
    k(V::load(x.data()), pixels{7, 0, V::lanes}).store(y.data());
    for (index_t l = 0; l < V::lanes; ++l)
      CHECK(y[l] == doctest::Approx(expected(static_cast<double>(x[l]), 7, l)).epsilon(1e-5));
  }
}

// tile() against the call for each vector.
template <class Kernel>
void check_tile(const Kernel& k) {
  V tile[6], single[6];
  for (int i = 0; i < 6; ++i) tile[i] = single[i] = V(static_cast<float>(i) * 0.3f - 0.5f);
  k.template tile<2>(tile, channels, V::lanes, std::make_integer_sequence<int, 6>{});
  for (int m = 0; m < 3; ++m)
    for (int n = 0; n < 2; ++n) {
      V& v = single[2 * m + n];
      v = k(v, epilogue::where<>{n * V::lanes, m * channels + n * V::lanes, V::lanes});
      std::array<float, V::lanes> a, b;
      tile[2 * m + n].store(a.data());
      v.store(b.data());
      CHECK(a == b);
    }
}

// epilogue::fused, moved to image 1: two lines of three pixels of some channels from the second
// vector on, with a short last vector, and the same with pixels as columns. dst holds the residual
// where the post-op reads it, and results are put there only.
template <class PostOp, class Expected>
void check_fused(const PostOp& ops, operands& o, Expected expected) {
  const auto whole = lower<isa::native>(ops, o.dst.as_view(), channels, "conv_forward");
  const index_t image = o.dst.as_view().offset(1, 0, 0, 0), line = 3 * channels;
  const epilogue::fused<float> k = whole.at(0, image);
  float* const dst = o.dst.data() + image;
  const index_t count = channels - V::lanes - 1, first = V::lanes;
  constexpr index_t pixels = 3;
  std::array<float, 2 * pixels * channels> x;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.01f * static_cast<float>(i) - 1;
  const auto check = [&](index_t y, index_t p, index_t c, float from, float before, bool inside) {
    const index_t at = y * line + p * channels + c;
    const double want = expected(static_cast<double>(from), c, image + at);
    CHECK(dst[at] == (inside ? doctest::Approx(want).epsilon(1e-5) : doctest::Approx(before)));
    if (inside)
      CHECK(k(static_cast<double>(from), epilogue::where<>{c, at, 1}) ==
            doctest::Approx(want).epsilon(1e-6));
  };

  test::fill_random(o.dst, 5);
  auto before = o.dst;
  k.template store<V>({.from = x.data(),
                       .from_row = channels,
                       .to = dst + first,
                       .to_row = channels,
                       .rows = pixels,
                       .columns = count,
                       .to_column = V::lanes,
                       .lines = 2,
                       .from_line = pixels * channels,
                       .to_line = line},
                      first, first);
  for (index_t y = 0; y < 2; ++y)
    for (index_t p = 0; p < pixels; ++p)
      for (index_t c = 0; c < channels; ++c)
        check(y, p, c, x[std::max<index_t>((y * pixels + p) * channels + c - first, 0)],
              before.data()[image + y * line + p * channels + c], c >= first && c < first + count);

  // As nchw would have it: a channel's pixels side by side, channels 20 elements apart.
  test::fill_random(o.dst, 6);
  before = o.dst;
  constexpr index_t from = 3, rows = 2, columns = 19, step = 20;
  k.template store_pixels<V>({x.data(), columns, dst, step, rows, columns, V::lanes}, from, 0);
  for (index_t r = 0; r < rows; ++r)
    for (index_t i = 0; i < columns; ++i)
      CHECK(dst[r * step + i] == doctest::Approx(expected(static_cast<double>(x[r * columns + i]),
                                                          from + r, image + r * step + i))
                                     .epsilon(1e-5));
  CHECK(dst[columns] == before.data()[image + columns]);
}

template <class X>
constexpr bool is_standard = std::is_same_v<X, epilogue::standard<float>>;

struct relu6 : function::clamp {
  relu6() : clamp{0, 6} {}
};
struct halved : function::clamp {
  template <class V>
  V operator()(V x) const {
    return x * V(0.5f);
  }
};

}  // namespace

TEST_CASE("the standard order is data of one kernel post-op") {
  operands o;
  const auto bias_at = [&](index_t c) { return static_cast<double>(o.bias(c)); };
  const auto residual_at = [&](index_t at) { return static_cast<double>(o.residual.data()[at]); };

  const auto none = lowered(post::none{}, o);
  static_assert(is_standard<std::remove_const_t<decltype(none)>>);
  CHECK(none.nothing());
  check_kernel(none, o, [](double x, index_t, index_t) { return x; });

  const auto all = lowered(post::bias(o.bias) | post::sum(o.residual) | post::relu(), o);
  static_assert(is_standard<std::remove_const_t<decltype(all)>>);
  CHECK_FALSE(all.nothing());
  check_kernel(all, o, [&](double x, index_t c, index_t at) {
    return std::max(x + bias_at(c) + residual_at(at), 0.);
  });

  const auto scaled = lowered(post::scale_shift(o.scale, o.bias) | post::clamp(-0.5, 0.5), o);
  static_assert(is_standard<std::remove_const_t<decltype(scaled)>>);
  check_kernel(scaled, o, [&](double x, index_t c, index_t) {
    return std::clamp(x * static_cast<double>(o.scale(c)) + bias_at(c), -0.5, 0.5);
  });
  const view<const float, "x"> constant = o.bias;
  const view<float, "x"> variable = o.bias;
  for (const auto& ops : {lowered(post::scale_shift(o.scale, constant), o),
                          lowered(post::scale_shift(constant, variable), o)})
    CHECK(ops.shift == o.bias.data());
  check_tile(all);
  check_tile(scaled);
}

TEST_CASE("function::relu and other limits are the standard clamp, however they are written") {
  operands o;
  const auto check = [&](const auto& ops, double high) {
    const auto k = lowered(ops, o);
    static_assert(is_standard<std::remove_const_t<decltype(k)>>);
    check_kernel(k, o, [&](double x, index_t c, index_t) {
      return std::clamp(x + static_cast<double>(o.bias(c)), 0., high);
    });
  };
  constexpr double none = std::numeric_limits<double>::infinity();
  check(post::bias(o.bias) | function::relu{}, none);
  check(post::bias(o.bias) | post::fuse(function::relu{}), none);
  check(post::bias(o.bias) | function::clamp{0, 0.25}, 0.25);
  check(post::bias(o.bias) | relu6{}, 6);
  const auto own = lowered(post::fuse(halved{}), o);  // its own function, not clamp's
  static_assert(!is_standard<std::remove_const_t<decltype(own)>>);
  check_kernel(own, o, [](double x, index_t, index_t) { return x / 2; });
}

TEST_CASE("any other order or function is a chain, from left to right") {
  operands o;
  const auto residual_at = [&](index_t at) { return static_cast<double>(o.residual.data()[at]); };
  const auto late = lowered(post::relu() | post::sum(o.residual), o);
  static_assert(!is_standard<std::remove_const_t<decltype(late)>>);
  check_kernel(late, o,
               [&](double x, index_t, index_t at) { return std::max(x, 0.) + residual_at(at); });

  const auto twice = lowered(post::bias(o.bias) | post::bias(o.scale), o);
  static_assert(!is_standard<std::remove_const_t<decltype(twice)>>);
  check_kernel(twice, o, [&](double x, index_t c, index_t) {
    return x + static_cast<double>(o.bias(c)) + static_cast<double>(o.scale(c));
  });

  const auto lambda = lowered(post::bias(o.bias) | [](auto v) { return v * v; } | post::tanh(), o);
  check_kernel(lambda, o, [&](double x, index_t c, index_t) {
    const double v = x + static_cast<double>(o.bias(c));
    return std::tanh(v * v);
  });
  check_tile(lambda);
  check_kernel(lowered(post::leaky_relu(0.5f) | post::elu() | post::sigmoid(), o), o,
               [](double x, index_t, index_t) {
                 const double v = x > 0 ? x : 0.5 * x, e = v > 0 ? v : std::expm1(v);
                 return 1 / (1 + std::exp(-e));
               });
}

TEST_CASE("parameters are held in double") {
  CHECK(std::get<0>(post::leaky_relu(0.1).ops).f(-1.) == -0.1);
  CHECK(std::get<0>(post::elu(0.1).ops).f(-100.) == -0.1);
}

TEST_CASE("one type of post-op stands for all") {
  operands o;
  const auto bias_at = [&](index_t c) { return static_cast<double>(o.bias(c)); };
  const auto residual_at = [&](index_t at) { return static_cast<double>(o.residual.data()[at]); };
  const auto residual_and_bias = post::bias(o.bias) | post::sum(o.residual);
  check_fused(post::none{}, o, [](double x, index_t, index_t) { return x; });
  check_fused(residual_and_bias | post::relu(), o, [&](double x, index_t c, index_t at) {
    return std::max(x + bias_at(c) + residual_at(at), 0.);
  });
  check_fused(
      residual_and_bias | [](auto v) { return v * v; }, o,
      [&](double x, index_t c, index_t at) {
        const double v = x + bias_at(c) + residual_at(at);
        return v * v;
      });

  const auto fused = [&](const auto& ops) {
    const auto whole = lower<isa::native>(ops, o.dst.as_view(), channels, "conv_forward");
    const epilogue::fused<float> moved = whole.at(3, 17);
    CHECK(whole.reads(o.dst.data()) == moved.reads(o.dst.data() + 17));
    CHECK_FALSE(moved.reads(o.dst.data()));
    return std::array{whole.is_custom(), whole.nothing(), whole.reads(o.dst.data())};
  };
  using flags = std::array<bool, 3>;
  CHECK(fused(post::none{}) == flags{false, true, false});
  CHECK(fused(post::sum(o.dst)) == flags{false, false, true});
  CHECK(fused(post::sum(o.residual) | post::tanh()) == flags{true, false, false});
  CHECK(fused(post::tanh() | post::sum(o.dst)) == flags{true, false, true});
}

TEST_CASE("a residual may be dst itself, and says so") {
  operands o;
  const float* dst = o.dst.data();
  CHECK(lowered(post::sum(o.dst), o).reads(dst));
  CHECK(lowered(post::relu() | post::sum(o.dst), o).reads(dst));
  CHECK_FALSE(lowered(post::sum(o.residual), o).reads(dst));
  CHECK_FALSE(lowered(post::relu() | post::sum(o.residual) | post::bias(o.bias), o).reads(dst));
}

TEST_CASE("operands that do not fit dst are named") {
  operands o;
  using test::message;
  const tensor<float, "x"> few(shape{3});
  CHECK(message([&] { lowered(post::bias(few), o); }) ==
        "conv_forward: post::bias: expected 40 elements (dst's channels), got 3");
  CHECK(message([&] { lowered(post::scale_shift(o.scale, few), o); }) ==
        "conv_forward: post::scale_shift shift: expected 40 elements (dst's channels), got 3");
  const tensor<float, "nhwc"> small({2, channels, 3, 2}), wide({2, channels + 1, 3, 3});
  CHECK(message([&] { lowered(post::sum(small), o); }) ==
        "conv_forward: post::sum: expected dst's shape 2x40x3x3 and its strides, got 2x40x3x2");
  CHECK(message([&] { lowered(post::sum(wide.part(1, 0, channels)), o); }) ==
        "conv_forward: post::sum: expected dst's shape 2x40x3x3 and its strides, got 2x40x3x3 with "
        "other strides");

  // A view into dst's memory, or with gaps.
  const view<float, "x"> inside(o.dst.data() + 17, {channels});
  CHECK(message([&] { lowered(post::bias(inside), o); }) ==
        "conv_forward: dst: expected memory apart from post::bias, got an overlap");
  CHECK(message([&] { lowered(post::scale_shift(inside, o.bias), o); }) ==
        "conv_forward: dst: expected memory apart from post::scale_shift scale, got an overlap");
  CHECK(message([&] { lowered(post::scale_shift(o.bias, inside), o); }) ==
        "conv_forward: dst: expected memory apart from post::scale_shift shift, got an overlap");
  const tensor<float, "x"> twice({2 * channels});
  const view<const float, "x"> gaps(twice.data(), {channels}, {2});
  CHECK(message([&] { lowered(post::bias(gaps), o); }) ==
        "conv_forward: post::bias: expected contiguous elements, got stride 2");
}

TEST_CASE("the stride of one channel's vector does not matter") {
  const float value = 3;
  const view<const float, "x"> b(&value, {1}, {7});
  tensor<float, "nchw"> dst({1, 1, 2, 2});
  CHECK(lower(post::bias(b), dst.as_view(), 1, "conv_forward").shift == &value);
  CHECK(lower(post::scale_shift(b, b), dst.as_view(), 1, "conv_forward").scale == &value);
}
