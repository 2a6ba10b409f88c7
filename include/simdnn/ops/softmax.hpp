// softmax over the channels, and the cross-entropy loss after it.
//
//     dst[n][c][...] = exp(src[n][c][...]) / sum over k of exp(src[n][k][...])
//     loss = mean over n of -log(dst[n][labels[n]])
//
//     softmax_forward(src, dst);                                  one shot
//     softmax_plan<float, "nchw"> plan{{src.shape()}};            many calls
//     plan(src, dst);
//     softmax_cross_entropy_forward(logits, labels, probabilities);
//
// Layouts have channels; only the channels may be blocked. If the channels are the fastest
// dimension, they must be contiguous. The largest channel is subtracted first, so that nothing
// overflows. All channels of a pixel become NaN if one is NaN or +infinity, or if all are
// -infinity.
#pragma once

#include <cstdint>
#include <simdnn/ops/softmax/cross_entropy.hpp>
#include <simdnn/ops/softmax/passes.hpp>

namespace simdnn::inline SIMDNN_ABI {

template <class T, layout L, class Isa = isa::native>
class softmax_plan : public plan<softmax::forward<T, L, Isa>> {
 public:
  using plan<softmax::forward<T, L, Isa>>::plan;
};
template <class T, layout L, class Isa = isa::native>
class softmax_backward_plan : public plan<softmax::backward<T, L, Isa>> {
 public:
  using plan<softmax::backward<T, L, Isa>>::plan;
};
template <class T, class Isa = isa::native>
class softmax_cross_entropy_plan : public plan<softmax::cross_entropy_forward<T, Isa>> {
 public:
  using plan<softmax::cross_entropy_forward<T, Isa>>::plan;
};
template <class T, class Isa = isa::native>
class softmax_cross_entropy_backward_plan : public plan<softmax::cross_entropy_backward<T, Isa>> {
 public:
  using plan<softmax::cross_entropy_backward<T, Isa>>::plan;
};

/// dst may be src itself.
template <class Isa = isa::native, tensor_like Src, tensor_like Dst, class... Extras>
void softmax_forward(const Src& src, Dst&& dst, Extras&&... extras) {
  using pass = softmax::forward<element_of<Src>, Src::format, Isa>;
  run_once<pass>({src.as_view().shape()}, src, dst, extras...);
}

/// diff_src = dst * (diff_dst - sum over channels of diff_dst * dst). diff_src may be diff_dst or
/// dst itself.
template <class Isa = isa::native, tensor_like DiffDst, tensor_like Dst, tensor_like DiffSrc,
          class... Extras>
void softmax_backward(const DiffDst& diff_dst, const Dst& dst, DiffSrc&& diff_src,
                      Extras&&... extras) {
  using pass = softmax::backward<element_of<Dst>, Dst::format, Isa>;
  run_once<pass>({dst.as_view().shape()}, diff_dst, dst, diff_src, extras...);
}

/// Writes the probabilities and returns the mean loss, which is 0 for an empty batch. Logits and
/// probabilities have layout "nc" and may be the same tensor. labels[n], from 0 to channels - 1, is
/// the right channel of image n.
template <class Isa = isa::native, tensor_like Logits, tensor_like Probabilities, class... Extras>
double softmax_cross_entropy_forward(const Logits& logits, std::span<const std::int32_t> labels,
                                     Probabilities&& probabilities, Extras&&... extras) {
  using pass = softmax::cross_entropy_forward<element_of<Logits>, Isa>;
  return run_once<pass>({logits.as_view().shape()}, logits, labels, probabilities, extras...);
}

/// The gradient of the mean loss: diff_logits = (probabilities - onehot(labels)) / batch.
/// diff_logits may be the probabilities themselves.
template <class Isa = isa::native, tensor_like Probabilities, tensor_like DiffLogits,
          class... Extras>
void softmax_cross_entropy_backward(const Probabilities& probabilities,
                                    std::span<const std::int32_t> labels, DiffLogits&& diff_logits,
                                    Extras&&... extras) {
  using pass = softmax::cross_entropy_backward<element_of<Probabilities>, Isa>;
  run_once<pass>({probabilities.as_view().shape()}, probabilities, labels, diff_logits, extras...);
}

using softmax_passes = pass_list<softmax::forward<float, "nc", isa::native>,
                                 softmax::backward<float, "nc", isa::native>,
                                 softmax::cross_entropy_forward<float, isa::native>,
                                 softmax::cross_entropy_backward<float, isa::native>>;

}  // namespace simdnn::inline SIMDNN_ABI
