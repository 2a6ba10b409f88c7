// Every algorithm of every pass of conv, and conv_pool, with operands of random strides: the same
// results as for dense ones; nothing but the results is written.
#include <doctest/doctest.h>

#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/conv_pool.hpp>

#include "support/compare.hpp"
#include "support/strided_operand.hpp"

using namespace simdnn;

namespace {

template <layout L>
using operand = test::strided_operand<float, L>;

constexpr const char* texts[] = {"mb2ic16ih5oc32kh1",
                                 "mb2ic20ih6oc24kh3ph1",
                                 "g16mb2ic16ih7oc16kh3ph1",
                                 "g4mb1ic4ih6iw9oc8kh3sh2ph1",
                                 "mb1ic32ih8oc16kh3ph1",
                                 "mb2ic3ih9oc18kh5sh2ph2",
                                 "g2mb1ic32ih5iw6oc32kh1sh2ph0",
                                 "mb1ic18ih6oc17kh1kw3ph0pw1",
                                 "mb1ic16ih9oc20oh2kh3dh2sh4ph1"};

// oneDNN takes dense operands only, and says so.
template <class F>
void run(const std::string& name, F f) {
  const std::string text = test::message(f);
  CHECK_MESSAGE((text == "no error" || (name == "onednn" && text.find("dense") != text.npos)),
                text);
}

template <layout Src, layout Dst>
void convolve(const conv_problem& p, test::random& r) {
  const auto x = operand<Src>::read(p.src_shape(), r);
  const auto w = operand<"oihw">::read(p.weights_shape(), r);
  const auto g = operand<Dst>::read(p.dst_shape(), r);
  const auto bias = test::random_tensor<float, "x">({p.out}, r.bits());
  const auto dense_x = test::copy_to<Src>(x);
  const auto dense_w = test::copy_to<"oihw">(w);
  const auto dense_g = test::copy_to<Dst>(g);
  const auto post = post::bias(bias) | [](auto v) { return v * v; };
  const auto relu = post::bias(bias) | post::relu();
  tensor<float, Dst> y_reference(p.dst_shape()), relu_reference(p.dst_shape());
  tensor<float, Src> dx_reference(p.src_shape());
  tensor<float, "oihw"> dw_reference(p.weights_shape());
  const policy plain{.algorithm = "reference"};
  conv_forward(p, dense_x, dense_w, y_reference, post, plain);
  conv_forward(p, dense_x, dense_w, relu_reference, relu, plain);
  conv_backward_data(p, dense_g, dense_w, dx_reference, plain);
  conv_backward_weights(p, dense_x, dense_g, dw_reference, plain);
  const auto for_each_algorithm = [&](auto plan_type, direction pass, auto f) {
    using plan = typename decltype(plan_type)::type;
    for (const std::string& name : plan::algorithm_list::names()) {
      if (plan::algorithm_list::refusal(conv::make_query<Src, Dst>(p, pass, accuracy::normal),
                                        name))
        continue;
      CAPTURE(name);
      f(plan(p, {.algorithm = name}), name);
    }
  };
  // Winograd's rounding: tests/ops/conv/conv_test.cpp.
  const auto factor = [](const std::string& name) { return name.starts_with("winograd") ? 8 : 1; };
  const index_t terms = p.in * p.kernel[0] * p.kernel[1], many = 4 * terms;
  for_each_algorithm(std::type_identity<conv_plan<float, Src, Dst>>{}, direction::forward,
                     [&](const auto& plan, const std::string& name) {
                       const auto y = operand<Dst>::written(p.dst_shape(), r);
                       CAPTURE(x.where().str());
                       CAPTURE(y.where().str());
                       const auto packed = plan.pack(w);
                       run(name, [&] {
                         plan(x, packed, y.as_view(), relu);
                         CHECK(test::difference(y, relu_reference, terms, factor(name)) == "");
                         CHECK(y.faults() == "");
                         plan(x, packed, y.as_view(), post);
                         CHECK(test::difference(y, y_reference, many, factor(name)) == "");
                         CHECK(y.faults() == "");
                       });
                     });
  for_each_algorithm(std::type_identity<conv_backward_data_plan<float, Src, Dst>>{},
                     direction::backward_data, [&](const auto& plan, const std::string& name) {
                       const auto dx = operand<Src>::written(p.src_shape(), r);
                       CAPTURE(g.where().str());
                       CAPTURE(dx.where().str());
                       run(name, [&] {
                         plan(g, plan.pack(w), dx.as_view());
                         CHECK(test::difference(dx, dx_reference, p.out * 9, factor(name)) == "");
                         CHECK(dx.faults() == "");
                       });
                     });
  for_each_algorithm(std::type_identity<conv_backward_weights_plan<float, Src, Dst>>{},
                     direction::backward_weights, [&](const auto& plan, const std::string& name) {
                       const auto dw = operand<"oihw">::written(p.weights_shape(), r);
                       CAPTURE(x.where().str());
                       CAPTURE(g.where().str());
                       run(name, [&] {
                         plan(x, g, dw.as_view());
                         CHECK(test::difference(dw, dw_reference, 200) == "");
                         CHECK(dw.faults() == "");
                       });
                     });
}

template <layout Src, layout Dst>
void convolve_and_pool(const conv_problem& p, test::random& r) {
  const conv_pool_plan<float, Src, Dst> plan(p);
  const auto x = operand<Src>::read(p.src_shape(), r);
  const auto w = test::random_tensor<float, "oihw">(p.weights_shape(), r.bits());
  const auto y = operand<Dst>::written(plan.shape_of("dst"), r);
  CAPTURE(x.where().str());
  CAPTURE(y.where().str());
  tensor<float, Dst> reference(plan.shape_of("dst"));
  conv_pool_forward(p, test::copy_to<Src>(x), w, reference);
  const std::string text = test::message([&] { plan(x, plan.pack(w), y.as_view()); });
  if (text != "no error") {
    CHECK_MESSAGE(!y.fastest_contiguous(), text);
    return;
  }
  CHECK(test::difference(y, reference, p.in * 9) == "");
  CHECK(y.faults() == "");
}

}  // namespace

TEST_CASE("random strides: conv") {
  test::random r(1);
  for (int round = 0; round < 6; ++round)
    for (const char* text : texts) {
      CAPTURE(text);
      const conv_problem p = conv_problem::parse(text);
      convolve<"nhwc", "nhwc">(p, r);
      convolve<"nchw", "nchw">(p, r);
      convolve<"nChw16c", "nChw16c">(p, r);
      convolve<"nhwc", "nchw">(p, r);
    }
}

TEST_CASE("random strides: conv_pool") {
  test::random r(2);
  for (int round = 0; round < 8; ++round)
    for (const char* text : texts) {
      CAPTURE(text);
      const conv_problem p = conv_problem::parse(text);
      if (p.output(0) < 2 || p.output(1) < 2) continue;
      convolve_and_pool<"nhwc", "nhwc">(p, r);
      convolve_and_pool<"nchw", "nChw16c">(p, r);
    }
}
