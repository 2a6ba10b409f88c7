// The functions of convolution that are costly to compile and do not depend on the layouts of
// operands: the choice of an algorithm and the calls of the chosen one. Operands with gaps that the
// algorithm does not take are copied (gaps.hpp). A program can compile them once
// (cmake/simdnn_instances.cmake): they are defined out of class, because a member that is defined
// in its class is inline and would be compiled wherever it is used.
#pragma once

#include <algorithm>
#include <simdnn/ops/conv/algorithms.hpp>
#include <simdnn/ops/conv/gaps.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <span>
#include <string>
#include <vector>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
struct entry_points {
  using forward_list = forward_algorithms<T, Isa>;
  using backward_data_list = backward_data_algorithms<T, Isa>;
  using backward_weights_list = backward_weights_algorithms<T, Isa>;

  /// conv_problem's checked() and str().
  static conv_problem checked(const conv_problem&, const char* op);
  static std::string text(const conv_problem&);

  static query make_query(const layout& src, const layout& dst, const conv_problem&, direction pass,
                          simdnn::accuracy);
  /// The query's pass says which list is meant.
  static chosen_algorithm choose(const query&, const policy&, const char* op);
  static std::vector<algorithm_description> describe(const query&, const policy&);

  static void pack(const chosen_algorithm&, direction pass, const filter<const T>& weights,
                   T* packed, executor_ref);
  static void forward(const conv_problem&, const chosen_algorithm&, const image<const T>& src,
                      const T* packed, const image<T>& dst, const epilogue::fused<T>& post,
                      executor_ref, std::span<std::byte> workspace);
  static void backward_data(const conv_problem&, const chosen_algorithm&,
                            const image<const T>& diff_dst, const T* packed,
                            const image<T>& diff_src, executor_ref, std::span<std::byte> workspace);
  /// diff_bias may be null.
  static void backward_weights(const conv_problem&, const chosen_algorithm&,
                               const image<const T>& src, const image<const T>& diff_dst,
                               const filter<T>& diff_weights, T* diff_bias, executor_ref,
                               std::span<std::byte> workspace);

 private:
  // The same for operands that are contiguous as the algorithm needs them.
  static void run_forward(const chosen_algorithm&, const image<const T>& src, const T* packed,
                          const image<T>& dst, const epilogue::fused<T>& post, executor_ref,
                          std::span<std::byte> workspace);
  static void run_backward_data(const chosen_algorithm&, const image<const T>& diff_dst,
                                const T* packed, const image<T>& diff_src, executor_ref,
                                std::span<std::byte> workspace);
  static void run_backward_weights(const chosen_algorithm&, const image<const T>& src,
                                   const image<const T>& diff_dst, const filter<T>& diff_weights,
                                   T* diff_bias, executor_ref, std::span<std::byte> workspace);
};

namespace detail {

// Whether src (or its gradient) and dst are contiguous as an algorithm needs them. It compares a
// few numbers only, because short calls pay for it.
template <class T>
bool src_is(const image<T>& src, contiguity needed, const conv_problem& p) {
  return src.is(needed, p.in, p.size[p.rank() - 1]);
}
template <class T>
bool dst_is(const image<T>& dst, contiguity needed, const conv_problem& p) {
  return dst.is(needed, p.out, p.output(p.rank() - 1));
}

// What the chosen algorithm reads and writes.
struct needed {
  contiguity reads = contiguity::any, writes = contiguity::any;
};
template <class List>
needed needed_by(const chosen_algorithm& chosen) {
  return List::visit(chosen, [](const auto& a) {
    needed n;
    if constexpr (requires { a.reads(); }) n.reads = a.reads();
    if constexpr (requires { a.writes(); }) n.writes = a.writes();
    return n;
  });
}

inline index_t workspace_bytes(const chosen_algorithm& chosen, const executor_ref& executor) {
  return chosen.workspace_bytes(std::max(executor.concurrency(), 1));
}

}  // namespace detail

template <class T, class Isa>
conv_problem entry_points<T, Isa>::checked(const conv_problem& p, const char* op) {
  return p.checked(op);
}
template <class T, class Isa>
std::string entry_points<T, Isa>::text(const conv_problem& p) {
  return p.str();
}

template <class T, class Isa>
query entry_points<T, Isa>::make_query(const layout& src, const layout& dst, const conv_problem& p,
                                       direction pass, simdnn::accuracy accuracy) {
  return conv::make_query(src, dst, p, pass, accuracy);
}

template <class T, class Isa>
chosen_algorithm entry_points<T, Isa>::choose(const query& q, const policy& policy,
                                              const char* op) {
  switch (q.pass) {
    case direction::forward:
      return forward_list::choose(q, policy, op);
    case direction::backward_data:
      return backward_data_list::choose(q, policy, op);
    default:
      return backward_weights_list::choose(q, policy, op);
  }
}

template <class T, class Isa>
std::vector<algorithm_description> entry_points<T, Isa>::describe(const query& q,
                                                                  const policy& policy) {
  const auto of = [&]<class List>(const List&) {
    const auto all = List::describe(q, policy);
    return std::vector<algorithm_description>(all.begin(), all.end());
  };
  switch (q.pass) {
    case direction::forward:
      return of(forward_list());
    case direction::backward_data:
      return of(backward_data_list());
    default:
      return of(backward_weights_list());
  }
}

template <class T, class Isa>
void entry_points<T, Isa>::pack(const chosen_algorithm& chosen, direction pass,
                                const filter<const T>& weights, T* packed, executor_ref executor) {
  const auto by = [&](const auto& a) { a.pack(weights, packed, executor); };
  if (pass == direction::forward)
    forward_list::visit(chosen, by);
  else
    backward_data_list::visit(chosen, by);
}

template <class T, class Isa>
void entry_points<T, Isa>::forward(const conv_problem& problem, const chosen_algorithm& chosen,
                                   const image<const T>& src, const T* packed, const image<T>& dst,
                                   const epilogue::fused<T>& post, executor_ref executor,
                                   std::span<std::byte> workspace) {
  const detail::needed needed = detail::needed_by<forward_list>(chosen);
  if (detail::src_is(src, needed.reads, problem) && detail::dst_is(dst, needed.writes, problem))
    return run_forward(chosen, src, packed, dst, post, executor, workspace);
  const conv_problem p = in_three_dimensions(problem);
  without_gaps(
      src, src_sizes(p), needed.reads, dst, dst_sizes(p), needed.writes,
      detail::workspace_bytes(chosen, executor), workspace, executor,
      [&](const image<const T>& x, const image<T>& y, std::span<std::byte> space) {
        const bool copied = y.data != dst.data;
        run_forward(chosen, x, packed, y, copied ? epilogue::fused<T>{} : post, executor, space);
      },
      [&](const image<T>& copy, const image<T>& y) {
        finish_image(copy, y, dst_sizes(p), post, executor);
      });
}

template <class T, class Isa>
void entry_points<T, Isa>::backward_data(const conv_problem& problem,
                                         const chosen_algorithm& chosen,
                                         const image<const T>& diff_dst, const T* packed,
                                         const image<T>& diff_src, executor_ref executor,
                                         std::span<std::byte> workspace) {
  const detail::needed needed = detail::needed_by<backward_data_list>(chosen);
  if (detail::dst_is(diff_dst, needed.reads, problem) &&
      detail::src_is(diff_src, needed.writes, problem))
    return run_backward_data(chosen, diff_dst, packed, diff_src, executor, workspace);
  const conv_problem p = in_three_dimensions(problem);
  without_gaps(
      diff_dst, dst_sizes(p), needed.reads, diff_src, src_sizes(p), needed.writes,
      detail::workspace_bytes(chosen, executor), workspace, executor,
      [&](const image<const T>& g, const image<T>& dx, std::span<std::byte> space) {
        run_backward_data(chosen, g, packed, dx, executor, space);
      },
      [&](const image<T>& copy, const image<T>& dx) {
        finish_image(copy, dx, src_sizes(p), epilogue::fused<T>{}, executor);
      });
}

template <class T, class Isa>
void entry_points<T, Isa>::backward_weights(const conv_problem& problem,
                                            const chosen_algorithm& chosen,
                                            const image<const T>& src,
                                            const image<const T>& diff_dst,
                                            const filter<T>& diff_weights, T* diff_bias,
                                            executor_ref executor, std::span<std::byte> workspace) {
  const contiguity reads = detail::needed_by<backward_weights_list>(chosen).reads;
  if (detail::src_is(src, reads, problem) && detail::dst_is(diff_dst, reads, problem))
    return run_backward_weights(chosen, src, diff_dst, diff_weights, diff_bias, executor,
                                workspace);
  const conv_problem p = in_three_dimensions(problem);
  without_gaps(src, src_sizes(p), diff_dst, dst_sizes(p), reads,
               detail::workspace_bytes(chosen, executor), workspace, executor,
               [&](const image<const T>& x, const image<const T>& g, std::span<std::byte> space) {
                 run_backward_weights(chosen, x, g, diff_weights, diff_bias, executor, space);
               });
}

template <class T, class Isa>
void entry_points<T, Isa>::run_forward(const chosen_algorithm& chosen, const image<const T>& src,
                                       const T* packed, const image<T>& dst,
                                       const epilogue::fused<T>& post, executor_ref executor,
                                       std::span<std::byte> workspace) {
  forward_list::visit(
      chosen, [&](const auto& a) { a.forward(src, packed, dst, post, executor, workspace); });
}
template <class T, class Isa>
void entry_points<T, Isa>::run_backward_data(const chosen_algorithm& chosen,
                                             const image<const T>& diff_dst, const T* packed,
                                             const image<T>& diff_src, executor_ref executor,
                                             std::span<std::byte> workspace) {
  backward_data_list::visit(chosen, [&](const auto& a) {
    a.backward_data(diff_dst, packed, diff_src, executor, workspace);
  });
}
template <class T, class Isa>
void entry_points<T, Isa>::run_backward_weights(const chosen_algorithm& chosen,
                                                const image<const T>& src,
                                                const image<const T>& diff_dst,
                                                const filter<T>& diff_weights, T* diff_bias,
                                                executor_ref executor,
                                                std::span<std::byte> workspace) {
  backward_weights_list::visit(chosen, [&](const auto& a) {
    a.backward_weights(src, diff_dst, diff_weights, diff_bias, executor, workspace);
  });
}

#if defined(SIMDNN_CONV_FLOAT_INSTANCES)
extern template struct entry_points<float, isa::native>;
#endif
#if defined(SIMDNN_CONV_DOUBLE_INSTANCES)
extern template struct entry_points<double, isa::native>;
#endif

}  // namespace simdnn::inline SIMDNN_ABI::conv
