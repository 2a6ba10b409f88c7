// A random problem with its operands, as the check runs it; one function an op makes them.
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

/// An operand that is read: numbers from [-1, 1), zeros in the blocks' padding and NaN everywhere
/// else, so that what reads a foreign element shows it in the result.
class random_input {
 public:
  random_input(std::string name, const test::random_view& where, split_mix& random);

  const std::string& name() const { return name_; }
  const test::random_view& view() const { return view_; }
  placed operand() {
    return {view_.format, view_.shape, view_.strides, memory_.data() + view_.first};
  }
  /// The elements in logical order; those of dimensions of stride 0 are the same.
  const floats& dense() const { return dense_; }
  bool changed() const;

 private:
  std::string name_;
  test::random_view view_;
  test::guarded_memory<float> memory_;
  floats dense_;
  std::vector<float> before_;
};

/// An operand that is written, with what is expected in it.
class random_output {
 public:
  random_output(std::string name, const test::random_view& where);

  const std::string& name() const { return name_; }
  const test::random_view& view() const { return view_; }
  placed operand() {
    return {view_.format, view_.shape, view_.strides, memory_.data() + view_.first};
  }
  /// A pattern everywhere, a NaN that nothing computes; elements as `initial` says and zeros as
  /// padding, if it says so.
  void reset();
  /// The largest error that an algorithm of this name may leave.
  double allowed(const std::string& algorithm) const;
  /// What was written elsewhere, and padding that is not zero; empty where all is well.
  std::string damage() const;
  test::guarded_memory<float>& memory() { return memory_; }

  std::vector<double> wanted;  // in logical order
  std::vector<float> initial;  // the same, or empty
  bool repeats = false;        // some operand has a stride of 0
  std::int64_t terms = 0;      // products a sum, for the tolerance
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
  std::string fused;    // what is fused and how it is called, or empty
  std::vector<std::unique_ptr<random_input>> inputs;
  std::vector<std::unique_ptr<random_output>> outputs;
  std::function<std::vector<algorithm_info>()> algorithms;
  /// Runs the algorithm of this name, or the chosen one; returns its name.
  std::function<std::string(const std::string& algorithm, int threads)> run;

  random_input& add_input(const char* name, const layout&, const shape&, split_mix&,
                          test::view_freedom);
  random_output& add_output(const char* name, const layout&, const shape&, split_mix&,
                            test::view_freedom);
  /// One vector without gaps, with zeros as what is wanted.
  random_output& add_bias_gradient(std::int64_t channels);
  /// Whether an input has a stride of 0.
  bool repeats() const;
  /// All operands in words.
  std::string text() const;
};

/// What is fused, at random: fills call.fused, which reads operands of the case, and changes what is
/// expected in dst. `channels` of dst are its dimension 1.
fused_call add_fused(random_case&, random_output& dst, std::int64_t channels, split_mix&);

/// All sums of the reference, in logical order.
std::vector<double> sums(const dot_products&);

}  // namespace simdnn::bench
