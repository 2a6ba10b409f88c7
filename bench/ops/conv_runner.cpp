// The runners (task.hpp) of simdnn's convolutions. src, dst and their gradients are in blocks of 16
// channels. A src of fewer than 16 channels (a first layer), its gradient and the gradients of
// weights are in plain layouts.
#include <algorithm>
#include <bench/runners.hpp>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/reorder.hpp>

namespace simdnn::bench {
namespace {

// The layouts for Rank spatial dimensions.
template <int Rank>
struct layouts;
template <>
struct layouts<1> {
  static constexpr layout plain = "ncw", blocked = "nCw16c", filter = "oiw";
};
template <>
struct layouts<2> {
  static constexpr layout plain = "nchw", blocked = "nChw16c", filter = "oihw";
};
template <>
struct layouts<3> {
  static constexpr layout plain = "ncdhw", blocked = "nCdhw16c", filter = "oidhw";
};

template <layout L>
view<const float, L> dense(const float* data, const shape& s) {
  return {data, s};
}

// A tensor whose elements are all `unwritten`. reorder zeroes the padding of its blocks.
template <layout L, layout Plain>
tensor<float, L> make_unwritten(const shape& s) {
  tensor<float, Plain> plain(s);
  std::fill_n(plain.data(), plain.elements(), unwritten);
  return reorder<L>(plain);
}

template <class L, layout Src>
class forward final : public runner {
 public:
  forward(const conv_problem& p, const conv_task& t, const choice& c, int threads)
      : team_(make_team(threads, c.pool)),
        plan_(p, policy_of(c)),
        src_(reorder<Src>(dense<L::plain>(t.src_data, p.src_shape()))),
        weights_(plan_.pack(dense<L::filter>(t.weights_data, p.weights_shape()))),
        dst_(make_unwritten<L::blocked, L::plain>(p.dst_shape())),
        with_bias_(t.with_bias),
        with_relu_(t.with_relu) {
    if (!with_bias_) return;
    bias_ = tensor<float, "x">(shape{p.out});
    std::copy_n(t.bias_data, p.out, bias_.data());
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
  void fetch(float* result) override { reorder(dst_, view<float, L::plain>(result, dst_.shape())); }
  std::string implementation() const override { return plan_.algorithm_name(); }

 private:
  team team_;
  conv_plan<float, Src, L::blocked, isa::native> plan_;
  tensor<float, Src> src_;
  packed<float> weights_;
  tensor<float, L::blocked> dst_;
  tensor<float, "x"> bias_;
  bool with_bias_, with_relu_;
};

template <class L, layout Src>
class backward_data final : public runner {
 public:
  backward_data(const conv_problem& p, const conv_task& t, const choice& c, int threads)
      : team_(make_team(threads, c.pool)),
        plan_(p, policy_of(c)),
        diff_dst_(reorder<L::blocked>(dense<L::plain>(t.diff_dst_data, p.dst_shape()))),
        weights_(plan_.pack(dense<L::filter>(t.weights_data, p.weights_shape()))),
        diff_src_(make_unwritten<Src, L::plain>(p.src_shape())) {}
  void run() override { plan_(diff_dst_, weights_, diff_src_, team_); }
  void fetch(float* result) override {
    reorder(diff_src_, view<float, L::plain>(result, diff_src_.shape()));
  }
  std::string implementation() const override { return plan_.algorithm_name(); }

 private:
  team team_;
  conv_backward_data_plan<float, Src, L::blocked, isa::native> plan_;
  tensor<float, L::blocked> diff_dst_;
  packed<float> weights_;
  tensor<float, Src> diff_src_;
};

template <class L, layout Src>
class backward_weights final : public runner {
 public:
  backward_weights(const conv_problem& p, const conv_task& t, const choice& c, int threads)
      : team_(make_team(threads, c.pool)),
        plan_(p, policy_of(c)),
        src_(reorder<Src>(dense<L::plain>(t.src_data, p.src_shape()))),
        diff_dst_(reorder<L::blocked>(dense<L::plain>(t.diff_dst_data, p.dst_shape()))),
        diff_weights_(make_unwritten<L::filter, L::filter>(p.weights_shape())) {}
  void run() override { plan_(src_, diff_dst_, diff_weights_, team_); }
  void fetch(float* result) override {
    std::copy_n(diff_weights_.data(), diff_weights_.elements(), result);
  }
  std::string implementation() const override { return plan_.algorithm_name(); }

 private:
  team team_;
  conv_backward_weights_plan<float, Src, L::blocked, isa::native> plan_;
  tensor<float, Src> src_;
  tensor<float, L::blocked> diff_dst_;
  tensor<float, L::filter> diff_weights_;
};

// Calls f<layouts of p's rank, layout of src>().
template <class F>
auto with_layouts(const conv_problem& p, F f) {
  const auto of_rank = [&]<class L>() {
    return p.in < 16 ? f.template operator()<L, L::plain>()
                     : f.template operator()<L, L::blocked>();
  };
  if (p.rank() == 1) return of_rank.template operator()<layouts<1>>();
  if (p.rank() == 2) return of_rank.template operator()<layouts<2>>();
  return of_rank.template operator()<layouts<3>>();
}

}  // namespace

std::vector<algorithm_info> conv_algorithms(const conv_problem& p, const conv_task& t,
                                            bool strict) {
  const accuracy wanted = strict ? accuracy::strict : accuracy::normal;
  return with_layouts(p, [&]<class L, layout Src>() {
    const auto query = [&](simdnn::direction pass) {
      return conv::make_query<Src, L::blocked>(p, pass, wanted);
    };
    if (t.dir == direction::bwd_d)
      return describe<conv::backward_data_algorithms<float, isa::native>>(
          query(simdnn::direction::backward_data));
    if (t.dir == direction::bwd_w)
      return describe<conv::backward_weights_algorithms<float, isa::native>>(
          query(simdnn::direction::backward_weights));
    return describe<conv::forward_algorithms<float, isa::native>>(
        query(simdnn::direction::forward));
  });
}

std::unique_ptr<runner> make_conv(const conv_problem& p, const conv_task& t, const choice& c,
                                  int threads) {
  return with_layouts(p, [&]<class L, layout Src>() -> std::unique_ptr<runner> {
    if (t.dir == direction::bwd_d) return std::make_unique<backward_data<L, Src>>(p, t, c, threads);
    if (t.dir == direction::bwd_w)
      return std::make_unique<backward_weights<L, Src>>(p, t, c, threads);
    return std::make_unique<forward<L, Src>>(p, t, c, threads);
  });
}

}  // namespace simdnn::bench
