// The op gemm. Problems are written as in benchdnn's matmul: 64x1024:1024x256 is M x K times K x N.
// --batch replaces M.
#include <bench/op.hpp>
#include <bench/ops/fixed_problems.hpp>
#include <bench/refuse.hpp>
#include <simdnn/ops/gemm/problem.hpp>

namespace simdnn::bench {
namespace {

class gemm_workload final : public workload {
 public:
  gemm_workload(const gemm_problem& p, const request& r)
      : problem_(p),
        where_(r.where),
        a_(random_operand(p.m * p.k, 1)),
        b_(random_operand(p.k * p.n, 2)) {
    task_ = {.m = p.m, .n = p.n, .k = p.k, .a = a_.data(), .b = b_.data(), .fixed = r.fixed};
  }
  std::string notation() const override { return problem_.str(); }
  double flops() const override { return problem_.flops(); }
  double bytes() const override { return problem_.elements() * sizeof(float); }
  std::int64_t outputs() const override { return task_.m * task_.n; }
  std::vector<algorithm_info> algorithms(bool strict) const override {
    return where_.code->gemm_algorithms(task_, strict);
  }
  std::unique_ptr<runner> make_simdnn(const choice& c) const override {
    if (task_.fixed) {
      std::unique_ptr<runner> made = where_.code->fixed_gemm(task_);
      if (made == nullptr)
        refuse("--fixed",
               "a compiled cube of " + std::to_string(first_fixed) + " to " +
                   std::to_string(last_fixed),
               problem_.str());
      return made;
    }
    return where_.code->gemm(task_, c, c.threads > 0 ? c.threads : where_.threads);
  }
  std::unique_ptr<runner> make_peer(const peer& p) const override { return p.gemm(task_, where_); }
  std::unique_ptr<judge> make_judge() const override {
    return std::make_unique<product_judge>(make_reference(task_));
  }

 private:
  gemm_problem problem_;
  conditions where_;
  floats a_, b_;
  gemm_task task_;
};

}  // namespace

std::vector<std::string> fixed_cubes() {
  std::vector<std::string> list;
  for (int size = first_fixed; size <= last_fixed; ++size) {
    const std::string n = std::to_string(size);
    list.push_back(n + "x" + n + ":" + n + "x" + n);
  }
  return list;
}

std::unique_ptr<workload> make_gemm_workload(const op&, const std::string& text, const request& r) {
  gemm_problem p = gemm_problem::parse(text);
  if (p.alpha != 1 || p.beta != 0)
    throw std::invalid_argument(text +
                                ": expected alpha 1 and beta 0, which are all that is measured");
  if (r.batch > 0) p.m = r.batch;
  return std::make_unique<gemm_workload>(p.checked("simdnn_bench"), r);
}

}  // namespace simdnn::bench
