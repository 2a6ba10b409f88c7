// activation in one sweep over memory, a vector at a time. Blocks' padding is swept too: gradients
// of zeros are zeros, and where f(0) is not 0 it is zeroed again.
#pragma once

#include <simdnn/isa/vec.hpp>
#include <simdnn/walk/contiguous_runs.hpp>
#include <simdnn/walk/strided_copy.hpp>

namespace simdnn::inline SIMDNN_ABI::activation {

template <class F, class T, layout L, class Isa>
struct direct {
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  static const char* refuses(const shape&) { return nullptr; }
  static double cost(const shape& s) { return static_cast<double>(s.elements()); }
  explicit direct(const shape&) {}

  void forward(const F& f, const view<const T, L>& src, const view<T, L>& dst,
               executor_ref executor) const {
    contiguous_runs(src).for_each_piece(executor, [&](index_t offset, index_t n) {
      const T* x = src.data() + offset;
      T* y = dst.data() + offset;
      index_t i = 0;
      for (; i + V::lanes <= n; i += V::lanes) f(V::load(x + i)).store(y + i);
      if (i < n) f(V::load(x + i, n - i)).store(y + i, n - i);
    });
    if (!L.plain() && !(f(T(0)) == T(0))) zero_padding(dst, executor);
  }

  void backward(const F& f, const view<const T, L>& diff_dst, const view<const T, L>& src,
                const view<const T, L>& dst, const view<T, L>& diff_src,
                executor_ref executor) const {
    contiguous_runs(src).for_each_piece(executor, [&](index_t offset, index_t n) {
      const T *g = diff_dst.data() + offset, *x = src.data() + offset, *y = dst.data() + offset;
      T* r = diff_src.data() + offset;
      index_t i = 0;
      for (; i + V::lanes <= n; i += V::lanes)
        f.gradient(V::load(g + i), V::load(x + i), V::load(y + i)).store(r + i);
      if (const index_t m = n - i; m > 0)
        f.gradient(V::load(g + i, m), V::load(x + i, m), V::load(y + i, m)).store(r + i, m);
    });
  }

 private:
  using V = vec<T, Isa>;
};

}  // namespace simdnn::inline SIMDNN_ABI::activation
