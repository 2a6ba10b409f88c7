// gemm by oneDNN's sgemm. oneDNN chooses its own threads and instructions: onednn/engine.hpp.
#pragma once

#if defined(SIMDNN_WITH_ONEDNN)
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/microkernel/gemm/pack.hpp>
#include <simdnn/onednn/engine.hpp>
#include <simdnn/ops/gemm/matrix.hpp>
#include <simdnn/ops/gemm/problem.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::gemm {

template <class T, class Isa>
class by_onednn {
  using V = vec<T, Isa>;

 public:
  static constexpr const char* name = "onednn";
  static constexpr bool automatic = false;
  static const char* refuses(const gemm_query&) {
    return std::is_same_v<T, float> ? nullptr : "oneDNN multiplies float only";
  }
  static double cost(const gemm_query& q) { return q.problem.flops() / 2; }

  explicit by_onednn(const gemm_query& q) : p_(q.problem) {}

  index_t packed_elements() const { return p_.k * p_.n; }
  /// [k][n]
  void pack(matrix<const T> b, T* packed, executor_ref executor) const {
    parallel_for(executor, p_.k, [&](index_t begin, index_t end, index_t) {
      for (index_t k = begin; k < end; ++k)
        microkernel::copy_strided(b.at(k, 0), b.column_stride, packed + k * p_.n, p_.n);
    });
  }
  /// For a copy of a if neither its rows nor its columns are contiguous, and for the product if a
  /// post-op reads c or sgemm does not take c's rows.
  index_t workspace_bytes(int) const { return bytes(p_.m * p_.k) + bytes(p_.m * p_.n); }

  /// Computes the product, then applies the post-op to c.
  void run(matrix<const T> a, const T* packed, matrix<T> c, const epilogue::fused<T>& post,
           executor_ref executor, std::span<std::byte> workspace) const {
    if constexpr (std::is_same_v<T, float>) {
      if (p_.m == 0 || p_.n == 0) return;
      const bool copied = !fits(a, p_.m, p_.k) && !fits(a.transposed(), p_.k, p_.m),
                 apart = post.reads(c.data) || !fits(c, p_.m, p_.n);
      const index_t copy_bytes = copied ? bytes(p_.m * p_.k) : 0;
      const workspace_slices space(copy_bytes + (apart ? bytes(p_.m * p_.n) : 0), 1, workspace,
                                   "gemm");
      if (copied) {
        T* const copy = space.template slice<T>(0);
        for (index_t m = 0; m < p_.m; ++m)
          microkernel::copy_strided(a.at(m, 0), a.column_stride, copy + m * p_.k, p_.k);
        a = {copy, p_.k, 1};
      }
      matrix<T> to = c;
      if (apart) {
        to = {reinterpret_cast<T*>(space.template slice<std::byte>(0) + copy_bytes), p_.n, 1};
        if (p_.beta != 0)
          for (index_t m = 0; m < p_.m; ++m) std::copy_n(c.at(m, 0), p_.n, to.at(m, 0));
      }
      multiply(a, packed, to);
      parallel_for(executor, p_.m, [&](index_t begin, index_t end, index_t) {
        post.template store<V>({to.at(begin, 0), to.row_stride, c.at(begin, 0), c.row_stride,
                                end - begin, p_.n, V::lanes},
                               0, begin * c.row_stride);
      });
    }
  }

 private:
  // Whether sgemm takes x by rows: they must be contiguous and must not overlap or run backwards.
  template <class U>
  static bool fits(matrix<U> x, index_t rows, index_t columns) {
    return (x.column_stride == 1 || columns <= 1) && (x.row_stride >= columns || rows <= 1);
  }
  static index_t bytes(index_t elements) {
    return round_up(elements * static_cast<index_t>(sizeof(T)), memory_pool::alignment);
  }

  void multiply(matrix<const float> a, const float* b, matrix<float> c) const {
    if (p_.k == 0 || p_.alpha == 0) {
      for (index_t m = 0; m < p_.m; ++m)
        for (index_t n = 0; n < p_.n; ++n)
          *c.at(m, n) = p_.beta == 0 ? 0 : static_cast<float>(p_.beta) * *c.at(m, n);
      return;
    }
    // Leading dimensions have a minimum, even if there is one row.
    const bool by_row = fits(a, p_.m, p_.k);
    const index_t lda = by_row ? std::max(a.row_stride, p_.k) : std::max(a.column_stride, p_.m);
    const dnnl_status_t status =
        dnnl_sgemm(by_row ? 'N' : 'T', 'N', p_.m, p_.n, p_.k, static_cast<float>(p_.alpha), a.data,
                   lda, b, p_.n, static_cast<float>(p_.beta), c.data, std::max(c.row_stride, p_.n));
    if (status != dnnl_success) raise(onednn::failure("gemm", dnnl::error(status, "sgemm failed")));
  }

  gemm_problem p_;
};

}  // namespace simdnn::inline SIMDNN_ABI::gemm
#endif
