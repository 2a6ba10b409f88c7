// The sums of the definition, accumulating in double.
#pragma once

#include <simdnn/epilogue/fused.hpp>
#include <simdnn/ops/inner_product/layouts.hpp>
#include <simdnn/ops/inner_product/query.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/walk/elements.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::inner_product {

template <class T, layout Src>
class reference {
 public:
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const query&) { return nullptr; }
  static double cost(const query& q) { return q.problem.flops(); }

  explicit reference(const query& q) : p_(q.problem) {}

  const char* packed_name() const { return name; }
  index_t packed_elements() const { return p_.weights_shape().elements(); }
  /// [o][i][d][h][w]
  template <layout W>
  void pack(const view<const T, W>& weights, T* packed, executor_ref) const {
    for_each_element(p_.weights_shape(),
                     [&](const auto& i) { *packed++ = weights.data()[weights.offset(i)]; });
  }
  index_t workspace_bytes(int) const { return 0; }

  void forward(const view<const T, Src>& src, const T* packed, const view<T, "nc">& dst,
               const epilogue::fused<T>& post, executor_ref, std::span<std::byte>) const {
    const index_t inputs = packed_elements() / p_.out;
    for_each_element(p_.dst_shape(), [&](const auto& at) {
      double sum = 0;
      const T* w = packed + at[1] * inputs;
      for_each_element(image(), [&](auto i) {
        i[0] = at[0];
        sum += static_cast<double>(src.data()[src.offset(i)]) * static_cast<double>(*w++);
      });
      const index_t offset = dst.offset(at);
      dst.data()[offset] = static_cast<T>(post(sum, epilogue::where<>{at[1], offset, 1}));
    });
  }

  void backward_data(const view<const T, "nc">& diff_dst, const T* packed,
                     const view<T, Src>& diff_src, executor_ref, std::span<std::byte>) const {
    const index_t inputs = packed_elements() / p_.out;
    shape padded{p_.batch, round_up(p_.in, Src.block(1))};
    for (int d = 0; d < p_.size.rank; ++d) padded.push_back(p_.size[d]);
    for_each_element(padded, [&](const auto& i) { diff_src.data()[diff_src.offset(i)] = 0; });
    for (index_t n = 0; n < p_.batch; ++n) {
      const T* w = packed;
      for_each_element(image(), [&](auto i) {
        i[0] = n;
        double sum = 0;
        for (index_t o = 0; o < p_.out; ++o)
          sum += static_cast<double>(diff_dst(n, o)) * static_cast<double>(w[o * inputs]);
        ++w;
        diff_src.data()[diff_src.offset(i)] = static_cast<T>(sum);
      });
    }
  }

  /// diff_bias has one element for each output; it may be null.
  template <layout W>
  void backward_weights(const view<const T, Src>& src, const view<const T, "nc">& diff_dst,
                        const view<T, W>& diff_weights, T* diff_bias, executor_ref,
                        std::span<std::byte>) const {
    for_each_element(p_.weights_shape(), [&](auto i) {
      const auto to = diff_weights.offset(i);
      const index_t o = i[0];
      double sum = 0;
      for (i[0] = 0; i[0] < p_.batch; ++i[0])
        sum +=
            static_cast<double>(diff_dst(i[0], o)) * static_cast<double>(src.data()[src.offset(i)]);
      diff_weights.data()[to] = static_cast<T>(sum);
    });
    if (diff_bias == nullptr) return;
    for (index_t o = 0; o < p_.out; ++o) {
      double sum = 0;
      for (index_t n = 0; n < p_.batch; ++n) sum += static_cast<double>(diff_dst(n, o));
      diff_bias[o] = static_cast<T>(sum);
    }
  }

 private:
  // The shape of src with batch 1.
  shape image() const {
    inner_product_problem one = p_;
    one.batch = 1;
    return one.src_shape();
  }

  inner_product_problem p_;
};

}  // namespace simdnn::inline SIMDNN_ABI::inner_product
