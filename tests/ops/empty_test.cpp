// Products of operands without elements, and with null pointers, by each algorithm. Of the other
// operations ops/NAME/promises checks that. What UBSan's pointer checks are for: `./dev undefined`.
#include <doctest/doctest.h>

#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/conv_pool.hpp>
#include <simdnn/ops/gemm.hpp>
#include <simdnn/ops/inner_product.hpp>

#include "support/compare.hpp"

using namespace simdnn;

namespace {

template <layout L>
tensor<float, L> make(const shape& s) {
  tensor<float, L> x(s);
  std::fill_n(x.data(), x.elements(), 1.0f);
  return x;
}

}  // namespace

TEST_CASE("empty: products") {
  for (const index_t m : {0, 1, 3})
    for (const index_t n : {0, 1, 3})
      for (const index_t k : {0, 1, 3}) {
        const gemm_problem p{.m = m, .n = n, .k = k, .beta = 1};
        CAPTURE(p.str());
        const auto a = make<"ab">(p.a_shape()), b = make<"ab">(p.b_shape());
        const auto bias = make<"x">({n});
        for (const char* name : {"blocked", "small", "reference"}) {
          CAPTURE(name);
          auto c = make<"ab">(p.c_shape());
          gemm_forward(p, a, b, c, post::bias(bias) | post::relu(), policy{.algorithm = name});
          for (index_t i = 0; i < c.elements(); ++i)
            CHECK(c.data()[i] == static_cast<float>(k) + 2);
        }
        auto da = make<"ab">(p.a_shape()), db = make<"ab">(p.b_shape());
        gemm_backward_data(p, make<"ab">(p.c_shape()), b, da);
        gemm_backward_weights(p, a, make<"ab">(p.c_shape()), db);
        for (const index_t batch : {0, 2}) {
          auto c = make<"abc">({batch, m, n});
          gemm_batch_forward(p, make<"abc">({batch, m, k}), make<"abc">({batch, k, n}), c);
        }
      }
  for (const index_t out : {1, 3})
    for (const index_t batch : {0, 2}) {
      const inner_product_problem p{.batch = batch, .in = 3, .out = out};
      const auto x = make<"nc">(p.src_shape()), g = make<"nc">(p.dst_shape());
      const auto w = make<"oi">(p.weights_shape());
      auto y = make<"nc">(p.dst_shape()), dx = make<"nc">(p.src_shape());
      auto dw = make<"oi">(p.weights_shape());
      auto db = make<"x">({p.out});
      inner_product_forward(p, x, w, y, post::relu());
      inner_product_backward_data(p, g, w, dx);
      inner_product_backward_weights(p, x, g, dw, db);
      for (index_t i = 0; i < dw.elements(); ++i) CHECK(dw.data()[i] == static_cast<float>(batch));
    }
}

template <layout L>
void empty_batch() {
  for (const char* text : {"mb0ic16ih6oc32kh3ph1", "mb0ic16ih6oc32kh1", "g16mb0ic16ih6oc16kh3ph1",
                           "mb0ic3ih6oc17kh3sh2ph1"}) {
    CAPTURE(text);
    const conv_problem p = conv_problem::parse(text);
    const auto src = make<L>(p.src_shape());
    const auto w = make<"oihw">(p.weights_shape());
    auto dst = make<L>(p.dst_shape()), dx = make<L>(p.src_shape());
    auto dw = make<"oihw">(p.weights_shape());
    auto db = make<"x">({p.out});
    for (const std::string& name : conv_plan<float, L>::algorithm_list::names()) {
      CAPTURE(name);
      if (conv_plan<float, L>::algorithm_list::refusal(
              conv::make_query<L, L>(p, direction::forward, accuracy::normal), name))
        continue;
      conv_forward(p, src, w, dst, post::relu(), policy{.algorithm = name});
    }
    for (const char* name : {"direct", "im2col"}) {
      conv_backward_data(p, dst, w, dx, policy{.algorithm = name});
      conv_backward_weights(p, src, dst, dw, db, policy{.algorithm = name});
      for (index_t i = 0; i < dw.elements(); ++i) CHECK(dw.data()[i] == 0);
      for (index_t i = 0; i < db.elements(); ++i) CHECK(db.data()[i] == 0);
    }
    auto pooled = make<L>(conv_pool::dst_shape(p.checked()));
    conv_pool_forward(p, src, w, pooled);
  }
}

TEST_CASE("empty: no images") {
  empty_batch<"nchw">();
  empty_batch<"nhwc">();
  empty_batch<"nChw16c">();
}
