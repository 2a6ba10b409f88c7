// The op conv. A problem is a text such as mb8_ic64ih56_oc64oh56_kh3_ph1.
#include <bench/op.hpp>
#include <bench/refuse.hpp>

namespace simdnn::bench {
namespace {

dims to_dims(const shape& s) { return {s.begin(), s.end()}; }

class conv_workload final : public workload {
 public:
  conv_workload(const conv_problem& p, const request& r)
      : problem_(p), task_(to_task(p, r.dir)), where_(r.where) {
    task_.with_bias = r.with_bias, task_.with_relu = r.with_relu;
    if (r.dir != direction::bwd_d) src_ = random_operand(product(task_.src), 1);
    if (r.dir != direction::bwd_w) weights_ = random_operand(product(task_.weights), 2);
    if (!is_forward(r.dir)) diff_dst_ = random_operand(product(task_.dst), 3);
    if (r.with_bias) bias_ = random_operand(p.out, 4);
    task_.src_data = src_.data(), task_.weights_data = weights_.data();
    task_.diff_dst_data = diff_dst_.data(), task_.bias_data = bias_.data();
  }

  std::string notation() const override { return problem_.str(); }
  double flops() const override { return problem_.flops(); }
  double bytes() const override { return problem_.elements() * sizeof(float); }
  std::int64_t outputs() const override { return product(task_.result()); }
  std::vector<algorithm_info> algorithms(bool strict) const override {
    return where_.code->conv_algorithms(problem_, task_, strict);
  }
  std::unique_ptr<runner> make_simdnn(const choice& c) const override {
    if (c.fixed) {
      std::unique_ptr<runner> own =
          is_forward(task_.dir) ? where_.code->fixed_conv(problem_, task_) : nullptr;
      if (own == nullptr) refuse("--fixed", "a forward pass of a compiled problem", problem_.str());
      return own;
    }
    return where_.code->conv(problem_, task_, c, c.threads > 0 ? c.threads : where_.threads);
  }
  std::unique_ptr<runner> make_peer(const peer& p) const override { return p.conv(task_, where_); }
  std::unique_ptr<judge> make_judge() const override {
    return std::make_unique<product_judge>(make_reference(task_));
  }

 private:
  conv_problem problem_;
  conv_task task_;
  conditions where_;
  floats src_, weights_, diff_dst_, bias_;
};

}  // namespace

conv_task to_task(const conv_problem& p, direction dir) {
  conv_task t;
  t.dir = dir;
  t.src = to_dims(p.src_shape()), t.dst = to_dims(p.dst_shape());
  t.weights = to_dims(p.weights_shape());
  t.groups = p.groups;
  for (int d = 0; d < p.rank(); ++d) {
    t.stride.push_back(p.stride[d]);
    t.dilation.push_back(p.dilation[d] - 1);
    t.pad.push_back(p.pad[d]);
    t.pad_end.push_back(p.pad_end[d]);
  }
  return t;
}

std::unique_ptr<workload> make_conv_workload(const op&, const std::string& text, const request& r) {
  conv_problem p = conv_problem::parse(text);
  if (r.batch > 0) p.batch = r.batch;
  return std::make_unique<conv_workload>(p.checked("simdnn_bench"), r);
}

}  // namespace simdnn::bench
