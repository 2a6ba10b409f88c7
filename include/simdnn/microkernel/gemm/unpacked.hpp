// The register tile for small products: MR rows by NV vectors of columns,
//     c[m][n] = post_op(alpha * (sum over k of a[m][k] * b[k][n]) + beta * c[m][n]),
// with a and b read in place, because packing them would cost more than the product. The rows of b
// and c are contiguous. If the columns do not fill the vectors, the last vector begins early enough
// to end with the row and overlaps the one before; only rows shorter than one vector are masked.
// Called by gemm.
#pragma once

#include <array>
#include <simdnn/base/types.hpp>
#include <simdnn/epilogue/standard.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/microkernel/steps.hpp>
#include <simdnn/microkernel/tuning/tuning.hpp>
#include <utility>

namespace simdnn::inline SIMDNN_ABI::microkernel {

/// c must not overlap a or b.
template <class T>
struct unpacked_operands {
  const T* a;  ///< a[m][k] is a[m * a_row + k * a_column]
  index_t a_row, a_column;
  const T* b;
  index_t b_row;
  T* c;
  index_t c_row;
  index_t columns;  ///< at least as many as NV - 1 vectors hold, at most as many as NV; not 0
  index_t depth;    ///< the number of k, at least 1
  index_t tiles;    ///< of MR rows each, one below the other; at least 1
  T alpha, beta;    ///< with beta 0 c is not read
  bool plain;       ///< alpha is 1, beta is 0 and the post-op does nothing
};

namespace detail {

// Loads and stores one row of NV vectors. Short: the row is shorter than its one vector.
template <class V, int NV, bool Short>
struct row_span {
  using T = typename V::value_type;
  index_t columns;

  template <int N>
  SIMDNN_INLINE V load(const T* row) const {
    if constexpr (Short)
      return V::load(row, columns);
    else
      return V::load(row + begin<N>());
  }
  /// For a post-op with its origin at the tile.
  template <int N>
  SIMDNN_INLINE epilogue::where<> where(index_t row) const {
    const index_t at = Short ? 0 : begin<N>();
    return {at, row + at, Short ? columns : V::lanes};
  }
  template <int N>
  SIMDNN_INLINE void store(V v, T* row) const {
    if constexpr (Short)
      v.store(row, columns);
    else
      v.store(row + begin<N>());
  }

 private:
  template <int N>
  SIMDNN_INLINE constexpr index_t begin() const {
    return N == NV - 1 ? columns - V::lanes : N * V::lanes;
  }
};

// The steps of a tile as folds over its accumulators, acc[m * NV + n].
template <class V, int NV, bool Short>
struct unpacked_steps : common_steps<V> {
  using common_steps<V>::multiply_row;
  using T = typename V::value_type;
  using span = row_span<V, NV, Short>;

  template <int... N>
  static SIMDNN_INLINE void load_b(V* bv, const T* b, span s, std::integer_sequence<int, N...>) {
    ((bv[N] = s.template load<N>(b)), ...);
  }
  // One value of k.
  template <int... M>
  static SIMDNN_INLINE void multiply(V* acc, const T* const* row, index_t offset, index_t stride,
                                     const T* b, span s, std::integer_sequence<int, M...>) {
    c_array<V, NV> bv;  // (NV)
    load_b(bv, b, s, columns);
    (multiply_row(acc + M * NV, V(row[M / 3][M % 3 * stride + offset]), bv, columns), ...);
  }
  template <int... U, class Rows>
  static SIMDNN_INLINE void multiply_each(V* acc, const T* const* row, index_t a_column,
                                          index_t stride, const T* b, index_t b_row, span s,
                                          Rows rows, std::integer_sequence<int, U...>) {
    (multiply(acc + U * static_cast<int>(rows.size()) * NV, row, U * a_column, stride,
              b + U * b_row, s, rows),
     ...);
  }
  template <int... I>
  static SIMDNN_INLINE void scale(V* acc, T by, std::integer_sequence<int, I...>) {
    ((acc[I] *= V(by)), ...);
  }
  template <int... I>
  static SIMDNN_INLINE void add_scaled(V* acc, T by, const T* c, index_t c_row, span s,
                                       std::integer_sequence<int, I...>) {
    ((acc[I] = V::fma(V(by), s.template load<I % NV>(c + I / NV * c_row), acc[I])), ...);
  }
  template <int... I>
  static SIMDNN_INLINE void finish(V* acc, const epilogue::standard<T>& post, const T* sum,
                                   index_t c_row, span s, std::integer_sequence<int, I...>) {
    if (post.scale != nullptr) ((acc[I] *= s.template load<I % NV>(post.scale)), ...);
    if (post.shift != nullptr) ((acc[I] += s.template load<I % NV>(post.shift)), ...);
    if (sum != nullptr) ((acc[I] += s.template load<I % NV>(sum + I / NV * c_row)), ...);
    if (post.clamped) {
      const V low(post.low), high(post.high);
      ((acc[I] = V::clamp(acc[I], low, high)), ...);
    }
  }
  // Any other post-op.
  template <int... I, class PostOp>
  static SIMDNN_INLINE void apply(V* acc, const PostOp& post, index_t c_row, span s,
                                  std::integer_sequence<int, I...>) {
    ((acc[I] = post(acc[I], s.template where<I % NV>(I / NV * c_row))), ...);
  }
  template <int... I>
  static SIMDNN_INLINE void store(const V* acc, T* c, index_t c_row, span s,
                                  std::integer_sequence<int, I...>) {
    (s.template store<I % NV>(acc[I], c + I / NV * c_row), ...);
  }

  static constexpr auto columns = std::make_integer_sequence<int, NV>{};
};

}  // namespace detail

/// Computes the tile at a, c and the post-op's `sum`. Inlined, so that the loop over k has constant
/// bounds if the sizes are constants.
template <class T, class Isa, int MR, int NV, bool Short>
SIMDNN_INLINE void multiply_unpacked(const unpacked_operands<T>& t, const T* a, T* c,
                                     const epilogue::standard<T>& post, const T* sum) {
  using V = vec<T, Isa>;
  using step = detail::unpacked_steps<V, NV, Short>;
  // Number of values of k at once, each with its own accumulators, to hide the FMA's latency.
  constexpr int chains = MR * NV >= 6 ? 1 : MR * NV >= 3 ? 2 : 4;
  constexpr auto all = std::make_integer_sequence<int, MR * NV>{};
  constexpr auto rows = std::make_integer_sequence<int, MR>{};
  constexpr auto pointers = std::make_integer_sequence<int, (MR + 2) / 3>{};

  const typename step::span s{t.columns};
  c_array<V, chains * MR * NV> acc;  // (chains,MR,NV)
  step::zero(acc, std::make_integer_sequence<int, chains * MR * NV>{});
  c_array<const T*, (MR + 2) / 3> row;
  step::start_rows(row, a, t.a_row, pointers);
  const T* SIMDNN_RESTRICT b = t.b;  // (k,columns)
  index_t k = t.depth;
  if constexpr (chains > 1) {
    for (; k >= chains; k -= chains) {
      step::multiply_each(acc, row, t.a_column, t.a_row, b, t.b_row, s, rows,
                          std::make_integer_sequence<int, chains>{});
      step::advance_rows(row, chains * t.a_column, pointers);
      b += chains * t.b_row;
    }
    for (; k > 0; --k) {
      step::multiply(acc, row, 0, t.a_row, b, s, rows);
      step::advance_rows(row, t.a_column, pointers);
      b += t.b_row;
    }
    if constexpr (chains == 4) {
      step::add(acc, acc + 2 * MR * NV, all);
      step::add(acc + MR * NV, acc + 3 * MR * NV, all);
    }
    step::add(acc, acc + MR * NV, all);
  } else {
    // do-while for clang's sake: see tiled.hpp.
    do {
      step::multiply(acc, row, 0, t.a_row, b, s, rows);
      step::advance_rows(row, t.a_column, pointers);
      b += t.b_row;
    } while (--k != 0);
  }
  if (!t.plain) {
    if (t.alpha != 1) step::scale(acc, t.alpha, all);
    if (t.beta != 0) step::add_scaled(acc, t.beta, c, t.c_row, s, all);
    step::finish(acc, post, sum, t.c_row, s, all);
  }
  step::store(acc, c, t.c_row, s, all);
}

/// The greatest number of vectors of columns of a tile, and of rows if it has this many vectors.
template <class T, class Isa>
inline constexpr int unpacked_vectors = tuning<T, Isa>::small_vectors;
template <class T, class Isa>
constexpr index_t unpacked_rows(index_t vectors) {
  constexpr int all = tuning<T, Isa>::small_accumulators;
  return vectors == 1 ? all * 2 / 3 : all / vectors;
}

/// The greatest number of elements of a tile's results, stored without gaps between rows.
template <class T, class Isa>
inline constexpr index_t unpacked_results = tuning<T, Isa>::small_accumulators * vec<T, Isa>::lanes;

template <class T>
using unpacked_function = void (*)(const unpacked_operands<T>&, const epilogue::standard<T>&);

namespace detail {

template <class T, class Isa, int MR, int NV, bool Short>
SIMDNN_NOINLINE void run_unpacked(const unpacked_operands<T>& t,
                                  const epilogue::standard<T>& post) {
  const T *a = t.a, *sum = post.sum;
  T* c = t.c;
  index_t tiles = t.tiles;
  do {
    multiply_unpacked<T, Isa, MR, NV, Short>(t, a, c, post, sum);
    a += MR * t.a_row;
    c += MR * t.c_row;
    if (sum != nullptr) sum += MR * t.c_row;
  } while (--tiles != 0);
}
}  // namespace detail

/// The tiles with the standard post-op.
template <class T, class Isa>
struct standard_unpacked {
  static constexpr int vectors = unpacked_vectors<T, Isa>;
  using table_type = std::array<const unpacked_function<T>*, static_cast<std::size_t>(vectors) + 1>;
  /// [vectors - 1][rows - 1]; the last entry, [vectors][rows - 1], is for one short vector.
  static const table_type table;

 private:
  template <int NV, bool Short,
            class Rows = std::make_integer_sequence<int, unpacked_rows<T, Isa>(NV)>>
  static constexpr auto of_width = []<int... M>(std::integer_sequence<int, M...>) {
    return std::array<unpacked_function<T>, sizeof...(M)>{
        &detail::run_unpacked<T, Isa, M + 1, NV, Short>...};
  }(Rows{});
  static constexpr auto all = []<int... N>(std::integer_sequence<int, N...>) {
    return table_type{of_width<N + 1, false>.data()..., of_width<1, true>.data()};
  };
};
template <class T, class Isa>
constinit const typename standard_unpacked<T, Isa>::table_type standard_unpacked<T, Isa>::table =
    all(std::make_integer_sequence<int, vectors>{});

/// The tiles for this many columns, [rows - 1]. 1 <= columns <= unpacked_vectors * lanes.
template <class T, class Isa>
SIMDNN_INLINE const unpacked_function<T>* unpacked_tiles(index_t columns) {
  constexpr index_t lanes = vec<T, Isa>::lanes;
  const index_t at = columns < lanes ? unpacked_vectors<T, Isa> : (columns + lanes - 1) / lanes - 1;
  return standard_unpacked<T, Isa>::table.data()[at];
}

}  // namespace simdnn::inline SIMDNN_ABI::microkernel
