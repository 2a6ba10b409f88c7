// What results are compared with.
#pragma once

#include <bench/reference.hpp>
#include <memory>
#include <string_view>

namespace simdnn::bench {

class judge {
 public:
  virtual ~judge() = default;
  /// All results, or a sample.
  virtual comparison compare(const float* got, bool sample) const = 0;
  /// The largest absolute error that an algorithm of this name may leave.
  virtual double tolerance(std::string_view algorithm) const = 0;
};

/// Of products: sums in double. The best instruction set here computes them, whichever is judged.
class product_judge final : public judge {
 public:
  explicit product_judge(std::unique_ptr<dot_products> wanted) : wanted_(std::move(wanted)) {}
  comparison compare(const float* got, bool sample) const override;
  double tolerance(std::string_view algorithm) const override {
    return bench::tolerance(wanted_->terms, algorithm);
  }

 private:
  std::unique_ptr<dot_products> wanted_;
};

}  // namespace simdnn::bench
