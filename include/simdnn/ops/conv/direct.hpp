// Direct convolution: the definition's sum over taps, blocked (sliding.hpp). One to three
// dimensions, any kernel, stride, padding, dilation and groups, any layouts. Backward to the data
// is the same for each phase of the stride: the elements of diff_src that see the same taps.
#pragma once

#include <simdnn/ops/conv/sliding.hpp>
#include <simdnn/post_ops/fused.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class direct {
  static constexpr index_t NR = tile::columns<T, Isa>;

 public:
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const query&) { return nullptr; }

  /// Cycles, relative to the other variants': products, with the columns that fill up the last
  /// tile, and the copies into bands, once a group of channels.
  static double cost(const query& q) {
    const conv_problem& p = q.problem;
    const bool forward = q.pass == direction::forward;
    const index_t columns = (forward ? p.out : p.in) / p.groups;
    const double fill = static_cast<double>(round_up(columns, NR)) / static_cast<double>(columns);
    const double copied = static_cast<double>((forward ? p.src_shape() : p.dst_shape()).elements());
    return p.flops() / 2 / static_cast<double>(NR) * fill + copied / 4;
  }

  explicit direct(const query& q) {
    const conv_problem& p = q.problem;
    const index_t in = p.in / p.groups, out = p.out / p.groups;
    if (q.pass == direction::forward) {
      parts_.emplace_back(p.batch, p.groups, in, out,
                          std::array{forward_axis(p, 0), forward_axis(p, 1), forward_axis(p, 2)},
                          true);
      return;
    }
    for (index_t z = 0; z < p.stride[0]; ++z)
      for (index_t y = 0; y < p.stride[1]; ++y)
        for (index_t x = 0; x < p.stride[2]; ++x)
          parts_.emplace_back(
              p.batch, p.groups, out, in,
              std::array{backward_axis(p, 0, z), backward_axis(p, 1, y), backward_axis(p, 2, x)},
              false);
  }

  index_t packed_elements() const {
    index_t n = 0;
    for (const auto& part : parts_) n += part.packed_elements();
    return n;
  }
  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    for (const auto& part : parts_) {
      part.pack(w, packed, executor);
      packed += part.packed_elements();
    }
  }
  index_t workspace_bytes(int workers) const { return workers * round_up(worker_bytes(), 64); }

  void forward(const image<const T>& src, const T* packed, const image<T>& dst,
               const kernel::fused<T>& post, executor_ref executor,
               std::span<std::byte> given) const {
    run(src, packed, dst, post, executor, given);
  }
  void backward_data(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                     executor_ref executor, std::span<std::byte> given) const {
    run(diff_dst, packed, diff_src, kernel::fused<T>{}, executor, given);
  }

 private:
  index_t worker_bytes() const {
    index_t most = 0;
    for (const auto& part : parts_) most = std::max(most, part.worker_bytes());
    return most;
  }
  void run(const image<const T>& src, const T* packed, const image<T>& dst,
           const kernel::fused<T>& post, executor_ref executor, std::span<std::byte> given) const {
    const workspace space(worker_bytes(), std::max(executor.concurrency(), 1), given, "conv");
    for (const auto& part : parts_) {
      part(src, packed, dst, post, post.reads(dst.data), executor, space);
      packed += part.packed_elements();
    }
  }

  std::vector<sliding<T, Isa>> parts_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
