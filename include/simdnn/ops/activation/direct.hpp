// activation in one pass over memory, one vector at a time. The pass includes the padding of
// blocks. There, gradients of zeros are zeros; if f(0) is not 0, forward writes the zeros again.
#pragma once

#include <simdnn/walk/contiguous_runs.hpp>
#include <simdnn/walk/lanes.hpp>
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
      for_each_vector<V>(n, [&](index_t i, auto lanes) SIMDNN_INLINE_LAMBDA {
        f(V::load(x + i, lanes)).store(y + i, lanes);
      });
    });
    if (!L.plain() && !(f(T(0)) == T(0))) zero_padding(dst, executor);
  }

  void backward(const F& f, const view<const T, L>& diff_dst, const view<const T, L>& src,
                const view<const T, L>& dst, const view<T, L>& diff_src,
                executor_ref executor) const {
    contiguous_runs(src).for_each_piece(executor, [&](index_t offset, index_t n) {
      const T *g = diff_dst.data() + offset, *x = src.data() + offset, *y = dst.data() + offset;
      T* r = diff_src.data() + offset;
      for_each_vector<V>(n, [&](index_t i, auto lanes) SIMDNN_INLINE_LAMBDA {
        f.gradient(V::load(g + i, lanes), V::load(x + i, lanes), V::load(y + i, lanes))
            .store(r + i, lanes);
      });
    });
  }

 private:
  using V = vec<T, Isa>;
};

}  // namespace simdnn::inline SIMDNN_ABI::activation
