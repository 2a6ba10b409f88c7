// The triple loop, accumulating in double.
#pragma once

#include <simdnn/epilogue/fused.hpp>
#include <simdnn/ops/gemm/matrix.hpp>
#include <simdnn/ops/gemm/problem.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::gemm {

template <class T>
class reference {
 public:
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(const gemm_query&) { return nullptr; }
  static double cost(const gemm_query& q) { return q.problem.flops(); }

  explicit reference(const gemm_query& q) : p_(q.problem) {}

  index_t packed_elements() const { return p_.k * p_.n; }
  void pack(matrix<const T> b, T* packed, executor_ref) const {
    for (index_t k = 0; k < p_.k; ++k)
      for (index_t n = 0; n < p_.n; ++n) packed[k * p_.n + n] = *b.at(k, n);
  }
  index_t workspace_bytes(int) const { return 0; }

  void run(matrix<const T> a, const T* packed, matrix<T> c, const epilogue::fused<T>& post,
           executor_ref executor, std::span<std::byte>) const {
    parallel_for(executor, p_.m, [&](index_t begin, index_t end, index_t) {
      for (index_t m = begin; m < end; ++m)
        for (index_t n = 0; n < p_.n; ++n) {
          double sum = 0;
          for (index_t k = 0; k < p_.k; ++k)
            sum += static_cast<double>(*a.at(m, k)) * static_cast<double>(packed[k * p_.n + n]);
          T* out = c.at(m, n);
          double value = p_.alpha == 0 ? 0 : p_.alpha * sum;
          if (p_.beta != 0) value += p_.beta * static_cast<double>(*out);
          *out = static_cast<T>(post(value, epilogue::where<>{n, m * c.row_stride + n, 1}));
        }
    });
  }

 private:
  gemm_problem p_;
};

}  // namespace simdnn::inline SIMDNN_ABI::gemm
