// The reference that results of conv, gemm and inner_product are checked against: dot products in
// double, and the tolerances.
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

/// All outputs as dot products of `depth` terms, of each of `columns` columns with `rows` rows.
class dot_products {
 public:
  virtual ~dot_products() = default;
  std::int64_t columns = 0, rows = 0, depth = 0;
  /// The largest number of products in a sum that are not zero by construction.
  std::int64_t terms = 0;

  virtual void gather(std::int64_t column, double* to) const = 0;
  virtual const double* row(std::int64_t column, std::int64_t r) const = 0;
  /// The index of the output in the dense result.
  virtual std::int64_t index(std::int64_t column, std::int64_t r) const = 0;
  /// Applies what is fused to the sum.
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

/// sums[i] = sum over k < depth of row[k] * columns[i][k]. Implemented in dots.hpp.
using dot_function = void(const double* row, const double* const columns[4], std::int64_t depth,
                          double sums[4]);

/// Compares all outputs, or a sample. A sample has at least 4,096 outputs (all if there are fewer),
/// half of them in columns on the border. The same seed gives the same sample.
comparison compare(const dot_products& wanted, const float* got, bool sample, std::uint64_t seed,
                   dot_function* dots);

/// The largest absolute error that is allowed for a sum of `terms` products of operands from
/// [-1, 1), computed in single precision by an algorithm of this name. It is the tolerance of all
/// checks of conv, gemm and inner_product. Other operations have that of tests/support/compare.hpp.
///
/// Such a product has the standard deviation 1/3, and a partial sum of k products has sqrt(k) / 3.
/// In the worst of millions of outputs, the partial sums are 4.5 times that throughout. The
/// relative error of each addition in single precision is uniform and at most eps / 2: its standard
/// deviation is eps / sqrt(12). In a single chain of additions, which is the worst order, the
/// errors add up to the standard deviation 4.5 * eps * terms / (3 * sqrt(24)); the largest error is
/// again 4.5 times that. eps * (2 * sqrt(terms) + 1) is for rounding the products, the result and
/// the bias. Winograd algorithms may have three times the error of plain sums.
///
/// If an operand repeats its numbers, partial sums of k equal products are sqrt(k) times larger.
double tolerance(std::int64_t terms, std::string_view algorithm, bool repeats = false);

}  // namespace simdnn::bench
