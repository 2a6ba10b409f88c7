// Small products, computed in the calling thread. a and b are read in place: nothing is copied or
// packed, and no workspace is used. If there are few columns, the results are dot products of rows
// of a and columns of b.
#pragma once

#include <array>
#include <simdnn/base/math.hpp>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/microkernel/gemm/dot.hpp>
#include <simdnn/microkernel/gemm/pack.hpp>
#include <simdnn/microkernel/gemm/unpacked.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/gemm/matrix.hpp>
#include <simdnn/ops/gemm/problem.hpp>
#include <simdnn/ops/gemm/scale_only.hpp>
#include <simdnn/parallel/executor.hpp>
#include <span>

namespace simdnn::inline SIMDNN_ABI::gemm {

template <class T, class Isa>
struct entry_points;

template <class T, class Isa>
class small {
  friend entry_points<T, Isa>;
  using V = vec<T, Isa>;
  using operands = microkernel::unpacked_operands<T>;
  static constexpr index_t lanes = V::lanes;
  static constexpr index_t most_vectors = microkernel::unpacked_vectors<T, Isa>;
  static constexpr index_t most_dots = tuning<T, Isa>::dot_columns;

 public:
  static constexpr const char* name = "small";
  static constexpr bool automatic = true;
  static const char* refuses(const gemm_query&) { return nullptr; }
  /// Less than blocked's as long as b stays in L1 and one thread is enough.
  static double cost(const gemm_query& q) {
    const gemm_problem& p = q.problem;
    constexpr double most_b = costs::small_b_bytes / sizeof(T);
    const bool fits = p.flops() <= costs::small_operations &&
                      static_cast<double>(p.k) * static_cast<double>(p.n) <= most_b;
    return p.flops() * (fits ? costs::small_cost : costs::small_cost_beyond);
  }

  explicit small(const gemm_query& q)
      : p_(q.problem),
        alpha_(static_cast<T>(p_.alpha)),
        beta_(static_cast<T>(p_.beta)),
        vectors_(ceil_div(p_.n, lanes)),
        dots_(wants_dots(p_)),
        packed_elements_(p_.k * p_.n * (dots_ && p_.n > 1 ? 2 : 1)),
        rows_(cut_rows(std::min(std::max<index_t>(vectors_, 1), most_vectors))) {
    const bool one_tile = p_.m > 0 && p_.n > 0 && p_.k > 0 && p_.alpha != 0 && !dots_ &&
                          vectors_ <= most_vectors && rows_.tiles == 1;
    if (one_tile) one_tile_ = microkernel::unpacked_tiles<T, Isa>(p_.n)[p_.m - 1];
  }

  /// [k][n], followed by [n][k] if there may be dot products.
  index_t packed_elements() const { return packed_elements_; }
  void pack(matrix<const T> b, T* packed, executor_ref) const {
    for (index_t k = 0; k < p_.k; ++k)
      microkernel::copy_strided(b.at(k, 0), b.column_stride, packed + k * p_.n, p_.n);
    if (!dots_ || p_.n == 1) return;
    T* const columns = packed + p_.k * p_.n;
    for (index_t n = 0; n < p_.n; ++n)
      microkernel::copy_strided(b.at(0, n), b.row_stride, columns + n * p_.k, p_.k);
  }
  index_t workspace_bytes(int) const { return 0; }

  /// c's columns are contiguous; c must not overlap a or b.
  SIMDNN_INLINE void run(matrix<const T> a, const T* packed, matrix<T> c,
                         const epilogue::fused<T>& post, executor_ref, std::span<std::byte>) const {
    multiply(a, {packed, p_.n, 1}, c, post, dots_ && p_.n > 1 ? packed + p_.k * p_.n : nullptr);
  }

  /// Whether multiply() can read b in place.
  bool reads_in_place(matrix<const T> b) const { return b.column_stride == 1 || p_.n == 1; }
  /// `columns` is b as [n][k], or null.
  SIMDNN_INLINE void multiply(matrix<const T> a, matrix<const T> b, matrix<T> c,
                              const epilogue::fused<T>& post, const T* columns = nullptr) const {
    // Passed by reference: a copy would stall on store forwarding for longer than the smallest
    // product takes.
    operands t{.a = a.data,
               .a_row = a.row_stride,
               .a_column = a.column_stride,
               .b = b.data,
               .b_row = b.row_stride,
               .c = c.data,
               .c_row = c.row_stride,
               .columns = p_.n,
               .depth = p_.k,
               .tiles = 1,
               .alpha = alpha_,
               .beta = beta_,
               .plain = alpha_ == 1 && beta_ == 0 && post.nothing()};
    if (one_tile_ != nullptr && !post.is_custom()) return one_tile_(t, post.standard);
    entry_points<T, Isa>::run_small(*this, t, post, columns);
  }

 private:
  // The rows are cut into `tiles` tiles of `least` rows, `larger` of which have one row more.
  struct row_tiles {
    index_t tiles, least, larger;
  };
  row_tiles cut_rows(index_t vectors) const {
    const index_t tiles =
        std::max<index_t>(ceil_div(p_.m, microkernel::unpacked_rows<T, Isa>(vectors)), 1);
    return {tiles, p_.m / tiles, p_.m % tiles};
  }
  // Compares the cycles of dot products with those of tiles, whose only vector is hardly filled.
  static bool wants_dots(const gemm_problem& p) {
    if (p.n < 1 || p.n > most_dots) return false;
    const auto m = static_cast<double>(p.m), k = static_cast<double>(p.k);
    const auto tiles = static_cast<double>(ceil_div(p.m, lanes / p.n) * lanes),
               v = static_cast<double>(ceil_div(p.k, lanes));
    return tiles * (costs::dot_vector * v + costs::dot_sum) <
           m * (costs::tile_row_k * k + costs::tile_row);
  }

  void multiply_tiles(operands& t, const epilogue::fused<T>& post, const T* columns) const {
    if (p_.m == 0 || p_.n == 0) return;
    if (p_.k == 0 || p_.alpha == 0) return scale_only<T, Isa>(p_, {t.c, t.c_row, 1}, post);
    if (p_.n == 1 && (t.b_row == 1 || p_.k == 1)) columns = t.b;
    if (dots_ && columns != nullptr && (t.a_column == 1 || p_.k == 1))
      return dots(t, columns, post);
    if (vectors_ <= most_vectors) return panel(t, rows_, post);
    const operands whole = t;
    microkernel::for_each_tile(vectors_, most_vectors, [&](index_t first, int count) {
      const index_t n = first * lanes;
      t.a = whole.a;
      t.b = whole.b + n;
      t.c = whole.c + n;
      t.columns = std::min<index_t>(count * lanes, p_.n - n);
      panel(t, cut_rows(count), post.at(n, n));
    });
  }

  // Computes one panel of columns; t is changed.
  static SIMDNN_INLINE void panel(operands& t, const row_tiles& cut,
                                  const epilogue::fused<T>& post) {
    const microkernel::unpacked_function<T>* const tiles =
        microkernel::unpacked_tiles<T, Isa>(t.columns);
    const auto run = [&](index_t count, index_t rows, const epilogue::fused<T>& ops) {
      t.tiles = count;
      if (post.is_custom())
        beside(tiles[rows - 1], t, rows, ops);
      else
        tiles[rows - 1](t, ops.standard);
    };
    if (cut.larger == 0) return run(cut.tiles, cut.least, post);
    run(cut.larger, cut.least + 1, post);
    const index_t m = cut.larger * (cut.least + 1);
    t.a += m * t.a_row;
    t.c += m * t.c_row;
    run(cut.tiles - cut.larger, cut.least, post.at(0, m * t.c_row));
  }

  // Computes tiles with a custom post-op. Results are stored in a buffer in L1, not in c, which the
  // post-op may read.
  static void beside(microkernel::unpacked_function<T> run_tile, operands t, index_t rows,
                     const epilogue::fused<T>& post) {
    alignas(64) T results[microkernel::unpacked_results<T, Isa>];
    T* const c = t.c;
    const index_t c_row = t.c_row, count = t.tiles;
    t.c = results, t.c_row = t.columns, t.tiles = 1, t.plain = false;
    for (index_t i = 0; i < count; ++i) {
      T* const at = c + i * rows * c_row;
      if (t.beta != 0)
        for (index_t m = 0; m < rows; ++m)
          std::copy_n(at + m * c_row, t.columns, results + m * t.columns);
      run_tile(t, {});
      post.template store<V>({results, t.columns, at, c_row, rows, t.columns, lanes}, 0,
                             i * rows * c_row);
      t.a += rows * t.a_row;
    }
  }

  void dots(const operands& t, const T* columns, const epilogue::fused<T>& post) const {
    static constexpr auto by_columns = []<int... N>(std::integer_sequence<int, N...>) {
      return std::array{&small::dots_of<N + 1>...};
    }(std::make_integer_sequence<int, most_dots>{});
    by_columns.data()[p_.n - 1](t, p_.m, columns, post);
  }
  template <int N>
  static void dots_of(const operands& t, index_t all_rows, const T* columns,
                      const epilogue::fused<T>& post) {
    constexpr index_t most = microkernel::dot_rows<T, Isa, N>;
    const V alpha(t.alpha), beta(t.beta);
    const bool plain = t.c_row == N && post.nothing();
    for (index_t m = 0; m < all_rows; m += most) {
      const index_t rows = std::min(most, all_rows - m);
      V sums = alpha * microkernel::dots<T, Isa, N>(t.a + m * t.a_row, t.a_row, rows, columns,
                                                    t.depth, t.depth);
      T* const c = t.c + m * t.c_row;
      if (plain) {
        if (t.beta != 0) sums = V::fma(beta, V::load(c, rows * N), sums);
        sums.store(c, rows * N);
        continue;
      }
      alignas(64) c_array<T, lanes> results;
      if (t.beta != 0) {
        for (index_t i = 0; i < rows; ++i) std::copy_n(c + i * t.c_row, N, results + i * N);
        sums = V::fma(beta, V::load(results, rows * N), sums);
      }
      sums.store(results);
      post.template store<V>({results, N, c, t.c_row, rows, N, lanes}, 0, m * t.c_row);
    }
  }

  gemm_problem p_;
  T alpha_, beta_;
  index_t vectors_;
  bool dots_;
  index_t packed_elements_;
  row_tiles rows_;                                        // if all columns are one panel
  microkernel::unpacked_function<T> one_tile_ = nullptr;  // if the product is one tile
};

}  // namespace simdnn::inline SIMDNN_ABI::gemm
