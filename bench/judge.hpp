// judge: compares results with the expected ones.
#pragma once

#include <bench/reference.hpp>
#include <memory>
#include <string_view>

namespace simdnn::bench {

class judge {
 public:
  virtual ~judge() = default;
  /// Compares all results, or if `sample` is set perhaps only some of them.
  virtual comparison compare(const float* got, bool sample) const = 0;
  /// The largest absolute error that is allowed for an algorithm of this name.
  virtual double tolerance(std::string_view algorithm) const = 0;
};

/// Compares products with sums in double. The best instruction set of this CPU computes these,
/// whichever is judged.
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
