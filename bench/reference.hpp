// The reference that results are checked against: dot products in double, and the tolerances.
//
// Convolutions in all directions and matrix products have one form: each output is the dot product
// of a row, kept in memory, and a column, which is gathered when it is needed. It shares no code
// with the library.
#pragma once

#include <bench/task.hpp>
#include <cstdint>
#include <memory>
#include <string_view>

namespace simdnn::bench {

/// All outputs as dot products of `depth` products; each of `columns` columns meets `rows` rows.
class dot_products {
 public:
  virtual ~dot_products() = default;
  std::int64_t columns = 0, rows = 0, depth = 0;
  /// How many of the products are not zero by construction, at most.
  std::int64_t terms = 0;

  virtual void gather(std::int64_t column, double* to) const = 0;
  virtual const double* row(std::int64_t column, std::int64_t r) const = 0;
  /// Where in the dense result the output stands.
  virtual std::int64_t index(std::int64_t column, std::int64_t r) const = 0;
  /// What is fused behind the sum.
  virtual double finish(std::int64_t index, double sum) const = 0;
  /// This column, or one near it on the border of the result.
  virtual std::int64_t on_border(std::int64_t column) const = 0;
};

std::unique_ptr<dot_products> make_reference(const conv_task&);
std::unique_ptr<dot_products> make_reference(const gemm_task&);
std::unique_ptr<dot_products> make_reference(const inner_product_task&);

/// What a comparison found. A NaN makes max_error infinite.
struct comparison {
  std::int64_t compared = 0;
  double max_error = 0;                  // absolute
  double rms_error = 0, rms_result = 0;  // over what was compared
};

/// sums[i] = sum over k of row[k] * columns[i][k], k below depth; dots.hpp has the one there is.
using dot_function = void(const double* row, const double* const columns[4], std::int64_t depth,
                          double sums[4]);

/// Compares all outputs, or a sample: at least 4,096 (all where there are fewer), half of them in
/// columns on the border, the same ones for the same seed.
comparison compare(const dot_products& wanted, const float* got, bool sample, std::uint64_t seed,
                   dot_function* dots);

/// The largest absolute error that single precision may leave on a sum of `terms` products of
/// operands from [-1, 1), by an algorithm of this name. The one place for all tolerances of the
/// benchmark.
///
/// Such a product has the deviation 1/3, a partial sum of k of them sqrt(k) / 3, and 4.5 times that
/// all along in the worst of millions of outputs. Each addition in single precision is off by an
/// evenly spread half eps at most, deviation eps / sqrt(12). Over one chain of additions, the worst
/// order there is, these add up to the deviation 4.5 * eps * terms / (3 * sqrt(24)); the largest is
/// again 4.5 times that. eps * (2 * sqrt(terms) + 1) is for rounding the products, the result and
/// the bias. Winograd algorithms are held to three times the error of plain sums.
///
/// Where an operand repeats its numbers, partial sums of k equal products are sqrt(k) times larger.
double tolerance(std::int64_t terms, std::string_view algorithm, bool repeats = false);

}  // namespace simdnn::bench
