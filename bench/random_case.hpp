// random_case: a random problem with its operands. Each op has one function that makes them.
#pragma once

#include <bench/kernels.hpp>
#include <bench/random_call.hpp>
#include <bench/reference.hpp>
#include <bench/split_mix.hpp>
#include <functional>
#include <memory>
#include <string>
#include <tests/support/guarded_memory.hpp>
#include <tests/support/random_view.hpp>
#include <vector>

namespace simdnn::bench {

/// An operand that is read. Elements are numbers from [-1, 1), the blocks' padding is zero, and
/// everything else is NaN, so that reading a foreign element shows in the result.
class random_input {
 public:
  random_input(std::string name, const test::random_view& where, split_mix& random);

  const std::string& name() const { return name_; }
  const test::random_view& view() const { return view_; }
  placed operand() {
    return {view_.format, view_.shape, view_.strides, memory_.data() + view_.first};
  }
  /// The elements in logical order; along dimensions of stride 0 they are equal.
  const floats& dense() const { return dense_; }
  bool changed() const;

 private:
  std::string name_;
  test::random_view view_;
  test::guarded_memory<float> memory_;
  floats dense_;
  std::vector<float> before_;
};

/// An operand that is written, with its expected elements.
class random_output {
 public:
  random_output(std::string name, const test::random_view& where);

  const std::string& name() const { return name_; }
  const test::random_view& view() const { return view_; }
  placed operand() {
    return {view_.format, view_.shape, view_.strides, memory_.data() + view_.first};
  }
  /// Fills the memory with a pattern, a NaN that nothing computes. If `initial` is not empty, it
  /// then sets the elements to it and the padding to zero.
  void reset();
  /// The largest error that is allowed for an algorithm of this name.
  double allowed(const std::string& algorithm) const;
  /// Describes a write outside of the operand or padding that is not zero; empty if there is
  /// neither.
  std::string damage() const;
  test::guarded_memory<float>& memory() { return memory_; }

  std::vector<double> wanted;  // in logical order
  std::vector<float> initial;  // in logical order, or empty
  bool repeats = false;        // some input has a stride of 0
  std::int64_t terms = 0;      // products per sum, for the tolerance
  bool zeroes_padding = true;  // false: padding may hold anything

 private:
  std::string name_;
  test::random_view view_;
  test::guarded_memory<float> memory_;
  std::vector<test::place> places_;
  std::vector<float> pattern_;
};

struct random_case {
  std::string problem;  // benchdnn's notation
  std::string fused;    // the fused steps and how the op is called, or empty
  std::vector<std::unique_ptr<random_input>> inputs;
  std::vector<std::unique_ptr<random_output>> outputs;
  std::function<std::vector<algorithm_info>()> algorithms;
  /// Runs the algorithm of this name, or the chosen one if the name is empty. Returns its name.
  std::function<std::string(const std::string& algorithm, int threads)> run;

  random_input& add_input(const char* name, const layout&, const shape&, split_mix&,
                          test::view_freedom);
  random_output& add_output(const char* name, const layout&, const shape&, split_mix&,
                            test::view_freedom);
  /// Adds a vector without gaps, with zeros as expected elements.
  random_output& add_bias_gradient(std::int64_t channels);
  /// Whether an input has a stride of 0.
  bool repeats() const;
  /// The problem and all operands as text.
  std::string text() const;
};

/// Draws the fused steps. Returns them, adds the operands that they read to the case, and applies
/// them to dst.wanted. `channels` is the size of dst's dimension 1.
fused_call add_fused(random_case&, random_output& dst, std::int64_t channels, split_mix&);

/// All sums of the reference, in logical order.
std::vector<double> sums(const dot_products&);

}  // namespace simdnn::bench
