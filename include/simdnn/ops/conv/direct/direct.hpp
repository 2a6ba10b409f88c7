// Direct convolution: the definition's sum over taps as an implicit matrix product
// (implicit_gemm.hpp), for one to three dimensions and any kernel, stride, padding, dilation,
// groups and layouts. The backward pass to the data is one such product for each phase of the
// stride, because all elements of diff_src at one phase have the same taps.
#pragma once

#include <algorithm>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/conv/direct/implicit_gemm.hpp>
#include <simdnn/ops/conv/query.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class direct {
  static constexpr index_t NR = microkernel::columns<T, Isa>;

 public:
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const query& q) {
    return in_proportion(q.problem, least_bytes(q))
               ? nullptr
               : "its copy of a row and the padding is out of proportion to the operands";
  }

  /// Cycles in the unit of all algorithms: the products, including the columns that fill up the
  /// last tile, and the copies of src into bands.
  static double cost(const query& q) {
    const conv_problem& p = q.problem;
    const bool forward = q.pass == direction::forward;
    const index_t columns = (forward ? p.out : p.in) / p.groups;
    const double fill = column_fill<T, Isa>(columns, (forward ? p.in : p.out) / p.groups % 2 == 0);
    const double copied = static_cast<double>((forward ? p.src_shape() : p.dst_shape()).elements());
    return p.flops() / 2 / static_cast<double>(NR) * fill + copied / costs::copied_elements;
  }

  explicit direct(const query& q) : p_(q.problem), forward_(q.pass == direction::forward) {
    const index_t in = p_.in / p_.groups, out = p_.out / p_.groups;
    for (int d = 0; d < 3; ++d) {
      axes_[d] = axes_of(q, d);
      for (index_t at = 0; !forward_ && at < p_.size[d]; ++at)
        if (!reached(d, at)) missed_[d].push_back(at);
    }
    for (const axis& z : axes_[0])
      for (const axis& y : axes_[1])
        for (const axis& x : axes_[2])
          parts_.emplace_back(p_.batch, p_.groups, forward_ ? in : out, forward_ ? out : in,
                              dynamic_array<axis>{z, y, x}, forward_);
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
               const epilogue::fused<T>& post, executor_ref executor,
               std::span<std::byte> workspace) const {
    run(src, packed, dst, post, executor, workspace);
  }
  void backward_data(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                     executor_ref executor, std::span<std::byte> workspace) const {
    clear(diff_src, executor);
    run(diff_dst, packed, diff_src, epilogue::fused<T>{}, executor, workspace);
  }

 private:
  static dynamic_array<axis> axes_of(const query& q, int d) {
    if (q.pass == direction::forward) return {forward_axis(q.problem, d)};
    return backward_axes(q.problem, d);
  }
  // Bytes of the smallest unit: the band for one row of outputs, and its results.
  static double least_bytes(const query& q) {
    const conv_problem& p = q.problem;
    double elements = static_cast<double>((q.pass == direction::forward ? p.in : p.out) / p.groups);
    double outputs = 0;
    for (int d = 0; d < 3; ++d) {
      double most = 0;
      for (const axis& a : axes_of(q, d)) {
        most = std::max(most, static_cast<double>(d == 2 ? a.reach(a.outputs) : a.band_size(1)));
        outputs = static_cast<double>(a.outputs);
      }
      elements *= most;
    }
    return (elements + outputs * static_cast<double>(NR)) * sizeof(T);
  }

  bool reached(int d, index_t at) const {
    const dynamic_array<axis>& axes = axes_[d];  // by ascending phase
    const index_t phase = at % p_.stride[d];
    const auto a = std::lower_bound(axes.begin(), axes.end(), phase,
                                    [](const axis& x, index_t wanted) { return x.first < wanted; });
    return a != axes.end() && a->first == phase;
  }
  // Zeroes the elements of diff_src that no tap reaches, at phases of the stride without an axis.
  void clear(const image<T>& diff_src, executor_ref executor) const {
    if (missed_[0].empty() && missed_[1].empty() && missed_[2].empty()) return;
    const index_t D = p_.size[0], H = p_.size[1];
    parallel_for(executor, p_.batch * D * H, [&](index_t begin, index_t end, index_t) {
      for (index_t row = begin; row < end; ++row) {
        const index_t z = row / H % D, y = row % H, at = diff_src.pixel(row / H / D, z, y, 0);
        if (!reached(0, z) || !reached(1, y))
          clear_pixels(diff_src, p_.in, at, p_.size[2], [](index_t x) { return x; });
        else
          clear_pixels(diff_src, p_.in, at, missed_[2].size(),
                       [&](index_t i) { return missed_[2][i]; });
      }
    });
  }

  index_t worker_bytes() const {
    index_t most = 0;
    for (const auto& part : parts_) most = std::max(most, part.worker_bytes());
    return most;
  }
  void run(const image<const T>& src, const T* packed, const image<T>& dst,
           const epilogue::fused<T>& post, executor_ref executor,
           std::span<std::byte> workspace) const {
    const workspace_slices space(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                 "conv");
    for (const auto& part : parts_) {
      part(src, packed, dst, post, post.reads(dst.data), executor, space);
      packed += part.packed_elements();
    }
  }

  conv_problem p_;
  bool forward_;
  dynamic_array<axis> axes_[3];
  dynamic_array<index_t> missed_[3];  // elements of diff_src that no axis reaches
  dynamic_array<implicit_gemm<T, Isa>>
      parts_;  // one forward, one for each phase of the stride backward
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
