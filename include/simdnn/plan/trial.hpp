// The trials that policy.measured runs: operands of a pass, filled with numbers, and calls of plans
// on them. Called by plan (plan.hpp).
#pragma once

#include <memory>
#include <simdnn/plan/arguments.hpp>
#include <simdnn/plan/measure.hpp>
#include <simdnn/plan/operand.hpp>
#include <simdnn/trace/call_record.hpp>
#include <string>
#include <tuple>
#include <utility>

namespace simdnn::inline SIMDNN_ABI {

/// The part of a cache's key that identifies a problem: "float nChw16c nChw16c avx512 mb8ic64...".
template <class Pass>
std::string trial_key(const std::string& problem) {
  using table = typename Pass::operands;
  std::string key = calls::type_name<typename table::template at<0>::type>();
  const auto add = [&]<class Operand>(const Operand&) {
    if constexpr (!Operand::any) key.append(" ").append(Operand::usual_layout.text());
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (add(typename table::template at<I>()), ...);
  }(std::make_index_sequence<table::count>());
  return key + ' ' + Pass::isa_tag::name + ' ' + problem;
}

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

/// Makes operands and returns a function. That function takes a policy that names an algorithm,
/// makes a plan with it, and returns a trial_run that calls the plan, with a bias and relu if the
/// pass fuses post-ops.
template <class Plan>
auto make_trial_of(const typename Plan::problem_type& p) {
  using pass = typename Plan::pass;
  using table = typename pass::operands;
  constexpr bool fuses = requires { typename pass::post_ops; };
  constexpr std::size_t weights_line = table::weights_line;
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return [p, operands = std::tuple(detail::trial_operand<pass, I>(p)...)](
               const policy& one) mutable -> trial_run {
      const auto plan = std::make_shared<const Plan>(p, one);
      const auto weights = [&] {
        if constexpr (weights_line == table::count) {
          return std::make_shared<none_t>();
        } else {
          auto packed = plan->pack(std::get<weights_line>(operands));
          return std::make_shared<decltype(packed)>(std::move(packed));
        }
      }();
      const auto bias = [&] {
        if constexpr (fuses) {
          auto b = pass::post_ops::template trial_bias<pass>(operands);
          return std::make_shared<decltype(b)>(std::move(b));
        } else {
          return std::make_shared<none_t>();
        }
      }();
      return [&operands, plan, weights, bias, executor = trial_executor(one)] {
        if constexpr (fuses)
          (*plan)(detail::trial_argument<I, weights_line>(operands, *weights)...,
                  pass::post_ops::trial_post_ops(*bias), executor);
        else
          (*plan)(detail::trial_argument<I, weights_line>(operands, *weights)..., executor);
      };
    };
  }(std::make_index_sequence<table::count>());
}

}  // namespace simdnn::inline SIMDNN_ABI
