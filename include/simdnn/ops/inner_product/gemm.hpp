// inner_product as matrix products that read src in place. K runs over one image in its memory
// order, including the padding of blocks, for which weights are zero.
//
//     forward            dst {N, O}           = src {N, K} * weights' {K, O}
//     backward_data      diff_src {N, K}      = diff_dst {N, O} * weights {O, K}
//     backward_weights   diff_weights {O, K}  = diff_dst' {O, N} * src {N, K}
#pragma once

#include <array>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/isa/long_sum.hpp>
#include <simdnn/ops/gemm/entry_points.hpp>
#include <simdnn/ops/inner_product/layouts.hpp>
#include <simdnn/ops/inner_product/query.hpp>
#include <simdnn/tensor/tensor.hpp>
#include <simdnn/walk/strided_copy.hpp>
#include <string_view>

namespace simdnn::inline SIMDNN_ABI::inner_product {

template <class T, layout Src, class Isa>
class as_gemm {
  using V = vec<T, Isa>;
  using functions = gemm::entry_points<T, Isa>;
  static constexpr layout order = weights_order<Src>();

 public:
  static constexpr const char* name = "gemm";
  static constexpr bool automatic = true;
  static const char* refuses(const query&) { return nullptr; }
  static double cost(const query& q) { return q.problem.flops(); }

  explicit as_gemm(const query& q)
      : p_(q.problem),
        pass_(q.pass),
        inputs_(dense_strides<Src>(p_.src_shape(), pass_name(pass_))[0]),
        product_({matrices()}, pass_name(pass_)) {}

  /// Names the memory order of packed weights, because those for another order may have the same
  /// size.
  static const char* packed_name() { return packed_text.data(); }
  index_t packed_elements() const { return product_.packed_elements(); }
  template <layout W>
  void pack(const view<const T, W>& weights, T* packed, executor_ref executor) const {
    const auto pack_rows = [&](const matrix<const T>& rows) {  // (O,K)
      functions::pack_blocked(product_, pass_ == direction::forward ? rows.transposed() : rows,
                              packed, executor);
    };
    if (in_place(weights)) return pack_rows(as_rows(weights));
    tensor<T, order> copy(p_.weights_shape());  // zeros, in the padding too
    copy_all(weights, copy.as_view(), executor);
    pack_rows(as_rows(view<const T, order>(copy)));
  }

  /// Enough for any layout of diff_weights.
  index_t workspace_bytes(int workers) const {
    if (pass_ != direction::backward_weights) return product_.workspace_bytes(workers);
    return packed_src_bytes() + sums_bytes() + product_.workspace_bytes(workers);
  }

  void forward(const view<const T, Src>& src, const T* packed, const view<T, "nc">& dst,
               const epilogue::fused<T>& post, executor_ref executor,
               std::span<std::byte> workspace) const {
    functions::run_blocked(product_, {src.data(), src.stride(0), 1}, packed,
                           {dst.data(), dst.stride(0), 1}, post, executor, workspace);
  }

  void backward_data(const view<const T, "nc">& diff_dst, const T* packed,
                     const view<T, Src>& diff_src, executor_ref executor,
                     std::span<std::byte> workspace) const {
    functions::run_blocked(product_, {diff_dst.data(), diff_dst.stride(0), 1}, packed,
                           {diff_src.data(), diff_src.stride(0), 1}, epilogue::fused<T>{}, executor,
                           workspace);
    // Zero weights leave zeros in the padding, except if diff_dst is not finite.
    if (p_.in % Src.block(1) != 0) zero_padding(diff_src, executor);
  }

  /// diff_bias has one element for each output; it may be null.
  template <layout W>
  void backward_weights(const view<const T, Src>& src, const view<const T, "nc">& diff_dst,
                        const view<T, W>& diff_weights, T* diff_bias, executor_ref executor,
                        std::span<std::byte> workspace) const {
    const bool direct = in_place(diff_weights) && as_rows(diff_weights).column_stride == 1;
    const index_t own = packed_src_bytes() + (direct ? 0 : sums_bytes());
    const index_t rest = product_.workspace_bytes(std::max(executor.concurrency(), 1));
    const workspace_slices space(own + rest, 1, workspace, pass_name(pass_));
    std::byte* const memory = space.template slice<std::byte>(0);
    T* const packed = reinterpret_cast<T*>(memory);
    T* const sums = reinterpret_cast<T*>(memory + packed_src_bytes());  // (O,K) in `order`

    functions::pack_blocked(product_, {src.data(), src.stride(0), 1}, packed, executor);
    const matrix<T> to = direct ? as_rows(diff_weights) : matrix<T>{sums, inputs_, 1};
    functions::run_blocked(product_, {diff_dst.data(), 1, diff_dst.stride(0)}, packed, to,
                           epilogue::fused<T>{}, executor,
                           std::span(memory + own, static_cast<std::size_t>(rest)));
    if (!direct) copy_all(view<const T, order>(sums, p_.weights_shape()), diff_weights, executor);
    if (diff_bias != nullptr) sum_batch(diff_dst, diff_bias, executor);
  }

 private:
  static constexpr auto packed_text = [] {
    std::array<char, 32> text{};
    std::size_t at = 0;
    for (std::string_view part : {std::string_view("gemm "), Src.text()})
      for (char c : part) text[at++] = c;
    return text;
  }();

  gemm_problem matrices() const {
    switch (pass_) {
      case direction::forward:
        return {.m = p_.batch, .n = p_.out, .k = inputs_};
      case direction::backward_data:
        return {.m = p_.batch, .n = inputs_, .k = p_.out};
      default:
        return {.m = p_.out, .n = inputs_, .k = p_.batch};
    }
  }
  index_t packed_src_bytes() const { return bytes(product_.packed_elements()); }
  index_t sums_bytes() const { return bytes(p_.out * inputs_); }
  static index_t bytes(index_t elements) {
    return round_up(elements * static_cast<index_t>(sizeof(T)), workspace_slices::alignment);
  }

  // Whether weights can be read as rows of K in src's order; without spatial dimensions any plain
  // layout can.
  template <class U, layout W>
  static bool in_place(const view<U, W>& weights) {
    if constexpr (W.rank() == 2 && W.plain() && Src.plain())
      return true;
    else
      return W == order && gapless(weights);
  }
  template <class U, layout W>
  static matrix<U> as_rows(const view<U, W>& weights) {
    return {weights.data(), weights.stride('o'),
            W.rank() == 2 && W.plain() ? weights.stride('i') : 1};
  }
  template <layout From, layout To>
  static void copy_all(const view<const T, From>& from, const view<T, To>& to,
                       executor_ref executor) {
    copy_range ranges[max_rank];
    for (int d = 0; d < To.rank(); ++d) ranges[d] = {0, 0, to.size(d)};
    copy_elements(strided(from), from.data(), strided(to), to.data(), ranges, executor);
  }
  // bias[o] = sum over n of x[n][o], in the order of n.
  void sum_batch(const view<const T, "nc">& x, T* bias, executor_ref executor) const {
    parallel_for(executor, ceil_div(p_.out, V::lanes), [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t o = unit * V::lanes, lanes = std::min<index_t>(V::lanes, p_.out - o);
        long_sum<V> sum;
        for (index_t n = 0; n < p_.batch; ++n)
          sum.add([&](auto, V a) SIMDNN_INLINE_LAMBDA {
            return a + V::load(x.data() + n * x.stride(0) + o, lanes);
          });
        sum.total().store(bias + o, lanes);
      }
    });
  }

  inner_product_problem p_;
  direction pass_;
  index_t inputs_;  // K
  gemm::blocked<T, Isa> product_;
};

}  // namespace simdnn::inline SIMDNN_ABI::inner_product
