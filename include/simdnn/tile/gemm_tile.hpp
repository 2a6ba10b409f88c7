// The register tile that gemm and every convolution share: MR rows (of a matrix, or pixels) by NV vectors
// of columns (output channels),
//     c[m][n] = post_op(sum over k of a[m][k] * b[k][n], plus c[m][n] where it accumulates),
// where k runs over segments: a list of offsets into a, each the start of segment_length values of k. One
// segment is a plain matrix product; a convolution has one a tap or channel block, which makes any
// kernel, dilation and stride a table. b is packed: one row of NV vectors per k, all segments in turn.
#pragma once

#include <array>
#include <simdnn/isa/vec.hpp>
#include <simdnn/post_ops/kernel.hpp>
#include <simdnn/tile/blocking/blocking.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::tile {

/// How a is read. by_row: a[m * a_stride + k]; by_k: a[m + k * a_stride].
enum class a_order { by_row, by_k };

/// The counts are at least 1. c may be unaligned and must not overlap a or b.
template <class T>
struct operands {
  const T* a;
  index_t a_stride;
  const index_t* segments;
  index_t segment_count;
  index_t segment_length;
  const T* b;
  T* c;
  index_t c_row;     ///< from one row of c to the next
  index_t c_column;  ///< from one vector of a row to the next
  bool accumulate = false;
};

namespace detail {

// The steps of a tile as folds over its accumulators, acc[m * NV + n].
template <class V, int NV>
struct steps {
  template <int... I>
  static SIMDNN_INLINE void zero(V* acc, std::integer_sequence<int, I...>) {
    ((acc[I] = V(0)), ...);
  }
  template <int... I, class T>
  static SIMDNN_INLINE void add(V* acc, const T* c, index_t row, index_t column, std::integer_sequence<int, I...>) {
    ((acc[I] += V::load(c + I / NV * row + I % NV * column)), ...);
  }
  template <int... I, class T>
  static SIMDNN_INLINE void store(const V* acc, T* c, index_t row, index_t column, std::integer_sequence<int, I...>) {
    (acc[I].store(c + I / NV * row + I % NV * column), ...);
  }
  template <int... N, class T>
  static SIMDNN_INLINE void load_b(V* bv, const T* b, std::integer_sequence<int, N...>) {
    ((bv[N] = V::load(b + N * V::lanes)), ...);
  }
  template <int... N>
  static SIMDNN_INLINE void multiply_row(V* acc, V a, const V* bv, std::integer_sequence<int, N...>) {
    ((acc[N] = V::fma(a, bv[N], acc[N])), ...);
  }
  // One value of k.
  template <int... M, class T>
  static SIMDNN_INLINE void multiply_by_k(V* acc, const T* a, const T* b, std::integer_sequence<int, M...>) {
    V bv[NV];  // (NV)
    load_b(bv, b, columns);
    (multiply_row(acc + M * NV, V(a[M]), bv, columns), ...);
  }
  template <int... M, class T>
  static SIMDNN_INLINE void multiply_by_row(V* acc, const T* const* row, index_t stride, const T* b,
                                            std::integer_sequence<int, M...>) {
    V bv[NV];  // (NV)
    load_b(bv, b, columns);
    (multiply_row(acc + M * NV, V(row[M / 3][M % 3 * stride]), bv, columns), ...);
  }
  template <int... P, class T>
  static SIMDNN_INLINE void start_rows(const T** row, const T* a, index_t stride, std::integer_sequence<int, P...>) {
    ((row[P] = a + 3 * P * stride), ...);
  }
  template <int... P, class T>
  static SIMDNN_INLINE void advance_rows(const T** row, std::integer_sequence<int, P...>) {
    (++row[P], ...);
  }

  static constexpr auto columns = std::make_integer_sequence<int, NV>{};
};

}  // namespace detail

template <class T, class Isa, int MR, a_order Order, class PostOp>
SIMDNN_NOINLINE void run(const operands<T>& t, const PostOp& post) {
  using V = vec<T, Isa>;
  constexpr int NV = blocking<T, Isa>::NV;
  using step = detail::steps<V, NV>;
  constexpr auto all = std::make_integer_sequence<int, MR * NV>{};
  constexpr auto rows = std::make_integer_sequence<int, MR>{};

  V acc[MR * NV];  // (MR,NV)
  step::zero(acc, all);
  const T* SIMDNN_RESTRICT b = t.b;  // (k,NV)
  const index_t stride = t.a_stride;
  const index_t* segment = t.segments;
  const index_t* const segments_end = segment + t.segment_count;
  // do-while, because clang keeps a second copy of the accumulators for a loop that may run zero times
  // and spills them all: 0.15 of peak instead of 0.8 (clang 19, 14x2, AVX-512). For the same reason c is
  // added behind the loop and not loaded before it.
  do {
    const T* SIMDNN_RESTRICT a = t.a + *segment;
    index_t k = t.segment_length;
    if constexpr (Order == a_order::by_row) {
      // Three rows a pointer: [p], [p + stride], [p + 2 * stride] are addressing modes, and five pointers
      // fit into registers where fourteen do not.
      constexpr auto pointers = std::make_integer_sequence<int, (MR + 2) / 3>{};
      const T* row[(MR + 2) / 3];
      step::start_rows(row, a, stride, pointers);
      do {
        step::multiply_by_row(acc, row, stride, b, rows);
        step::advance_rows(row, pointers);
        b += NV * V::lanes;
      } while (--k != 0);
    } else {
      do {
        step::multiply_by_k(acc, a, b, rows);
        a += stride;
        b += NV * V::lanes;
      } while (--k != 0);
    }
  } while (++segment != segments_end);

  T* const c = t.c;  // (MR,NV)
  if (t.accumulate) step::add(acc, c, t.c_row, t.c_column, all);
  post.template tile<NV>(acc, t.c_row, t.c_column, all);
  step::store(acc, c, t.c_row, t.c_column, all);
}

template <class T>
using standard_function = void (*)(const operands<T>&, const kernel::standard<T>&);

/// The tiles of 1 to blocking<T, Isa>::MR rows with the standard post-op; table[rows - 1].
template <class T, class Isa, a_order Order>
inline constexpr auto table = []<int... M>(std::integer_sequence<int, M...>) {
  return std::array<standard_function<T>, sizeof...(M)>{&run<T, Isa, M + 1, Order, kernel::standard<T>>...};
}(std::make_integer_sequence<int, blocking<T, Isa>::MR>{});

/// Runs the tile with this many rows. The standard post-op is built into every tile; any other is built
/// into the full tile, and elsewhere applied to the tile's results while they are in L1: separate
/// instantiations for each size would multiply the compile time of a new post-op by MR.
template <class T, class Isa, a_order Order, class PostOp>
SIMDNN_INLINE void dispatch(int rows, const operands<T>& t, const PostOp& post) {
  if constexpr (std::is_same_v<PostOp, kernel::standard<T>>) {
    table<T, Isa, Order>[rows - 1](t, post);
  } else {
    constexpr int MR = blocking<T, Isa>::MR, NV = blocking<T, Isa>::NV;
    if (rows == MR) return run<T, Isa, MR, Order, PostOp>(t, post);
    // Beside c, which the post-op may read (a sum with c itself).
    using V = vec<T, Isa>;
    alignas(64) T results[MR * NV * V::lanes];
    operands<T> beside = t;
    beside.c = results, beside.c_row = NV * V::lanes, beside.c_column = V::lanes;
    const auto for_each_vector = [&](auto f) {
      for (int m = 0; m < rows; ++m)
        for (int n = 0; n < NV; ++n)
          f(results + (m * NV + n) * V::lanes, m * t.c_row + n * t.c_column, n * V::lanes);
    };
    if (t.accumulate) for_each_vector([&](T* r, index_t offset, int) { V::load(t.c + offset).store(r); });
    table<T, Isa, Order>[rows - 1](beside, kernel::standard<T>{});
    for_each_vector([&](const T* r, index_t offset, int channel) {
      post(V::load(r), kernel::where<>{channel, offset, V::lanes}).store(t.c + offset);
    });
  }
}

}  // namespace simdnn::inline SIMDNN_ABI::tile
