// Eigen: the product of two row-major matrices. Its vector width is fixed at compile time, so this
// file is compiled once per ISA, like simdnn's side.
#include <Eigen/Core>
#include <bench/ops/fixed_problems.hpp>
#include <bench/peers/peer.hpp>
#include <simdnn/isa/tag.hpp>

namespace simdnn::bench {
namespace {

class eigen_gemm final : public runner {
 public:
  using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  eigen_gemm(const gemm_task& t, const conditions& c)
      : a_(Eigen::Map<const matrix>(t.a, t.m, t.k)),
        b_(Eigen::Map<const matrix>(t.b, t.k, t.n)),
        c_(t.m, t.n),
        threads_(c.threads) {}
  void run() override {
    Eigen::setNbThreads(threads_);
    c_.noalias() = a_ * b_;
  }
  void fetch(float* result) override { std::copy_n(c_.data(), c_.size(), result); }
  std::string implementation() const override { return std::string("gebp:") + isa::native::name; }

 private:
  matrix a_, b_, c_;
  int threads_;
};

template <int Size>
class eigen_fixed final : public runner {
 public:
  using matrix = Eigen::Matrix<float, Size, Size, Eigen::RowMajor>;
  using map = Eigen::Map<const matrix, Eigen::Aligned64>;

  explicit eigen_fixed(const gemm_task& t) : a_(map(t.a)), b_(map(t.b)) {}
  void run() override { c_.noalias() = a_ * b_; }
  void fetch(float* result) override { std::copy_n(c_.data(), c_.size(), result); }
  std::string implementation() const override { return std::string("fixed:") + isa::native::name; }

 private:
  matrix a_, b_, c_;
};

}  // namespace

std::unique_ptr<runner> make_eigen_gemm(const gemm_task& task, const conditions& c) {
  if (task.fixed)
    return make_fixed(task, [&]<int Size>() { return std::make_unique<eigen_fixed<Size>>(task); });
  return std::make_unique<eigen_gemm>(task, c);
}

}  // namespace simdnn::bench
