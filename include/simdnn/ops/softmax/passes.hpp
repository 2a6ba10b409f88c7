// softmax's passes: their operands, and the calls of their algorithms.
#pragma once

#include <simdnn/ops/softmax/algorithms.hpp>
#include <simdnn/plan/plan.hpp>
#include <simdnn/problem/tensor_problem.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, layout L, class Isa>
struct description {
  static_assert(L.dim('c') >= 0,
                "softmax takes layouts with channels: nc, nchw, nhwc, nChw16c ...");
  static_assert(L.plain() || L.block(L.dim('c')) == L.block_size(),
                "softmax takes layouts in which nothing but the channels is blocked");
  using problem_type = tensor_problem;
  using isa_tag = Isa;
  using algorithm_list = all<T, L, Isa>;
  static constexpr bool memory_bound = true;
  static shape query(const tensor_problem& p, const policy&) { return p.sizes; }
  static index_t terms(const tensor_problem& p) { return p.sizes[L.dim('c')]; }

  // With no channels there is no largest one.
  static tensor_problem with_channels(const tensor_problem& p, const char* op) {
    if (p.sizes.rank() == L.rank() && p.sizes[L.dim('c')] == 0)
      throw_error(op, "sizes", "at least 1 channel", p.sizes.str());
    return p.checked(op);
  }
};

template <class T, layout L, class Isa>
struct forward : description<T, L, Isa> {
  static constexpr const char* name = "softmax_forward";
  using operands = operand_list<
      in<"src", T, L, &tensor_problem::tensor_shape, needs::channels>,
      out<"dst", T, L, &tensor_problem::tensor_shape, like<"src">, in_place_of<"src">>>;
  static tensor_problem checked(const tensor_problem& p) { return forward::with_channels(p, name); }
};

template <class T, layout L, class Isa>
struct backward : description<T, L, Isa> {
  static constexpr const char* name = "softmax_backward";
  static constexpr direction way = direction::backward_data;
  using operands = operand_list<in<"diff_dst", T, L, &tensor_problem::tensor_shape, like<"dst">>,
                                in<"dst", T, L, &tensor_problem::tensor_shape, needs::channels>,
                                out<"diff_src", T, L, &tensor_problem::tensor_shape, like<"dst">,
                                    in_place_of<"diff_dst">, in_place_of<"dst">>>;
  static tensor_problem checked(const tensor_problem& p) {
    return backward::with_channels(p, name);
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::softmax
