// Convolution by oneDNN, for plain, nhwc and blocked layouts without gaps. oneDNN chooses the order
// of packed weights. Post-ops are applied to dst afterwards. oneDNN chooses its own threads and
// instructions: onednn/engine.hpp.
#pragma once

#if defined(SIMDNN_WITH_ONEDNN)
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/microkernel/gemm/pack.hpp>
#include <simdnn/onednn/primitive.hpp>
#include <simdnn/ops/conv/image.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <vector>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class by_onednn {
  using V = vec<T, Isa>;

 public:
  static constexpr const char* name = "onednn";
  static constexpr bool automatic = false;
  static const char* refuses(const query& q) {
    if (!std::is_same_v<T, float>) return "oneDNN convolves float only";
    if (!onednn::has_block(q.src_block) || !onednn::has_block(q.dst_block))
      return "oneDNN has channels in blocks of 4, 8 and 16 only";
    if (q.band) return "oneDNN takes no rows of an image in place";
    for (index_t pad : q.problem.pad_end.v)
      if (pad < 0) return "oneDNN reads src to its end, pad_end may not be negative";
    return nullptr;
  }
  /// The cost of a kernel that wastes nothing, so that oneDNN is chosen if the caller allows it.
  static double cost(const query& q) {
    return q.problem.flops() / 2 / static_cast<double>(microkernel::columns<T, Isa>);
  }

  /// Throws an error if oneDNN has no implementation.
  explicit by_onednn(const query& q) : q_(q), p_(q.problem) {
    flat_ = p_.size[0] == 1 && p_.kernel[0] == 1 && p_.output(0) == 1 && p_.pad[0] == 0;
    if (p_.batch == 0) return;
    try {
      describe();
    } catch (const dnnl::error& e) {
      raise(onednn::failure(op(), e));
    }
  }

  index_t packed_elements() const {
    return p_.batch == 0 ? 0 : bytes_of(weights_) / static_cast<index_t>(sizeof(T));
  }
  void pack(const filter<const T>& w, T* packed, executor_ref) const {
    if (p_.batch == 0) return;
    std::vector<T> dense(taps());
    for_each_weight(
        [&](index_t i, index_t o, index_t c, index_t tap) { dense[i] = w.data[at(w, o, c, tap)]; });
    onednn::reorder(onednn::plain(weight_sizes()), dense.data(), weights_, packed);
  }

  /// oneDNN's scratchpad, and a second dst for post-ops that read dst. Backward to the weights:
  /// weight_bytes() instead of the second dst.
  index_t workspace_bytes(int) const {
    if (p_.batch == 0) return 0;
    return padded(primitive_.scratchpad_bytes()) +
           (q_.pass == direction::backward_weights ? weight_bytes() : padded(bytes_of(dst_)));
  }

  void forward(const image<const T>& src, const T* packed, const image<T>& dst,
               const epilogue::fused<T>& post, executor_ref executor,
               std::span<std::byte> workspace) const {
    if (p_.batch == 0) return;
    check(src, src_sizes(), q_.src_block, q_.src_plain_channels, "src");
    check(dst, dst_sizes(), q_.dst_block, q_.dst_plain_channels, "dst");
    const bool apart = post.reads(dst.data);
    const index_t scratchpad = padded(primitive_.scratchpad_bytes());
    const workspace_slices space(scratchpad + (apart ? padded(bytes_of(dst_)) : 0), 1, workspace,
                                 op());
    std::byte* const memory = space.template slice<std::byte>(0);
    T* const to = apart ? reinterpret_cast<T*>(memory + scratchpad) : dst.data;
    run({{DNNL_ARG_SRC, onednn::over(src_, src.data)},
         {DNNL_ARG_WEIGHTS, onednn::over(weights_, packed)},
         {DNNL_ARG_DST, onednn::over(dst_, to)}},
        memory);
    finish(to, dst, post, executor);
  }

  void backward_data(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                     executor_ref, std::span<std::byte> workspace) const {
    if (p_.batch == 0) return;
    check(diff_dst, dst_sizes(), q_.dst_block, q_.dst_plain_channels, "diff_dst");
    check(diff_src, src_sizes(), q_.src_block, q_.src_plain_channels, "diff_src");
    const workspace_slices space(padded(primitive_.scratchpad_bytes()), 1, workspace, op());
    run({{DNNL_ARG_DIFF_DST, onednn::over(dst_, diff_dst.data)},
         {DNNL_ARG_WEIGHTS, onednn::over(weights_, packed)},
         {DNNL_ARG_DIFF_SRC, onednn::over(src_, diff_src.data)}},
        space.template slice<std::byte>(0));
  }

  /// diff_bias may be null.
  void backward_weights(const image<const T>& src, const image<const T>& diff_dst,
                        const filter<T>& diff_weights, T* diff_bias, executor_ref,
                        std::span<std::byte> workspace) const {
    const auto put = [&](auto&& value) {
      for_each_weight([&](index_t i, index_t o, index_t c, index_t tap) {
        diff_weights.data[at(diff_weights, o, c, tap)] = value(i);
      });
    };
    if (p_.batch == 0) {
      put([](index_t) { return T(0); });
      if (diff_bias != nullptr) std::fill_n(diff_bias, p_.out, T(0));
      return;
    }
    check(src, src_sizes(), q_.src_block, q_.src_plain_channels, "src");
    check(diff_dst, dst_sizes(), q_.dst_block, q_.dst_plain_channels, "diff_dst");
    const index_t scratchpad = padded(primitive_.scratchpad_bytes());
    const workspace_slices space(scratchpad + weight_bytes(), 1, workspace, op());
    std::byte* const memory = space.template slice<std::byte>(0);
    std::byte* const packed = memory + scratchpad;
    T* const dense = reinterpret_cast<T*>(packed + padded(bytes_of(weights_)));
    T* const bias = dense + padded(taps() * sizeof(T)) / sizeof(T);
    run({{DNNL_ARG_SRC, onednn::over(src_, src.data)},
         {DNNL_ARG_DIFF_DST, onednn::over(dst_, diff_dst.data)},
         {DNNL_ARG_DIFF_WEIGHTS, onednn::over(weights_, packed)},
         {DNNL_ARG_DIFF_BIAS, onednn::over(onednn::plain({p_.out}), bias)}},
        memory);
    onednn::reorder(weights_, packed, onednn::plain(weight_sizes()), dense);
    put([&](index_t i) { return dense[i]; });
    if (diff_bias != nullptr) std::copy_n(bias, p_.out, diff_bias);
  }

 private:
  using dims = onednn::dims;

  void describe() {
    using namespace dnnl;
    src_ = onednn::image(src_sizes(), q_.src_block, !q_.src_plain_channels);
    dst_ = onednn::image(dst_sizes(), q_.dst_block, !q_.dst_plain_channels);
    const auto any = onednn::any(weight_sizes());
    const auto bias = onednn::plain({p_.out});
    const auto direct = algorithm::convolution_direct;
    const dims stride = spatial_dims(p_.stride), begin = spatial_dims(p_.pad),
               end = spatial_dims(p_.pad_end);
    dims dilation = spatial_dims(p_.dilation);
    for (auto& d : dilation) --d;  // in oneDNN 0 means no dilation
    const auto make = [&](const auto& pd, const auto& primitive, const onednn::desc& weights) {
      primitive_ = onednn::primitive(primitive, pd);
      weights_ = weights;
    };
    if (q_.pass == direction::forward) {
      const auto pd = onednn::describe<convolution_forward>(
          prop_kind::forward_training, direct, src_, any, dst_, stride, dilation, begin, end);
      return make(pd, convolution_forward(pd), pd.weights_desc());
    }
    if (q_.pass == direction::backward_data) {
      const auto hint = onednn::describe<convolution_forward>(
          prop_kind::forward_training, direct, src_, any, dst_, stride, dilation, begin, end);
      const auto pd = onednn::describe_backward<convolution_backward_data>(
          hint, direct, src_, any, dst_, stride, dilation, begin, end);
      return make(pd, convolution_backward_data(pd), pd.weights_desc());
    }
    const auto hint = onednn::describe<convolution_forward>(
        prop_kind::forward_training, direct, src_, any, bias, dst_, stride, dilation, begin, end);
    const auto pd = onednn::describe_backward<convolution_backward_weights>(
        hint, direct, src_, any, bias, dst_, stride, dilation, begin, end);
    make(pd, convolution_backward_weights(pd), pd.diff_weights_desc());
  }

  void run(std::unordered_map<int, dnnl::memory> operands, std::byte* scratchpad) const {
    try {
      primitive_.run(std::move(operands), scratchpad);
    } catch (const dnnl::error& e) {
      raise(onednn::failure(op(), e));
    }
  }

  // Applies the post-op to `from`, which has dst's strides and may be dst, and stores to dst.
  void finish(const T* from, const image<T>& dst, const epilogue::fused<T>& post,
              executor_ref executor) const {
    if (post.nothing()) return;
    const index_t D = p_.output(0), H = p_.output(1), W = p_.output(2), step = dst.stride[2];
    parallel_for(executor, p_.batch * D * H, [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t row = dst.pixel(unit / (D * H), unit / H % D, unit % H, 0);
        if (q_.dst_plain_channels) {
          post.template store_pixels<V>({from + row, dst.channel_stride, dst.data + row,
                                         dst.channel_stride, p_.out, W, V::lanes},
                                        0, row);
          continue;
        }
        for (index_t c = 0; c < p_.out;) {
          const index_t channels = dst.contiguous(c, p_.out - c), at = row + dst.channel(c);
          post.template store<V>({from + at, step, dst.data + at, step, W, channels, V::lanes}, c,
                                 at);
          c += channels;
        }
        clear_padding(dst, p_.out, row, W, step);
      }
    });
  }

  // Throws an error if the operand does not have the strides of the descriptor.
  template <class U>
  void check(const image<U>& x, const dims& sizes, index_t block, bool plain_channels,
             const char* argument) const {
    const index_t C = sizes[1], w = sizes.back(), h = sizes[sizes.size() - 2],
                  d = flat_ ? 1 : sizes[2];
    const bool last = block == 1 && !plain_channels;
    const index_t step = last ? C : block;
    bool dense = true;
    const auto want = [&](index_t size, index_t stride, index_t dense_stride) {
      dense = dense && (size <= 1 || stride == dense_stride);
    };
    want(w, x.stride[2], step);
    want(h, x.stride[1], w * step);
    want(d, x.stride[0], h * w * step);
    want(ceil_div(C, block), x.channel_stride, last ? 1 : d * h * w * block);
    want(sizes[0], x.batch_stride, d * h * w * round_up(C, block));
    if (!dense)
      throw_error(op(), argument, "dense nchw, nhwc or blocks of channels for the algorithm onednn",
                  "gaps or another order");
  }

  const char* op() const {
    return q_.pass == direction::forward         ? "conv_forward"
           : q_.pass == direction::backward_data ? "conv_backward_data"
                                                 : "conv_backward_weights";
  }
  dims spatial_dims(const spatial& s) const {
    return flat_ ? dims{s[1], s[2]} : dims{s[0], s[1], s[2]};
  }
  dims sizes(dims first, const spatial& s) const {
    for (auto size : spatial_dims(s)) first.push_back(size);
    return first;
  }
  dims src_sizes() const { return sizes({p_.batch, p_.in}, p_.size); }
  dims dst_sizes() const {
    return sizes({p_.batch, p_.out}, spatial{p_.output(0), p_.output(1), p_.output(2)});
  }
  dims weight_sizes() const {
    const index_t in = p_.in / p_.groups;
    return sizes(p_.groups == 1 ? dims{p_.out, in} : dims{p_.groups, p_.out / p_.groups, in},
                 p_.kernel);
  }

  // Calls f(number, o, i, tap) for all weights, in the order [o][i][kd][kh][kw].
  template <class F>
  void for_each_weight(F&& f) const {
    const index_t in = p_.in / p_.groups, each = p_.kernel[0] * p_.kernel[1] * p_.kernel[2];
    for (index_t i = 0; i < taps(); ++i) f(i, i / (in * each), i / each % in, i % each);
  }
  template <class U>
  index_t at(const filter<U>& w, index_t o, index_t i, index_t tap) const {
    const index_t x = tap % p_.kernel[2], y = tap / p_.kernel[2] % p_.kernel[1],
                  z = tap / p_.kernel[2] / p_.kernel[1];
    return w.out.at(o) + w.in.at(i) + w.tap(z, y, x);
  }
  index_t taps() const {
    return p_.out * (p_.in / p_.groups) * p_.kernel[0] * p_.kernel[1] * p_.kernel[2];
  }

  static index_t padded(index_t bytes) { return round_up(bytes, memory_pool::alignment); }
  static index_t bytes_of(const onednn::desc& d) { return static_cast<index_t>(d.get_size()); }
  // Bytes of diff_weights in oneDNN's order, of dense diff_weights, and of diff_bias.
  index_t weight_bytes() const {
    return padded(bytes_of(weights_)) + padded(taps() * sizeof(T)) + padded(p_.out * sizeof(T));
  }

  query q_;
  conv_problem p_;
  bool flat_;  // passed to oneDNN in two spatial dimensions
  onednn::desc src_, dst_, weights_;
  onednn::primitive primitive_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
#endif
