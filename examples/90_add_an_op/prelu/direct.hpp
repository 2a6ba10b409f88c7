// prelu in vectors of neighbouring channels, images in parallel.
#pragma once

#include <simdnn/isa/vec.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/tensor/view.hpp>

#include "problem.hpp"

namespace simdnn::inline SIMDNN_ABI::prelu {

template <class T, class Isa>
class direct {
  using V = vec<T, Isa>;

 public:
  static constexpr const char* name = "direct";
  static constexpr bool automatic = true;
  /// nullptr, or the reason in words: it becomes the text of an error.
  static const char* refuses(const prelu_problem&) { return nullptr; }
  /// Of the algorithms that do not refuse, the least is taken. Never depends on the number of
  /// threads: the same problem gives the same bits on any number.
  static double cost(const prelu_problem& p) { return p.flops() / V::lanes; }
  explicit direct(const prelu_problem& p) : p_(p) {}

  void operator()(const view<const T, "nc">& src, const T* slope, const view<T, "nc">& dst,
                  executor_ref executor) const {
    parallel_for(executor, p_.batch, [&](index_t begin, index_t end, index_t) {
      for (index_t n = begin; n < end; ++n) {
        const T* x = src.data() + n * src.stride('n');
        T* y = dst.data() + n * dst.stride('n');
        index_t c = 0;
        for (; c + V::lanes <= p_.channels; c += V::lanes)
          function(V::load(x + c), V::load(slope + c)).store(y + c);
        // The last lanes are masked: nothing behind an operand's end is read or written.
        if (const index_t left = p_.channels - c; left > 0)
          function(V::load(x + c, left), V::load(slope + c, left)).store(y + c, left);
      }
    });
  }

 private:
  static SIMDNN_INLINE V function(V x, V slope) { return select(x > V(0), x, slope * x); }

  prelu_problem p_;
};

}  // namespace simdnn::inline SIMDNN_ABI::prelu
