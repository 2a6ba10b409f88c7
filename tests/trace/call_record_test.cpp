// Operations make one record each, which says what ran; nobody asks, nobody gets any. Of the others
// check_passes (support/pass_checks.hpp) sees the same.
#include <doctest/doctest.h>

#include <simdnn/ops/concat.hpp>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/conv_pool.hpp>
#include <simdnn/ops/gemm.hpp>
#include <simdnn/ops/softmax.hpp>
#include <simdnn/trace/call_record.hpp>
#include <vector>

#include "support/records.hpp"

namespace dnn = simdnn;

namespace {

class collector : public test::record_collector {
 public:
  /// "op problem type layouts algorithm" of those since the last call, and checks what they share.
  std::vector<std::string> take() {
    std::vector<std::string> lines;
    for (const dnn::call_record& call : record_collector::take()) {
      CHECK(call.isa == std::string(dnn::isa::native::name));
      CHECK(call.threads == 1);
      CHECK(call.start > 0);
      CHECK(call.duration >= 0);
      CHECK(call.bytes > 0);
      lines.push_back(std::string(call.op) + (call.packing ? "/pack " : " ") + call.problem + ' ' +
                      call.type + ' ' + call.layouts + ' ' + call.algorithm);
    }
    return lines;
  }
};

using lines = std::vector<std::string>;

}  // namespace

TEST_CASE("gemm") {
  collector seen;
  dnn::tensor<float, "ab"> a({3, 5}), b({5, 7}), c({3, 7}), da({3, 5}), db({5, 7});
  const dnn::gemm_problem p{.m = 3, .n = 7, .k = 5};
  const dnn::serial one;
  dnn::gemm_plan<float> plan(p, {.algorithm = "blocked"});
  plan(a, plan.pack(b, dnn::default_memory(), one), c, dnn::post::relu(), one);
  REQUIRE(seen.calls().size() == 2);
  CHECK(seen.calls()[1].flops == 2 * 3 * 5 * 7);
  CHECK(seen.calls()[1].bytes == 4 * (15 + 35 + 21));
  CHECK(seen.take() ==
        lines{"gemm/pack 3x5:5x7 float ab blocked", "gemm 3x5:5x7 float ab:ab:ab blocked"});
  dnn::gemm_forward(p, a, b, c, dnn::post::none{}, dnn::policy{.algorithm = "small"}, one);
  CHECK(seen.take() == lines{"gemm 3x5:5x7 float ab:ab:ab small"});
  dnn::gemm_backward_data(p, c, b, da, dnn::policy{.algorithm = "small"}, one);
  dnn::gemm_backward_weights(p, a, c, db, dnn::policy{.algorithm = "small"}, one);
  const lines backward = seen.take();
  CHECK(backward == lines{"gemm_backward_data 3x5:5x7 float ab:ab:ab small",
                          "gemm_backward_weights 3x5:5x7 float ab:ab:ab small"});

  dnn::tensor<float, "abc"> as({4, 3, 5}), bs({1, 5, 7}), cs({4, 3, 7});
  dnn::gemm_batch_forward(p, as, bs, cs, dnn::post::none{}, dnn::policy{.algorithm = "small"}, one);
  REQUIRE(seen.calls().size() == 1);
  CHECK(seen.calls()[0].flops == 4 * 2 * 3 * 5 * 7);
  CHECK(seen.calls()[0].bytes == 4 * (60 + 35 + 84));
  CHECK(seen.take() == lines{"gemm_batch batch4:3x5:5x7 float abc:abc:abc small"});
}

TEST_CASE("conv and conv_pool") {
  collector seen;
  const dnn::conv_problem p{.in = 3, .out = 5, .size = {6, 6}, .kernel = {3, 3}, .pad = {1, 1}};
  const std::string words = "mb1ic3ih6iw6oc5oh6ow6kh3kw3sh1sw1ph1pw1";
  dnn::tensor<double, "nchw"> x(p.src_shape()), dx(p.src_shape());
  dnn::tensor<double, "nhwc"> y(p.dst_shape());
  dnn::tensor<double, "oihw"> w(p.weights_shape()), dw(p.weights_shape());
  const dnn::serial one;
  const dnn::policy direct{.algorithm = "direct"};
  dnn::conv_forward(p, x, w, y, dnn::post::none{}, direct, one);
  REQUIRE(seen.calls().size() == 2);
  CHECK(seen.calls()[0].bytes == 2 * 8 * 135);
  CHECK(seen.calls()[1].flops == p.flops());
  CHECK(seen.calls()[1].bytes == 8 * (108 + 135 + 180));
  CHECK(seen.take() == lines{"conv_forward/pack " + words + " double oihw direct",
                             "conv_forward " + words + " double nchw:nhwc direct"});
  dnn::conv_backward_data(p, y, w, dx, direct, one);
  CHECK(seen.take() == lines{"conv_backward_data/pack " + words + " double oihw direct",
                             "conv_backward_data " + words + " double nhwc:nchw direct"});
  dnn::conv_backward_weights(p, x, y, dw, direct, one);
  CHECK(seen.take() == lines{"conv_backward_weights " + words + " double nchw:nhwc:oihw direct"});

  dnn::tensor<double, "nhwc"> pooled({1, 5, 3, 3});
  dnn::conv_pool_forward(p, x, w, pooled, dnn::post::none{}, direct, one);
  REQUIRE(seen.calls().size() == 2);
  CHECK(seen.calls()[1].bytes == 8 * (108 + 135 + 45));
  CHECK(seen.take()[1] == "conv_pool_forward " + words + " double nchw:nhwc direct");
}

TEST_CASE("concat") {
  collector seen;
  const dnn::serial one;
  dnn::tensor<float, "nchw"> x({1, 4, 2, 2}), y({1, 4, 2, 2}), both({1, 8, 2, 2});
  dnn::concat_forward({x, y}, both, one);
  dnn::concat_backward(both, {x, y}, one);
  CHECK(seen.take() == lines{"concat_forward 1x4x2x2:1x4x2x2 float nchw direct",
                             "concat_backward 1x4x2x2:1x4x2x2 float nchw direct"});
}

TEST_CASE("refused calls make no record, nor does anything when the hook is gone") {
  dnn::tensor<float, "nc"> x({2, 3}), y({2, 4});
  {
    collector seen;
    CHECK_THROWS_AS(dnn::softmax_forward(x, y), dnn::error);
    CHECK(seen.calls().empty());
    const collector inner;
    dnn::softmax_forward(x, x);
    CHECK(inner.calls().size() == 1);
    CHECK(seen.calls().empty());
  }
  CHECK(dnn::set_call_hook(nullptr) == nullptr);
  dnn::softmax_forward(x, x);
}

TEST_CASE("the line") {
  const dnn::call_record call{.op = "conv_forward",
                              .problem = "mb1",
                              .type = "float",
                              .layouts = "nchw:nhwc",
                              .isa = "avx2",
                              .algorithm = "direct",
                              .threads = 2,
                              .flops = 3e6,
                              .bytes = 1e6,
                              .start = 5,
                              .duration = 2000000};
  CHECK(call.str() ==
        "simdnn: conv_forward mb1 float nchw:nhwc avx2 direct threads=2 ms=2.000 GFLOP/s=1.5 "
        "GB/s=0.5");
  CHECK(dnn::call_record{}.gflops() == 0);
  CHECK(dnn::call_record::decimal(0.0504, 3) == "0.050");
  CHECK(dnn::call_record::decimal(0.9996, 3) == "1.000");
  CHECK(dnn::call_record::decimal(1234.56, 1) == "1234.6");
}
