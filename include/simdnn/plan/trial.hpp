// The trials that policy.measured runs: operands of a pass, filled with numbers, and calls of plans
// on them. Called by plan (plan.hpp).
#pragma once

#include <memory>
#include <simdnn/plan/arguments.hpp>
#include <simdnn/plan/entry_points.hpp>
#include <simdnn/plan/measure.hpp>
#include <simdnn/plan/operand.hpp>
#include <simdnn/trace/call_record.hpp>
#include <string>
#include <tuple>
#include <utility>

namespace simdnn::inline SIMDNN_ABI {

namespace detail {

template <class Pass, std::size_t I>
auto trial_operand(const typename Pass::problem_type& p) {
  using operand = typename Pass::operands::template at<I>;
  const auto of = [](const shape& s) {
    return trial_tensor<typename operand::type, operand::usual_layout>(s);
  };
  if constexpr (operand::has_shape)
    return of(operand::shape(p));
  else
    return of(Pass::trial_shape(p, I));
}

template <std::size_t I, std::size_t Weights, class Operands, class Packed>
auto& trial_argument(Operands& operands, Packed& weights) {
  if constexpr (I == Weights)
    return weights;
  else
    return std::get<I>(operands);
}

}  // namespace detail

/// Calls of plans on operands that it makes for the first of them, with a bias and relu if the pass
/// fuses post-ops.
template <class Plan>
class trials_of final : public trials {
  using pass = typename Plan::pass;
  using table = typename pass::operands;
  using numbers = std::make_index_sequence<table::count>;
  using problem_type = typename Plan::problem_type;
  static constexpr bool fuses = requires { typename pass::post_ops; };
  static constexpr std::size_t weights_line = table::weights_line;

 public:
  /// Refers to the problem.
  trials_of(const problem_type& p, std::string text) : problem_(p), text_(std::move(text)) {}

  std::string key() const override { return key(numbers()); }
  std::unique_ptr<trial_run> run_of(const policy& named) override {
    if (operands_ == nullptr) make_operands(numbers());
    return std::make_unique<algorithm_run>(problem_, named, *operands_);
  }

 private:
  // "float nChw16c nChw16c avx512 mb8ic64..."
  template <std::size_t... I>
  std::string key(std::index_sequence<I...>) const {
    std::string key = calls::type_name<typename table::template at<0>::type>();
    const auto add = [&]<class Operand>(const Operand&) {
      if constexpr (!Operand::any) key.append(" ").append(Operand::usual_layout.text());
    };
    (add(typename table::template at<I>()), ...);
    return key + ' ' + pass::isa_tag::name + ' ' + text_;
  }
  template <std::size_t... I>
  void make_operands(std::index_sequence<I...>) {
    operands_ = std::make_unique<operand_tuple>(detail::trial_operand<pass, I>(problem_)...);
  }
  template <std::size_t... I>
  static auto tuple_of(std::index_sequence<I...>)
      -> std::tuple<decltype(detail::trial_operand<pass, I>(std::declval<problem_type>()))...>;
  using operand_tuple = decltype(tuple_of(numbers()));

  // One algorithm's plan, with its weights and its bias.
  static auto packed_for([[maybe_unused]] const Plan& plan,
                         [[maybe_unused]] const operand_tuple& operands) {
    if constexpr (weights_line == table::count)
      return none_t();
    else
      return plan.pack(std::get<weights_line>(operands));
  }
  static auto bias_for([[maybe_unused]] const operand_tuple& operands) {
    if constexpr (fuses)
      return pass::post_ops::template trial_bias<pass>(operands);
    else
      return none_t();
  }
  struct algorithm_run final : trial_run {
    algorithm_run(const problem_type& p, const policy& named, operand_tuple& made)
        : operands(made), executor(trial_executor(named)), plan(p, named) {}
    void operator()() override { call(numbers()); }
    template <std::size_t... I>
    void call(std::index_sequence<I...>) {
      if constexpr (fuses)
        plan(detail::trial_argument<I, weights_line>(operands, weights)...,
             pass::post_ops::trial_post_ops(bias), executor);
      else
        plan(detail::trial_argument<I, weights_line>(operands, weights)..., executor);
    }
    operand_tuple& operands;
    executor_ref executor;
    Plan plan;
    decltype(packed_for(plan, operands)) weights = packed_for(plan, operands);
    decltype(bias_for(operands)) bias = bias_for(operands);
  };

  const problem_type& problem_;
  std::string text_;
  std::unique_ptr<operand_tuple> operands_;
};

}  // namespace simdnn::inline SIMDNN_ABI
