// The op inner_product. A problem is a text such as mb8_ic512ih7iw7_oc4096, with ic * id * ih * iw
// inputs.
#include <bench/op.hpp>
#include <simdnn/ops/inner_product/problem.hpp>

namespace simdnn::bench {
namespace {

class inner_product_workload final : public workload {
 public:
  inner_product_workload(const inner_product_problem& p, const request& r)
      : problem_(p), where_(r.where) {
    const std::int64_t batch = p.batch, in = p.weights_shape().elements() / p.out, out = p.out;
    if (r.dir != direction::bwd_d) src_ = random_operand(batch * in, 1);
    if (r.dir != direction::bwd_w) weights_ = random_operand(out * in, 2);
    if (!is_forward(r.dir)) diff_dst_ = random_operand(batch * out, 3);
    if (r.with_bias) bias_ = random_operand(out, 4);
    task_ = {.dir = r.dir,
             .batch = batch,
             .in = in,
             .out = out,
             .with_bias = r.with_bias,
             .with_relu = r.with_relu,
             .src_data = src_.data(),
             .weights_data = weights_.data(),
             .bias_data = bias_.data(),
             .diff_dst_data = diff_dst_.data()};
  }
  std::string notation() const override { return problem_.str(); }
  double flops() const override { return problem_.flops(); }
  double bytes() const override { return problem_.elements() * sizeof(float); }
  std::int64_t outputs() const override {
    return task_.dir == direction::bwd_d   ? task_.batch * task_.in
           : task_.dir == direction::bwd_w ? task_.out * task_.in
                                           : task_.batch * task_.out;
  }
  std::vector<algorithm_info> algorithms(bool strict) const override {
    return where_.code->inner_product_algorithms(task_, strict);
  }
  std::unique_ptr<runner> make_simdnn(const choice& c) const override {
    return where_.code->inner_product(task_, c, c.threads > 0 ? c.threads : where_.threads);
  }
  std::unique_ptr<runner> make_peer(const peer& p) const override {
    return p.inner_product(task_, where_);
  }
  std::unique_ptr<judge> make_judge() const override {
    return std::make_unique<product_judge>(make_reference(task_));
  }

 private:
  inner_product_problem problem_;
  conditions where_;
  inner_product_task task_;
  floats src_, weights_, diff_dst_, bias_;
};

}  // namespace

std::unique_ptr<workload> make_inner_product_workload(const op&, const std::string& text,
                                                      const request& r) {
  inner_product_problem p = inner_product_problem::parse(text);
  if (r.batch > 0) p.batch = r.batch;
  return std::make_unique<inner_product_workload>(p.checked("simdnn_bench"), r);
}

}  // namespace simdnn::bench
