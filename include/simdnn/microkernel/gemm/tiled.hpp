// The register tile that gemm and every convolution share: MR rows (of a matrix, or pixels) by NV
// vectors of columns (output channels),
//     c[m][n] = post_op(sum over k of a[m][k] * b[k][n], plus c[m][n] if it accumulates),
// where k runs over segments: a list of offsets into a, each the start of segment_length values of
// k. A plain matrix product has one segment. A convolution has one segment per tap or channel
// block, so that any kernel, dilation and stride is a table of offsets. b is packed: one row of NV
// vectors per k, one segment after the other.
//
// The contract, which a tile of other element types would have to restate:
//     MR, NR       1 to most_rows<T, Isa>(NV) rows; NR = NV * lanes columns, NV from 1 to tuning's
//     k per step   1; 2 with pairs_by_row, where segments have an even length
//     b's order    [k][NR]; with pairs_by_row [k / 2][NR][2], NR half a vector
//     types        {src, weights, accumulator, dst} are all T, float or double
//     sums         in the order of k, whatever MR, NV and order of a; pairs_by_row sums even and
//                  odd k separately. Each step rounds once with FMA and twice without
//     a            any address and stride; rows may overlap; only the values of k are read
//     b, c         any alignment; all NR columns of b are read, all NR columns of c are written
#pragma once

#include <algorithm>
#include <array>
#include <simdnn/base/unroll.hpp>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/microkernel/steps.hpp>
#include <simdnn/microkernel/tuning/tuning.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::microkernel {

/// How a is read:
///     by_row        a[m * a_stride + k]
///     by_k          a[m + k * a_stride]
///     by_block      by_row with an a_stride of 16, the distance of pixels in blocks of channels.
///                   Constant displacements leave registers free, which makes short segments faster
///                   (16 values of k: 1.06 times as fast with 14x2, AVX-512)
///     pairs_by_row  by_row for half a vector of columns; the other lanes take the odd values of k:
///                   a vector of b is b[k][0], b[k + 1][0], b[k][1], b[k + 1][1], ... Segments have
///                   an even length. Only if vec::has_pairs
enum class a_order { by_row, by_block, by_k, pairs_by_row };

inline constexpr index_t block_stride = 16;

/// Number of columns of a full tile, and of every panel of packed b except the last.
template <class T, class Isa>
inline constexpr index_t columns = tuning<T, Isa>::NV * vec<T, Isa>::lanes;

/// The greatest number of rows of a tile of this many vectors. Narrow tiles have more rows, to keep
/// the number of chains of sums. For more than 14 rows there are too few registers for addresses.
template <class T, class Isa>
constexpr int most_rows(int vectors) {
  return std::min(14, tuning<T, Isa>::MR * tuning<T, Isa>::NV / vectors);
}

/// Cuts `count` rows into tiles of nearly equal size and at most MR rows; calls f(first, rows).
template <class F>
SIMDNN_INLINE void for_each_tile(index_t count, index_t MR, F&& f) {
  const index_t tiles = (count + MR - 1) / MR, least = count / tiles, larger = count % tiles;
  index_t first = 0;
  for (index_t i = 0; i < tiles; ++i) {
    const index_t rows = least + (i < larger);
    f(first, static_cast<int>(rows));
    first += rows;
  }
}

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
  // What this tile prefetches for the tiles that follow.
  const T* b_next = b;  ///< one cache line per value of k, b_next_step elements further each time
  index_t b_next_step = 0;
  /// If not 0, the line this many elements after the start of each row of a segment is prefetched.
  index_t a_next = 0;
};

/// Makes the i-th of `count` tiles with the same b prefetch its share of what follows the k rows of
/// b, each of b_row elements.
template <class T>
SIMDNN_INLINE void prefetch_b(operands<T>& t, index_t k, index_t b_row, index_t i, index_t count) {
  t.b_next = t.b + (k + i * k / count) * b_row;
  t.b_next_step = (b_row + count - 1) / count;
}

namespace detail {

// The steps of a tile as folds over its accumulators, acc[m * NV + n].
template <class V, int NV>
struct steps : common_steps<V> {
  using common_steps<V>::load_b, common_steps<V>::multiply_row;
  template <int... I, class T>
  static SIMDNN_INLINE void add(V* acc, const T* c, index_t row, index_t column,
                                std::integer_sequence<int, I...>) {
    ((acc[I] += V::load(c + I / NV * row + I % NV * column)), ...);
  }
  template <int... I, class T>
  static SIMDNN_INLINE void store(const V* acc, T* c, index_t row, index_t column,
                                  std::integer_sequence<int, I...>) {
    (acc[I].store(c + I / NV * row + I % NV * column), ...);
  }
  template <int... I, class T>
  static SIMDNN_INLINE void prefetch_c(const T* c, index_t row, index_t column,
                                       std::integer_sequence<int, I...>) {
    (__builtin_prefetch(c + I / NV * row + I % NV * column, 1, 3), ...);
  }
  // One value of k.
  template <int... M, class T>
  static SIMDNN_INLINE void multiply_by_k(V* acc, const T* a, const T* b,
                                          std::integer_sequence<int, M...>) {
    c_array<V, NV> bv;  // (NV)
    load_b(bv, b, columns);
    (multiply_row(acc + M * NV, V(a[M]), bv, columns), ...);
  }
  template <int... M, class T>
  static SIMDNN_INLINE void multiply_by_row(V* acc, const T* const* row, index_t stride, index_t k,
                                            const T* b, std::integer_sequence<int, M...>) {
    c_array<V, NV> bv;  // (NV)
    load_b(bv, b, columns);
    (multiply_row(acc + M * NV, V(row[M / 3][M % 3 * stride + k]), bv, columns), ...);
  }
  template <int... M, class T>
  static SIMDNN_INLINE void multiply_pairs(V* acc, const T* const* row, index_t stride, index_t k,
                                           const T* b, std::integer_sequence<int, M...>) {
    const V bv = V::load(b);
    ((acc[M] = V::fma(V::load_pair(row[M / 3] + M % 3 * stride + k), bv, acc[M])), ...);
  }
  template <int... M>
  static SIMDNN_INLINE void add_pairs(V* acc, std::integer_sequence<int, M...>) {
    ((acc[M] = acc[M].pair_sums()), ...);
  }
  template <int... M, class T>
  static SIMDNN_INLINE void prefetch_rows(const T* const* row, index_t stride, index_t distance,
                                          std::integer_sequence<int, M...>) {
    (__builtin_prefetch(row[M / 3] + M % 3 * stride + distance, 0, 3), ...);
  }

  static constexpr auto columns = std::make_integer_sequence<int, NV>{};
};

}  // namespace detail

/// Tiles that unroll k: those that leave registers free in both compilers.
template <class T, class Isa, int MR, int NV, a_order Order>
inline constexpr bool small_tile =
    (Order == a_order::by_block || Order == a_order::by_k) &&
    MR * NV <= tuning<T, Isa>::unrolled_sums && NV >= tuning<T, Isa>::unrolled_vectors;

template <class T, class Isa, int MR, int NV, a_order Order>
SIMDNN_NOINLINE void run(const operands<T>& t, const epilogue::standard<T>& post) {
  using V = vec<T, Isa>;
  using step = detail::steps<V, NV>;
  constexpr index_t b_row = Order == a_order::pairs_by_row ? V::lanes / 2 : NV * V::lanes;
  // Values of k in a round of the loop: several in small tiles, to reduce the loop's overhead.
  // Tiles that leave no registers free take one, because gcc would spill.
  constexpr int single = Order == a_order::pairs_by_row ? 2 : 1,
                together = small_tile<T, Isa, MR, NV, Order> ? tuning<T, Isa>::unrolled_k : single;
  constexpr auto all = std::make_integer_sequence<int, MR * NV>{};
  constexpr auto rows = std::make_integer_sequence<int, MR>{};

  c_array<V, MR * NV> acc;  // (MR,NV)
  step::zero(acc, all);
  const T* SIMDNN_RESTRICT b = t.b;  // (k,NV)
  const index_t stride = Order == a_order::by_block ? block_stride : t.a_stride;
  const T* b_next = t.b_next;
  const index_t b_next_step = t.b_next_step;
  step::prefetch_c(t.c, t.c_row, t.c_column, all);
  const index_t* segment = t.segments;
  const index_t* const segments_end = segment + t.segment_count;
  const auto all_rounds = [](const auto& round, index_t& k) SIMDNN_INLINE_LAMBDA {
    if (k >= together) {
      do round(int_constant<together>{});
      while (k >= together);
    }
    if (together > single && k > 0) {
      do round(int_constant<single>{});
      while (k > 0);
    }
  };
  // do-while, because clang keeps a second copy of the accumulators for a loop that may run zero
  // times and spills them all: 0.15 of peak instead of 0.8 (clang 19, 14x2, AVX-512). For the same
  // reason c is added after the loop and not loaded before it.
  do {
    const T* SIMDNN_RESTRICT a = t.a + *segment;
    index_t k = t.segment_length;
    if constexpr (Order != a_order::by_k) {
      // One pointer for three rows: see start_rows.
      constexpr auto pointers = std::make_integer_sequence<int, (MR + 2) / 3>{};
      c_array<const T*, (MR + 2) / 3> row;
      step::start_rows(row, a, stride, pointers);
      if (t.a_next != 0) step::prefetch_rows(row, stride, t.a_next, rows);
      const auto round = [&](auto count) SIMDNN_INLINE_LAMBDA {
        __builtin_prefetch(b_next, 0, 2);
        b_next += count * b_next_step;
        unroll<count>([&](auto i) SIMDNN_INLINE_LAMBDA {
          if constexpr (Order != a_order::pairs_by_row)
            step::multiply_by_row(acc, row, stride, i, b + i * b_row, rows);
          else if constexpr (i % 2 == 0)
            step::multiply_pairs(acc, row, stride, i, b + i * b_row, rows);
        });
        step::advance_rows(row, count, pointers);
        b += count * b_row;
        k -= count;
      };
      all_rounds(round, k);
    } else {
      const auto round = [&](auto count) SIMDNN_INLINE_LAMBDA {
        __builtin_prefetch(b_next, 0, 2);
        b_next += count * b_next_step;
        unroll<count>([&](auto i) SIMDNN_INLINE_LAMBDA {
          step::multiply_by_k(acc, a + i * stride, b + i * b_row, rows);
        });
        a += count * stride;
        b += count * b_row;
        k -= count;
      };
      all_rounds(round, k);
    }
  } while (++segment != segments_end);

  if constexpr (Order == a_order::pairs_by_row) step::add_pairs(acc, all);
  T* c = t.c;  // (MR,NV)
  index_t c_row = t.c_row;
  // Forces the addresses of c's rows to be computed again: keeping them since the prefetch would
  // take registers during the loop.
  asm("" : "+r"(c), "+r"(c_row));
  if (t.accumulate) step::add(acc, c, c_row, t.c_column, all);
  post.template tile<NV>(acc, c_row, t.c_column, all);
  step::store(acc, c, c_row, t.c_column, all);
}

template <class T>
using tile_function = void (*)(const operands<T>&, const epilogue::standard<T>&);

/// The tiles with the standard post-op. Those of all columns are apart, because gemm needs no others.
template <class T, class Isa, a_order Order>
struct full_tiles {
  using function = tile_function<T>;
  static constexpr bool exist = Order != a_order::pairs_by_row || vec<T, Isa>::has_pairs;
  static constexpr int vectors = Order == a_order::pairs_by_row ? 1 : tuning<T, Isa>::NV;
  static constexpr int rows = exist ? most_rows<T, Isa>(vectors) : 0;
  using table_type = std::array<function, static_cast<std::size_t>(rows)>;
  static const table_type table;  ///< [rows - 1]

 private:
  static constexpr auto all = []<int... M>(std::integer_sequence<int, M...>) {
    return table_type{&run<T, Isa, M + 1, vectors, Order>...};
  };
};
template <class T, class Isa, a_order Order>
constinit const typename full_tiles<T, Isa, Order>::table_type full_tiles<T, Isa, Order>::table =
    all(std::make_integer_sequence<int, rows>{});

/// The tiles of all widths.
template <class T, class Isa, a_order Order>
struct standard_tiles {
  using function = tile_function<T>;
  static constexpr int vectors =
      full_tiles<T, Isa, Order>::exist ? full_tiles<T, Isa, Order>::vectors : 0;
  using table_type = std::array<const function*, static_cast<std::size_t>(vectors)>;
  /// [vectors - 1][rows - 1], with rows up to most_rows<T, Isa>(vectors).
  static const table_type table;

 private:
  template <int NV, class Rows = std::make_integer_sequence<int, most_rows<T, Isa>(NV)>>
  static constexpr auto of_width = []<int... M>(std::integer_sequence<int, M...>) {
    return std::array<function, sizeof...(M)>{&run<T, Isa, M + 1, NV, Order>...};
  }(Rows{});
  template <int NV>
  static constexpr const function* rows_of() {
    if constexpr (NV == full_tiles<T, Isa, Order>::vectors)
      return full_tiles<T, Isa, Order>::table.data();
    else
      return of_width<NV>.data();
  }
  static constexpr auto all = []<int... N>(std::integer_sequence<int, N...>) {
    return table_type{rows_of<N + 1>()...};
  };
};
template <class T, class Isa, a_order Order>
constinit const typename standard_tiles<T, Isa, Order>::table_type
    standard_tiles<T, Isa, Order>::table = all(std::make_integer_sequence<int, vectors>{});

/// The tile of this size.
template <class T, class Isa, a_order Order, int NV>
SIMDNN_INLINE tile_function<T> standard_tile(int rows) {
  if constexpr (NV == full_tiles<T, Isa, Order>::vectors)
    return full_tiles<T, Isa, Order>::table.data()[rows - 1];
  else
    return standard_tiles<T, Isa, Order>::table.data()[NV - 1][rows - 1];
}

/// Runs a tile of `rows` rows of `vectors` vectors with a custom post-op. The tile's results go to
/// scratch in L1 and not to c, which the post-op may read (a sum with c itself); the post-op is
/// then applied to them on their way to c.
template <class T, class Isa>
SIMDNN_NOINLINE void run_custom(tile_function<T> run, int rows, int vectors, operands<T> t,
                                const epilogue::fused<T>& post) {
  using V = vec<T, Isa>;
  alignas(64) T scratch[tuning<T, Isa>::MR * columns<T, Isa>];
  const index_t row = vectors * V::lanes;
  const epilogue::results<T> r{.from = scratch,
                               .from_row = row,
                               .to = t.c,
                               .to_row = t.c_row,
                               .rows = rows,
                               .columns = row,
                               .to_column = t.c_column};
  for (int m = 0; m < rows; ++m)
    for (int n = 0; n < vectors; ++n) {
      const T* const c = t.c + m * t.c_row + n * t.c_column;
      if (t.accumulate)
        V::load(c).store(scratch + m * row + n * V::lanes);
      else
        __builtin_prefetch(c, 1, 3);
    }
  t.c = scratch, t.c_row = row, t.c_column = V::lanes;
  run(t, {});
  post.template store<V>(r, 0, 0);
}

/// Runs the tile with this many rows.
template <class T, class Isa, a_order Order, int NV = tuning<T, Isa>::NV>
SIMDNN_INLINE void dispatch(int row_count, const operands<T>& t, const epilogue::fused<T>& post) {
  const tile_function<T> run = standard_tile<T, Isa, Order, NV>(row_count);
  if (post.is_custom()) [[unlikely]]
    return run_custom<T, Isa>(run, row_count, NV, t, post);
  run(t, post.standard);
}

/// The memory order of a panel of packed b with `valid` columns: rows of whole vectors, or pairs of
/// k in each vector if half a vector is enough and the length of all segments is even.
struct panel {
  index_t vectors;
  bool pairs;
  index_t row;  ///< elements for one value of k

  template <class T, class Isa>
  static panel of(index_t valid, bool even_segments) {
    constexpr index_t W = vec<T, Isa>::lanes;
    const index_t vectors = std::min((valid + W - 1) / W, columns<T, Isa> / W);
    const bool pairs = vec<T, Isa>::has_pairs && even_segments && valid <= W / 2;
    return {vectors, pairs, pairs ? W / 2 : vectors * W};
  }
  /// The offset of column n of row k.
  index_t at(index_t k, index_t n) const {
    return pairs ? k / 2 * 2 * row + 2 * n + k % 2 : k * row + n;
  }
};

/// Cuts `row_count` rows of a and all columns of a panel into tiles and calls f(first row, rows,
/// run) for each, where run(operands, post) computes the tile.
template <class T, class Isa, a_order Order, class F>
SIMDNN_INLINE void cover(index_t row_count, const panel& b, F&& f) {
  if constexpr (vec<T, Isa>::has_pairs) {
    if (b.pairs)
      return for_each_tile(
          row_count, most_rows<T, Isa>(1), [&](index_t first, int count) SIMDNN_INLINE_LAMBDA {
            f(first, count, [count](const operands<T>& t, const epilogue::fused<T>& post) {
              dispatch<T, Isa, a_order::pairs_by_row, 1>(count, t, post);
            });
          });
  }
  unroll<tuning<T, Isa>::NV>([&](auto left_out) SIMDNN_INLINE_LAMBDA {
    constexpr int NV = tuning<T, Isa>::NV - left_out;
    if (b.vectors != NV) return;
    for_each_tile(row_count, most_rows<T, Isa>(NV),
                  [&](index_t first, int count) SIMDNN_INLINE_LAMBDA {
                    f(first, count, [count](const operands<T>& t, const epilogue::fused<T>& post) {
                      if (Order == a_order::by_row && t.a_stride == block_stride)
                        dispatch<T, Isa, a_order::by_block, NV>(count, t, post);
                      else
                        dispatch<T, Isa, Order, NV>(count, t, post);
                    });
                  });
  });
}
/// Number of tiles that cover() makes.
template <class T, class Isa>
index_t tile_count(index_t row_count, const panel& b) {
  const index_t most = most_rows<T, Isa>(static_cast<int>(b.vectors));
  return (row_count + most - 1) / most;
}

}  // namespace simdnn::inline SIMDNN_ABI::microkernel
