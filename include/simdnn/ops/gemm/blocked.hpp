// The register-tiled product: b packed into panels of NR columns, a copied block by block into L2
// with a row distance that spreads over L1's sets, and for each panel's KC rows, which stay in L1,
// all tiles of the block of a.
//
//     for each MC rows and NC columns (in parallel):  for KC of k:  copy a;  for panels:  for tiles
//
// Every sum over k runs in the same order whatever the number of threads.
#pragma once

#include <simdnn/base/math.hpp>
#include <simdnn/ops/gemm/matrix.hpp>
#include <simdnn/ops/gemm/problem.hpp>
#include <simdnn/ops/gemm/scale_only.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/tile/gemm_tile.hpp>
#include <simdnn/tile/pack.hpp>

namespace simdnn::inline SIMDNN_ABI::gemm {

template <class T, class Isa>
class blocked {
  using V = vec<T, Isa>;
  static constexpr index_t MR = blocking<T, Isa>::MR, NR = tile::columns<T, Isa>;

 public:
  static constexpr const char* name = "blocked";
  static constexpr bool automatic = true;
  static const char* refuses(const gemm_query&) { return nullptr; }
  static double cost(const gemm_query& q) { return q.problem.flops(); }

  /// `op` names the caller in errors.
  explicit blocked(const gemm_query& q, const char* op = "gemm")
      : p_(q.problem),
        op_(op),
        kc_(blocks(p_.k, blocking<T, Isa>::KC)),
        mc_(blocks(p_.m, blocking<T, Isa>::MC)),
        nc_(round_up(blocks(p_.n, blocking<T, Isa>::NC), NR)) {}

  /// [panel][k][NR]
  index_t packed_elements() const { return ceil_div(p_.n, NR) * p_.k * NR; }
  void pack(matrix<const T> b, T* packed, executor_ref executor) const {
    if (p_.k == 0) return;
    parallel_for(executor, ceil_div(p_.n, NR), [&](index_t begin, index_t end, index_t) {
      for (index_t j = begin; j < end; ++j)
        tile::pack_panel<T, Isa>(b.at(0, j * NR), b.row_stride, b.column_stride, p_.k,
                                 std::min(NR, p_.n - j * NR), packed + j * p_.k * NR);
    });
  }

  index_t workspace_bytes(int workers) const {
    return workers * round_up(worker_bytes(), memory_pool::alignment);
  }

  /// c has neighbouring columns and must not overlap a. An empty `given` takes the calling thread's
  /// arena.
  template <class PostOp>
  void run(matrix<const T> a, const T* packed, matrix<T> c, const PostOp& post,
           executor_ref executor, std::span<std::byte> given) const {
    if (p_.m == 0 || p_.n == 0) return;
    if (p_.k == 0 || p_.alpha == 0) return scale_only<T, Isa>(p_, c, post);
    const index_t rows = ceil_div(p_.m, mc_), columns = ceil_div(p_.n, nc_);
    // A post-op that reads c must find it unchanged: then partial sums stay out of c.
    const bool apart = (p_.k > kc_ || (p_.beta != 0 && p_.beta != 1)) && post.reads(c.data);
    const workspace space(worker_bytes(), std::max(executor.concurrency(), 1), given, op_);
    parallel_for(executor, rows * columns, [&](index_t begin, index_t end, index_t worker) {
      T* const own = space.template slice<T>(worker);
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t m0 = unit % rows * mc_, n0 = unit / rows * nc_;
        const index_t n_end = std::min(n0 + nc_, p_.n), step = apart ? NR : nc_;
        for (index_t n = n0; n < n_end; n += step)
          block(a, packed, c, post, m0, n, std::min(n + step, n_end), apart, own);
      }
    });
  }

 private:
  // The size of the fewest blocks of at most `most`, nearly equal.
  static index_t blocks(index_t size, index_t most) {
    return std::max<index_t>(ceil_div(size, std::max<index_t>(ceil_div(size, most), 1)), 1);
  }
  // Row distance of the copy of a: whole lines, an odd number of them, so that rows fall on all of
  // L1's sets.
  static index_t odd_lines(index_t length) {
    constexpr index_t line = 64 / sizeof(T);
    return (ceil_div(length, line) | 1) * line;
  }
  index_t copy_elements() const { return std::max(mc_ * odd_lines(kc_), kc_ * odd_lines(mc_)); }
  index_t worker_bytes() const {
    return (copy_elements() + mc_ * NR) * static_cast<index_t>(sizeof(T));
  }

  // Columns n0 to n_end of one block of rows; with `apart`, at most NR columns, which stay out of c
  // until the post-op is applied.
  template <class PostOp>
  void block(matrix<const T> a, const T* packed, matrix<T> c, const PostOp& post, index_t m0,
             index_t n0, index_t n_end, bool apart, T* copy) const {
    const index_t rows = std::min(mc_, p_.m - m0);
    const index_t whole_end = apart ? n0 : n0 + (n_end - n0) / NR * NR;
    T* const scratch = copy + copy_elements();  // (MC,NR): the panel that is not whole, or apart
    const bool add = p_.beta != 0;
    const T beta = static_cast<T>(p_.beta);
    if (add && p_.beta != 1)
      for (index_t m = m0; m < m0 + rows; ++m)
        for (index_t n = n0; n < whole_end; ++n) *c.at(m, n) *= beta;

    for (index_t k0 = 0; k0 < p_.k; k0 += kc_) {
      const index_t depth = std::min(kc_, p_.k - k0);
      const bool last = k0 + depth == p_.k, accumulate = add || k0 > 0;
      const bool by_row = a.column_stride == 1;
      copy_a(a, m0, k0, rows, depth, copy);
      for (index_t n = n0; n < n_end; n += NR) {
        const T* panel = packed + n / NR * p_.k * NR + k0 * NR;
        const kernel::standard<T> nothing{};
        if (n < whole_end && last) {
          tiles(by_row, copy, panel, rows, depth, c.at(m0, n), c.row_stride, accumulate,
                post.at(n, m0 * c.row_stride + n));
        } else if (n < whole_end) {
          tiles(by_row, copy, panel, rows, depth, c.at(m0, n), c.row_stride, accumulate, nothing);
        } else {
          const index_t rest = n_end - n;
          if (k0 == 0 && add)
            for (index_t m = 0; m < rows; ++m)
              for (index_t j = 0; j < rest; ++j) scratch[m * NR + j] = beta * c.at(m0 + m, n)[j];
          tiles(by_row, copy, panel, rows, depth, scratch, NR, accumulate, nothing);
          if (last)
            tile::flush<T, Isa>(scratch, NR, c.at(m0, n), c.row_stride, rows, rest,
                                post.at(n, m0 * c.row_stride + n));
        }
      }
    }
  }

  // alpha is multiplied in here, where each element of a passes once per column block.
  void copy_a(matrix<const T> a, index_t m0, index_t k0, index_t rows, index_t depth,
              T* copy) const {
    const bool by_row = a.column_stride == 1;
    const index_t lines = by_row ? rows : depth, length = by_row ? depth : rows;
    const index_t from = by_row ? a.row_stride : a.column_stride, to = odd_lines(length);
    const T* src = a.at(m0, k0);
    for (index_t i = 0; i < lines; ++i) {
      T* line = copy + i * to;
      tile::gather(src + i * from, by_row ? a.column_stride : a.row_stride, line, length);
      if (p_.alpha != 1)
        for (index_t j = 0; j < length; ++j) line[j] *= static_cast<T>(p_.alpha);
    }
  }

  template <class PostOp>
  static void tiles(bool by_row, const T* copy, const T* panel, index_t rows, index_t depth, T* c,
                    index_t c_row, bool accumulate, const PostOp& post) {
    using tile::a_order;
    const index_t origin = 0, stride = odd_lines(by_row ? depth : rows);
    tile::for_each_tile(rows, MR, [&](index_t m, int count) {
      const tile::operands<T> t{.a = copy + m * (by_row ? stride : 1),
                                .a_stride = stride,
                                .segments = &origin,
                                .segment_count = 1,
                                .segment_length = depth,
                                .b = panel,
                                .c = c + m * c_row,
                                .c_row = c_row,
                                .c_column = V::lanes,
                                .accumulate = accumulate};
      const auto moved = post.at(0, m * c_row);
      if (by_row)
        tile::dispatch<T, Isa, a_order::by_row>(count, t, moved);
      else
        tile::dispatch<T, Isa, a_order::by_k>(count, t, moved);
    });
  }

  gemm_problem p_;
  const char* op_;
  index_t kc_, mc_, nc_;
};

}  // namespace simdnn::inline SIMDNN_ABI::gemm
