// Calls of the chosen algorithm for operands of any layout and strides. Operands with gaps that the
// algorithm does not take are copied (gaps.hpp). Called by the plans. Not inline, so that a program
// can compile these functions once (simdnn/instances.hpp).
#pragma once

#include <algorithm>
#include <simdnn/ops/conv/gaps.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <span>
#include <variant>

namespace simdnn::inline SIMDNN_ABI::conv {

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

template <class Algorithm>
index_t workspace_bytes(const Algorithm& v, const executor_ref& executor) {
  return v.workspace_bytes(std::max(executor.concurrency(), 1));
}

}  // namespace detail

template <class T, class Chosen>
void pack(const Chosen& algorithm, const filter<const T>& weights, T* packed,
          executor_ref executor) {
  std::visit([&](const auto& v) { v.pack(weights, packed, executor); }, algorithm);
}

template <class T, class Chosen>
void run_forward(const conv_problem& problem, const Chosen& algorithm, const image<const T>& src,
                 const T* packed, const image<T>& dst, const epilogue::fused<T>& post,
                 executor_ref executor, std::span<std::byte> workspace) {
  std::visit(
      [&](const auto& v) {
        if constexpr (requires { v.reads(); })
          if (!detail::src_is(src, v.reads(), problem) ||
              !detail::dst_is(dst, v.writes(), problem)) {
            const conv_problem p = in_three_dimensions(problem);
            return without_gaps(
                src, src_sizes(p), v.reads(), dst, dst_sizes(p), v.writes(),
                detail::workspace_bytes(v, executor), workspace, executor,
                [&](const image<const T>& x, const image<T>& y, std::span<std::byte> space) {
                  const bool copied = y.data != dst.data;
                  v.forward(x, packed, y, copied ? epilogue::fused<T>{} : post, executor, space);
                },
                [&](const image<T>& copy, const image<T>& y) {
                  finish_image(copy, y, dst_sizes(p), post, executor);
                });
          }
        v.forward(src, packed, dst, post, executor, workspace);
      },
      algorithm);
}

template <class T, class Chosen>
void run_backward_data(const conv_problem& problem, const Chosen& algorithm,
                       const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                       executor_ref executor, std::span<std::byte> workspace) {
  std::visit(
      [&](const auto& v) {
        const auto run = [&](const image<const T>& g, const image<T>& dx,
                             std::span<std::byte> space) {
          v.backward_data(g, packed, dx, executor, space);
        };
        if constexpr (requires { v.reads(); })
          if (!detail::dst_is(diff_dst, v.reads(), problem) ||
              !detail::src_is(diff_src, v.writes(), problem)) {
            const conv_problem p = in_three_dimensions(problem);
            return without_gaps(diff_dst, dst_sizes(p), v.reads(), diff_src, src_sizes(p),
                                v.writes(), detail::workspace_bytes(v, executor), workspace,
                                executor, run, [&](const image<T>& copy, const image<T>& dx) {
                                  finish_image(copy, dx, src_sizes(p), epilogue::fused<T>{},
                                               executor);
                                });
          }
        run(diff_dst, diff_src, workspace);
      },
      algorithm);
}

/// diff_bias may be null.
template <class T, class Chosen>
void run_backward_weights(const conv_problem& problem, const Chosen& algorithm,
                          const image<const T>& src, const image<const T>& diff_dst,
                          const filter<T>& diff_weights, T* diff_bias, executor_ref executor,
                          std::span<std::byte> workspace) {
  std::visit(
      [&](const auto& v) {
        const auto run = [&](const image<const T>& x, const image<const T>& g,
                             std::span<std::byte> space) {
          v.backward_weights(x, g, diff_weights, diff_bias, executor, space);
        };
        if constexpr (requires { v.reads(); })
          if (!detail::src_is(src, v.reads(), problem) ||
              !detail::dst_is(diff_dst, v.reads(), problem)) {
            const conv_problem p = in_three_dimensions(problem);
            return without_gaps(src, src_sizes(p), diff_dst, dst_sizes(p), v.reads(),
                                detail::workspace_bytes(v, executor), workspace, executor, run);
          }
        run(src, diff_dst, workspace);
      },
      algorithm);
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
