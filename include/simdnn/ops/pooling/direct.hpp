// pooling in vectors of what is contiguous: channels, or pixels of a row.
#pragma once

#include <simdnn/ops/pooling/channel_lanes.hpp>
#include <simdnn/ops/pooling/pixel_lanes.hpp>
#include <simdnn/walk/contiguity.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::pooling {

template <class T, layout L, class Isa>
class direct {
  static constexpr int c = L.dim('c');
  static constexpr bool channels = contiguity_of(L) == contiguity::channels;
  static constexpr bool pixels =
      contiguity_of(L) == contiguity::pixels && L.outer_dim(L.rank() - 1) == L.dim('w');

 public:
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const pooling_problem&) {
    if (!channels && !pixels) return "neither channels nor the pixels of a row are contiguous";
    return nullptr;
  }
  static double cost(const pooling_problem& p) { return p.flops(); }
  explicit direct(const pooling_problem& p) : g_(p) {}

  index_t workspace_bytes(int workers) const { return lanes().workspace_bytes(workers); }

  /// If the workspace is empty, the calling thread's arena is used.
  void forward(const view<const T, L>& src, const view<T, L>& dst, const view<T, L>* argmax,
               executor_ref executor, std::span<std::byte> workspace) const {
    const operand<T> t = argmax == nullptr ? operand<T>() : operand<T>(*argmax);
    lanes().forward(operand(src), operand(dst), argmax == nullptr ? nullptr : &t, executor,
                    workspace);
  }
  void backward(const view<const T, L>& diff_dst, const view<const T, L>* argmax,
                const view<T, L>& diff_src, executor_ref executor,
                std::span<std::byte> workspace) const {
    const operand<const T> t = argmax == nullptr ? operand<const T>() : operand<const T>(*argmax);
    lanes().backward(operand(diff_dst), argmax == nullptr ? nullptr : &t, operand(diff_src),
                     executor, workspace);
  }

 private:
  auto lanes() const {
    if constexpr (channels && L.plain())
      return channel_lanes<T, Isa>(g_, g_.channels, 1);
    else if constexpr (channels)
      return channel_lanes<T, Isa>(g_, L.block(c), ceil_div(g_.channels, L.block(c)));
    else
      return pixel_lanes<T, Isa>(g_);
  }

  geometry g_;
};

}  // namespace simdnn::inline SIMDNN_ABI::pooling
