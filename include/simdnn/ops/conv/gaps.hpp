// Operands with gaps between channels or pixels that an algorithm needs contiguous. src is copied
// first. Results are stored in a buffer without post-ops, which are applied on the way from there
// to dst. Called by entry_points.hpp; the algorithms say what they need in reads() and writes().
#pragma once

#include <array>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/ops/conv/image.hpp>
#include <simdnn/ops/conv/problem.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/walk/strided_copy.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::conv {

/// n, c, d, h, w
using image_sizes = std::array<index_t, 5>;

inline image_sizes src_sizes(const conv_problem& p) {  // in three dimensions
  return {p.batch, p.in, p.size[0], p.size[1], p.size[2]};
}
inline image_sizes dst_sizes(const conv_problem& p) {
  return {p.batch, p.out, p.output(0), p.output(1), p.output(2)};
}

/// A plain image without gaps, whose channels or pixels are contiguous as needed.
template <class T>
image<T> without_gaps(T* data, const image_sizes& s, contiguity needed) {
  const index_t pixels = s[2] * s[3] * s[4];
  if (needed == contiguity::channels)
    return {data, pixels * s[1], 1, 1, {s[3] * s[4] * s[1], s[4] * s[1], s[1]}};
  return {data, pixels * s[1], 1, pixels, {s[3] * s[4], s[4], 1}};
}

/// Copies a plain image to a plain image.
template <class T>
void copy_image(const image<const T>& from, const image<T>& to, const image_sizes& s,
                executor_ref executor) {
  const auto order = [](const auto& x) {
    strided all(5);
    const index_t strides[5] = {x.batch_stride, x.channel_stride, x.stride[0], x.stride[1],
                                x.stride[2]};
    for (int d = 0; d < 5; ++d) all.dims[d].stride = strides[d];
    return all;
  };
  copy_elements(order(from), from.data, order(to), to.data,
                {{0, 0, s[0]}, {0, 0, s[1]}, {0, 0, s[2]}, {0, 0, s[3]}, {0, 0, s[4]}}, executor);
}

/// Bytes of a copy; 0 if none is needed.
template <class T>
index_t copy_bytes(bool needed, const image_sizes& s) {
  if (!needed) return 0;
  return round_up(s[0] * s[1] * s[2] * s[3] * s[4] * static_cast<index_t>(sizeof(T)),
                  workspace_slices::alignment);
}
/// Copies `from` to `memory` and returns the copy.
template <class T>
image<const T> copied(const image<const T>& from, const image_sizes& s, contiguity needed,
                      std::byte* memory, executor_ref executor) {
  const image<T> copy = without_gaps(reinterpret_cast<T*>(memory), s, needed);
  copy_image(from, copy, s, executor);
  const auto& [d, h, w] = copy.stride;
  return {copy.data, copy.batch_stride, 1, copy.channel_stride, {d, h, w}};
}

/// Calls run(src, dst, workspace) with a copy in place of each operand that is not contiguous as
/// `reads` or `writes` requires. If dst has a copy, store(copy, dst) then stores the results.
/// Copies are in the calling thread's arena. If the caller passes no workspace, `run` gets
/// inner_bytes of the arena too.
template <class T, class Run, class Store>
void without_gaps(const image<const T>& src, const image_sizes& src_size, contiguity reads,
                  const image<T>& dst, const image_sizes& dst_size, contiguity writes,
                  index_t inner_bytes, std::span<std::byte> workspace, executor_ref executor,
                  Run run, Store store) {
  const bool src_fits = src.is(reads, src_size[1], src_size[4]),
             dst_fits = dst.is(writes, dst_size[1], dst_size[4]);
  const index_t src_bytes = copy_bytes<T>(!src_fits, src_size),
                dst_bytes = copy_bytes<T>(!dst_fits, dst_size),
                inner = workspace.empty() ? inner_bytes + workspace_slices::alignment : 0;
  const workspace_slices space(src_bytes + dst_bytes + inner, 1, {}, "conv");
  std::byte* const memory = space.template slice<std::byte>(0);
  const image<const T> from = src_fits ? src : copied(src, src_size, reads, memory, executor);
  const image<T> to =
      dst_fits ? dst : without_gaps(reinterpret_cast<T*>(memory + src_bytes), dst_size, writes);
  const std::span own(memory + src_bytes + dst_bytes, static_cast<std::size_t>(inner));
  run(from, to, workspace.empty() ? own : workspace);
  if (!dst_fits) store(to, dst);
}

/// The same for run(src, diff_dst, workspace), which reads both operands.
template <class T, class Run>
void without_gaps(const image<const T>& src, const image_sizes& src_size,
                  const image<const T>& diff_dst, const image_sizes& dst_size, contiguity reads,
                  index_t inner_bytes, std::span<std::byte> workspace, executor_ref executor,
                  Run run) {
  const bool src_fits = src.is(reads, src_size[1], src_size[4]),
             diff_fits = diff_dst.is(reads, dst_size[1], dst_size[4]);
  const index_t src_bytes = copy_bytes<T>(!src_fits, src_size),
                diff_bytes = copy_bytes<T>(!diff_fits, dst_size),
                inner = workspace.empty() ? inner_bytes + workspace_slices::alignment : 0;
  const workspace_slices space(src_bytes + diff_bytes + inner, 1, {}, "conv");
  std::byte* const memory = space.template slice<std::byte>(0);
  const std::span own(memory + src_bytes + diff_bytes, static_cast<std::size_t>(inner));
  run(src_fits ? src : copied(src, src_size, reads, memory, executor),
      diff_fits ? diff_dst : copied(diff_dst, dst_size, reads, memory + src_bytes, executor),
      workspace.empty() ? own : workspace);
}

/// Applies the post-op to the results in a plain image and stores them to dst.
template <class T>
void finish_image(const image<T>& from, const image<T>& dst, const image_sizes& s,
                  const epilogue::fused<T>& post, executor_ref executor) {
  parallel_for(executor, s[0] * s[2] * s[3], [&](index_t begin, index_t end, index_t) {
    for (index_t row = begin; row < end; ++row) {
      const index_t n = row / (s[2] * s[3]), z = row / s[3] % s[2], y = row % s[3];
      for (index_t x = 0; x < s[4]; ++x)
        for (index_t c = 0; c < s[1]; ++c) {
          const index_t at = dst.pixel(n, z, y, x) + dst.channel(c);
          const T result = from.data[from.pixel(n, z, y, x) + from.channel(c)];
          dst.data[at] =
              static_cast<T>(post(static_cast<double>(result), epilogue::where<>{c, at, 1}));
        }
    }
  });
}

}  // namespace simdnn::inline SIMDNN_ABI::conv
