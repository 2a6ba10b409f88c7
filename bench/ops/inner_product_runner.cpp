// simdnn's inner products. Each row of src holds all inputs of one item; weights are packed.
#include <algorithm>
#include <bench/runners.hpp>
#include <simdnn/ops/inner_product.hpp>

namespace simdnn::bench {
namespace {

using rows = tensor<float, "nc">;

rows make_unwritten(const shape& s) {
  rows r(s);
  std::fill_n(r.data(), r.elements(), unwritten);
  return r;
}

inner_product_problem problem_of(const inner_product_task& t) {
  return {.batch = t.batch, .in = t.in, .out = t.out};
}

class forward final : public runner {
 public:
  forward(const inner_product_task& t, const choice& c, int threads)
      : team_(make_team(threads, c.pool)),
        plan_(problem_of(t), policy_of(c)),
        src_(t.src_data, shape{t.batch, t.in}),
        weights_(plan_.pack(view<const float, "oi">(t.weights_data, shape{t.out, t.in}))),
        dst_(make_unwritten({t.batch, t.out})),
        with_bias_(t.with_bias),
        with_relu_(t.with_relu) {
    if (with_bias_) bias_ = view<const float, "x">(t.bias_data, shape{t.out});
  }
  void run() override {
    if (with_bias_ && with_relu_)
      plan_(src_, weights_, dst_, post::bias(bias_) | post::relu(), team_);
    else if (with_bias_)
      plan_(src_, weights_, dst_, post::bias(bias_), team_);
    else if (with_relu_)
      plan_(src_, weights_, dst_, post::relu(), team_);
    else
      plan_(src_, weights_, dst_, post::none{}, team_);
  }
  void fetch(float* result) override { std::copy_n(dst_.data(), dst_.elements(), result); }
  std::string implementation() const override { return plan_.algorithm_name(); }

 private:
  team team_;
  inner_product_plan<float, "nc", isa::native> plan_;
  view<const float, "nc"> src_;
  packed<float> weights_;
  rows dst_;
  view<const float, "x"> bias_;
  bool with_bias_, with_relu_;
};

class backward_data final : public runner {
 public:
  backward_data(const inner_product_task& t, const choice& c, int threads)
      : team_(make_team(threads, c.pool)),
        plan_(problem_of(t), policy_of(c)),
        diff_dst_(t.diff_dst_data, shape{t.batch, t.out}),
        weights_(plan_.pack(view<const float, "oi">(t.weights_data, shape{t.out, t.in}))),
        diff_src_(make_unwritten({t.batch, t.in})) {}
  void run() override { plan_(diff_dst_, weights_, diff_src_, team_); }
  void fetch(float* result) override {
    std::copy_n(diff_src_.data(), diff_src_.elements(), result);
  }
  std::string implementation() const override { return plan_.algorithm_name(); }

 private:
  team team_;
  inner_product_backward_data_plan<float, "nc", isa::native> plan_;
  view<const float, "nc"> diff_dst_;
  packed<float> weights_;
  rows diff_src_;
};

class backward_weights final : public runner {
 public:
  backward_weights(const inner_product_task& t, const choice& c, int threads)
      : team_(make_team(threads, c.pool)),
        plan_(problem_of(t), policy_of(c)),
        src_(t.src_data, shape{t.batch, t.in}),
        diff_dst_(t.diff_dst_data, shape{t.batch, t.out}),
        diff_weights_(shape{t.out, t.in}) {
    std::fill_n(diff_weights_.data(), diff_weights_.elements(), unwritten);
  }
  void run() override { plan_(src_, diff_dst_, diff_weights_, team_); }
  void fetch(float* result) override {
    std::copy_n(diff_weights_.data(), diff_weights_.elements(), result);
  }
  std::string implementation() const override { return plan_.algorithm_name(); }

 private:
  team team_;
  inner_product_backward_weights_plan<float, "nc", isa::native> plan_;
  view<const float, "nc"> src_, diff_dst_;
  tensor<float, "oi"> diff_weights_;
};

}  // namespace

std::vector<algorithm_info> inner_product_algorithms(const inner_product_task& t, bool strict) {
  const auto pass = t.dir == direction::bwd_d   ? simdnn::direction::backward_data
                    : t.dir == direction::bwd_w ? simdnn::direction::backward_weights
                                                : simdnn::direction::forward;
  return describe<inner_product::all<float, "nc", isa::native>>(
      inner_product::query{problem_of(t), pass, strict ? accuracy::strict : accuracy::normal});
}

std::unique_ptr<runner> make_inner_product(const inner_product_task& t, const choice& c,
                                           int threads) {
  if (t.dir == direction::bwd_d) return std::make_unique<backward_data>(t, c, threads);
  if (t.dir == direction::bwd_w) return std::make_unique<backward_weights>(t, c, threads);
  return std::make_unique<forward>(t, c, threads);
}

}  // namespace simdnn::bench
