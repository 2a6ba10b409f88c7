// The cross-entropy loss of softmax's results. There is one loss per image, in double. The losses
// are added in the order of the images, no matter which thread computed them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <simdnn/ops/softmax/passes.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/walk/elements.hpp>

namespace simdnn::inline SIMDNN_ABI::softmax {

template <class T, class Isa>
struct cross_entropy : description<T, "nc", Isa> {
  static shape labels_shape(const tensor_problem& p) {
    return {p.sizes.rank() == 2 ? p.sizes[0] : 0};
  }
  static index_t channels(const tensor_problem& p) { return p.sizes[1]; }
  static void check_labels(const char* op, const tensor_problem& p,
                           const view<const std::int32_t, "x">& labels) {
    for (index_t i = 0; i < labels.size(0); ++i)
      if (labels(i) < 0 || labels(i) >= p.sizes[1])
        throw_error(op, "labels[" + std::to_string(i) + "]",
                    "0 to " + std::to_string(p.sizes[1] - 1), std::to_string(labels(i)));
  }
};

/// The mean loss as it is written down, in double.
template <class T>
double reference_loss(const view<const T, "nc">& logits,
                      const view<const std::int32_t, "x">& labels) {
  double loss = 0;
  for (index_t n = 0; n < logits.size(0); ++n) {
    double largest = static_cast<double>(logits(n, 0)), sum = 0;
    for (index_t c = 1; c < logits.size(1); ++c)
      largest = std::max(largest, static_cast<double>(logits(n, c)));
    for (index_t c = 0; c < logits.size(1); ++c)
      sum += std::exp(static_cast<double>(logits(n, c)) - largest);
    loss += std::log(sum) + largest - static_cast<double>(logits(n, labels(n)));
  }
  return loss / static_cast<double>(logits.size(0));
}

template <class T, class Isa>
struct cross_entropy_forward : cross_entropy<T, Isa> {
  using typename cross_entropy<T, Isa>::algorithm_list;
  static constexpr const char* name = "softmax_cross_entropy_forward";
  using operands =
      operand_list<in<"logits", T, layout("nc"), &tensor_problem::tensor_shape, needs::channels>,
                   in<"labels", std::int32_t, layout("x"), &cross_entropy<T, Isa>::labels_shape,
                      indices_below<&cross_entropy<T, Isa>::channels>>,
                   out<"probabilities", T, layout("nc"), &tensor_problem::tensor_shape,
                       like<"logits">, in_place_of<"logits">>>;
  using matrix_view = view<const T, "nc">;
  static tensor_problem checked(const tensor_problem& p) {
    return cross_entropy_forward::with_channels(p, name);
  }
  static void check(const tensor_problem& p, const matrix_view&,
                    const view<const std::int32_t, "x">& labels, const view<T, "nc">&) {
    cross_entropy_forward::check_labels(name, p, labels);
  }

  static index_t workspace_bytes(const tensor_problem& p, const chosen_algorithm&, int) {
    return round_up(losses_bytes(p), workspace_slices::alignment);
  }

  /// Returns the mean loss.
  static double run(const tensor_problem& p, const chosen_algorithm& chosen,
                    const matrix_view& logits, const view<const std::int32_t, "x">& labels,
                    const view<T, "nc">& probabilities, const call_context& call) {
    const index_t batch = p.sizes[0];
    if (batch == 0) return 0;
    if (const auto* plain = algorithm_list::template get_if<reference<T, "nc", Isa>>(chosen)) {
      const double loss = reference_loss(logits, labels);
      plain->forward(logits, probabilities, call.executor);
      return loss;
    }
    const workspace_slices scratch(losses_bytes(p), 1, call.workspace, name);
    double* const losses = scratch.slice<double>(0);
    const auto kernel = direct<T, "nc", Isa>::channel_kernel(logits);
    parallel_for(call.executor, batch, [&](index_t begin, index_t end, index_t) {
      for (index_t n = begin; n < end; ++n) {
        const double right = logits(n, labels(n));  // read before it may be overwritten
        const auto totals = kernel.forward(&logits(n, 0), &probabilities(n, 0));
        losses[n] = std::log(static_cast<double>(totals.sum)) +
                    (static_cast<double>(totals.largest) - right);
      }
    });
    double sum = 0;
    for (index_t n = 0; n < batch; ++n) sum += losses[n];
    return sum / static_cast<double>(batch);
  }

 private:
  static index_t losses_bytes(const tensor_problem& p) {
    return p.sizes[0] * static_cast<index_t>(sizeof(double));
  }
};

template <class T, class Isa>
struct cross_entropy_backward : cross_entropy<T, Isa> {
  using typename cross_entropy<T, Isa>::algorithm_list;
  static constexpr const char* name = "softmax_cross_entropy_backward";
  static constexpr direction way = direction::backward_data;
  using operands = operand_list<
      in<"probabilities", T, layout("nc"), &tensor_problem::tensor_shape, needs::channels>,
      in<"labels", std::int32_t, layout("x"), &cross_entropy<T, Isa>::labels_shape,
         indices_below<&cross_entropy<T, Isa>::channels>>,
      out<"diff_logits", T, layout("nc"), &tensor_problem::tensor_shape, like<"probabilities">,
          in_place_of<"probabilities">>>;
  static tensor_problem checked(const tensor_problem& p) {
    return cross_entropy_backward::with_channels(p, name);
  }
  static void check(const tensor_problem& p, const view<const T, "nc">&,
                    const view<const std::int32_t, "x">& labels, const view<T, "nc">&) {
    cross_entropy_backward::check_labels(name, p, labels);
  }
  static void run(const tensor_problem& p, const chosen_algorithm& chosen,
                  const view<const T, "nc">& probabilities,
                  const view<const std::int32_t, "x">& labels, const view<T, "nc">& diff_logits,
                  const call_context& call) {
    if (algorithm_list::template get_if<reference<T, "nc", Isa>>(chosen) != nullptr) {
      for_each_element(diff_logits.shape(), [&](auto i) {
        const index_t n = i.data()[0], c = i.data()[1];
        const double right = c == labels(n) ? 1 : 0;
        diff_logits(n, c) = static_cast<T>((static_cast<double>(probabilities(n, c)) - right) /
                                           static_cast<double>(p.sizes[0]));
      });
      return;
    }
    const auto batch = static_cast<T>(p.sizes[0]);
    parallel_for(call.executor, p.sizes[0], [&](index_t begin, index_t end, index_t) {
      for (index_t n = begin; n < end; ++n)
        for (index_t c = 0; c < p.sizes[1]; ++c)
          diff_logits(n, c) = (probabilities(n, c) - (c == labels(n) ? T(1) : T(0))) / batch;
    });
  }
};

}  // namespace simdnn::inline SIMDNN_ABI::softmax
