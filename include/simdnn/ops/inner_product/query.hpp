// query: what the choice of inner_product's algorithm depends on.
#pragma once

#include <simdnn/isa/abi.hpp>
#include <simdnn/ops/inner_product/problem.hpp>
#include <simdnn/plan/policy.hpp>

namespace simdnn::inline SIMDNN_ABI::inner_product {

struct query {
  inner_product_problem problem;
  direction pass = direction::forward;
  simdnn::accuracy accuracy = simdnn::accuracy::normal;
};

/// The name of a pass, for errors.
constexpr const char* pass_name(direction pass) {
  return pass == direction::forward         ? "inner_product_forward"
         : pass == direction::backward_data ? "inner_product_backward_data"
                                            : "inner_product_backward_weights";
}

}  // namespace simdnn::inline SIMDNN_ABI::inner_product
