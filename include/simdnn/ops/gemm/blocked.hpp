// The register-tiled product. b is packed into panels of NR columns. a is cut into blocks that fill
// L2; they are read in place or copied with a row distance that spreads over L1's sets. KC rows of
// a panel stay in L1 while all tiles of the block of a are computed.
//
//     for each MC rows and NC columns (in parallel):
//         for blocks of k:  copy a;  for panels:  for KC of the block:  for tiles
//
// Products of few rows, those of one or two tiles, are bound by the memory that b comes from. If a
// stays in L2, they run over all of k at once (microkernel/gemm/skinny.hpp), so that b is read from
// one end to the other.
//
// Every sum over k has the same order, whatever the number of threads.
#pragma once

#include <simdnn/base/math.hpp>
#include <simdnn/epilogue/fused.hpp>
#include <simdnn/microkernel/gemm/pack.hpp>
#include <simdnn/microkernel/gemm/skinny.hpp>
#include <simdnn/microkernel/gemm/tiled.hpp>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/ops/gemm/matrix.hpp>
#include <simdnn/ops/gemm/problem.hpp>
#include <simdnn/ops/gemm/scale_only.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::gemm {

template <class T, class Isa>
class blocked {
  using V = vec<T, Isa>;
  static constexpr index_t MR = tuning<T, Isa>::MR, NR = microkernel::columns<T, Isa>;

 public:
  static constexpr const char* name = "blocked";
  static constexpr bool automatic = true;
  static const char* refuses(const gemm_query&) { return nullptr; }
  static double cost(const gemm_query& q) { return q.problem.flops(); }

  /// `op` names the caller in errors.
  explicit blocked(const gemm_query& q, const char* op = "gemm")
      : p_(q.problem),
        op_(op),
        skinny_(p_.m <= microkernel::skinny_rows<T, Isa> &&
                p_.m * p_.k <= a_elements * costs::skinny_halves / 2),
        kc_(blocks(p_.k, tuning<T, Isa>::KC)),
        mc_(blocks(p_.m, tuning<T, Isa>::MC)),
        nc_(round_up(blocks(p_.n, tuning<T, Isa>::NC), NR)),
        depth_(kc_ * std::clamp<index_t>(a_elements / (mc_ * kc_), 1,
                                         ceil_div(std::max<index_t>(p_.k, 1), kc_))) {}

  /// [panel][k][NR]
  index_t packed_elements() const { return ceil_div(p_.n, NR) * p_.k * NR; }
  void pack(matrix<const T> b, T* packed, executor_ref executor) const {
    if (p_.k == 0) return;
    parallel_for(executor, ceil_div(p_.n, NR), [&](index_t begin, index_t end, index_t) {
      for (index_t j = begin; j < end; ++j)
        microkernel::pack_panel<T, Isa>(b.at(0, j * NR), b.row_stride, b.column_stride, p_.k,
                                        std::min(NR, p_.n - j * NR), packed + j * p_.k * NR);
    });
  }

  index_t workspace_bytes(int workers) const {
    return shared_bytes() + workers * round_up(worker_bytes(), memory_pool::alignment);
  }

  /// c's columns are contiguous; c must not overlap a. If `workspace` is empty, the calling
  /// thread's arena is used.
  void run(matrix<const T> a, const T* packed, matrix<T> c, const epilogue::fused<T>& post,
           executor_ref executor, std::span<std::byte> workspace) const {
    if (p_.m == 0 || p_.n == 0) return;
    if (p_.k == 0 || p_.alpha == 0) return scale_only<T, Isa>(p_, c, post);
    if (skinny_) return run_skinny(a, packed, c, post, executor, workspace);
    const index_t rows = ceil_div(p_.m, mc_), columns = ceil_div(p_.n, nc_);
    // If a post-op reads c, partial sums must not be stored there.
    const bool apart = (p_.k > kc_ || (p_.beta != 0 && p_.beta != 1)) && post.reads(c.data);
    const workspace_slices space(worker_bytes(), std::max(executor.concurrency(), 1), workspace,
                                 op_);
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
  // Elements of a block of a.
  static constexpr index_t a_elements = tuning<T, Isa>::L2 / sizeof(T);

  // The size of a block if `size` is cut into the fewest blocks of at most `most`, of nearly equal
  // size.
  static index_t blocks(index_t size, index_t most) {
    return std::max<index_t>(ceil_div(size, std::max<index_t>(ceil_div(size, most), 1)), 1);
  }
  // Row distance of the copy of a: an odd number of cache lines, so that rows are spread over all
  // of L1's sets.
  static index_t odd_lines(index_t length) {
    constexpr index_t line = 64 / sizeof(T);
    return (ceil_div(length, line) | 1) * line;
  }
  index_t copy_elements() const {
    return std::max(mc_ * odd_lines(depth_), depth_ * odd_lines(mc_));
  }
  index_t worker_bytes() const {
    if (skinny_) return p_.m * NR * static_cast<index_t>(sizeof(T));
    return (copy_elements() + mc_ * NR) * static_cast<index_t>(sizeof(T));
  }

  // Computes columns n0 .. n_end of one block of rows. With `apart` there are at most NR columns,
  // which are not stored to c before the post-op is applied.
  void block(matrix<const T> a, const T* packed, matrix<T> c, const epilogue::fused<T>& post,
             index_t m0, index_t n0, index_t n_end, bool apart, T* copy) const {
    const index_t rows = std::min(mc_, p_.m - m0);
    const index_t whole_end = apart ? n0 : n0 + (n_end - n0) / NR * NR;
    T* const scratch = copy + copy_elements();  // (MC,NR): a panel that is not whole, or apart
    const bool add = p_.beta != 0;
    const T beta = static_cast<T>(p_.beta);
    if (add && p_.beta != 1)
      for (index_t m = m0; m < m0 + rows; ++m)
        for (index_t n = n0; n < whole_end; ++n) *c.at(m, n) *= beta;

    for (index_t k0 = 0; k0 < p_.k; k0 += depth_) {
      const index_t k_end = std::min(k0 + depth_, p_.k);
      const a_block rows_of_a = block_of_a(a, m0, k0, rows, k_end - k0, copy);
      for (index_t n = n0; n < n_end; n += NR) {
        const bool whole = n < whole_end;
        const index_t rest = n_end - n;
        if (!whole && k0 == 0 && add)
          for (index_t m = 0; m < rows; ++m)
            for (index_t j = 0; j < rest; ++j) scratch[m * NR + j] = beta * c.at(m0 + m, n)[j];
        T* const to = whole ? c.at(m0, n) : scratch;
        const index_t to_row = whole ? c.row_stride : NR;
        for (index_t k = k0; k < k_end; k += kc_) {
          const index_t depth = std::min(kc_, k_end - k);
          const T* const panel = packed + n / NR * p_.k * NR + k * NR;
          // The rows of b that are read next: the panel's next ones, or the next panel's first.
          const T* const next =
              k + depth < k_end ? panel + depth * NR : packed + (n / NR + 1) * p_.k * NR + k0 * NR;
          const bool accumulate = add || k > 0;
          const a_block from = rows_of_a.at(0, k - k0);
          if (whole && k + depth == p_.k)
            tiles(from, panel, next, rows, depth, to, to_row, accumulate,
                  post.at(n, m0 * c.row_stride + n));
          else
            tiles(from, panel, next, rows, depth, to, to_row, accumulate, epilogue::fused<T>{});
        }
        if (!whole && k_end == p_.k)
          post.template store<V>({scratch, NR, c.at(m0, n), c.row_stride, rows, rest, V::lanes}, n,
                                 m0 * c.row_stride + n);
      }
    }
  }

  // A block of a as tiles read it.
  struct a_block {
    const T* data;
    index_t stride;
    bool by_row;
    a_block at(index_t m, index_t k) const {
      return {data + (by_row ? m * stride + k : m + k * stride), stride, by_row};
    }
  };

  // The block in place if its rows are contiguous and spread over L1's sets, and alpha is 1. Else a
  // copy, whose elements are multiplied by alpha once, here.
  a_block block_of_a(matrix<const T> a, index_t m0, index_t k0, index_t rows, index_t depth,
                     T* copy) const {
    const bool by_row = a.column_stride == 1;
    if (by_row && p_.alpha == 1 && a.row_stride * static_cast<index_t>(sizeof(T)) % 2048 != 0)
      return {a.at(m0, k0), a.row_stride, true};
    const index_t lines = by_row ? rows : depth, length = by_row ? depth : rows;
    const index_t from = by_row ? a.row_stride : a.column_stride, to = odd_lines(length);
    const T* src = a.at(m0, k0);
    for (index_t i = 0; i < lines; ++i) {
      T* line = copy + i * to;
      microkernel::copy_strided(src + i * from, by_row ? a.column_stride : a.row_stride, line,
                                length);
      if (p_.alpha != 1)
        for (index_t j = 0; j < length; ++j) line[j] *= static_cast<T>(p_.alpha);
    }
    return {copy, to, by_row};
  }

  // Computes the tiles of one block. Each tile prefetches its share of the rows of b that are read
  // next.
  static void tiles(const a_block& a, const T* panel, const T* next, index_t rows, index_t depth,
                    T* c, index_t c_row, bool accumulate, const epilogue::fused<T>& post) {
    using microkernel::a_order;
    constexpr index_t line = 64 / sizeof(T);
    const index_t origin = 0, share = round_up(ceil_div(depth * NR, ceil_div(rows, MR)), line);
    microkernel::for_each_tile(rows, MR, [&](index_t m, int count) {
      for (index_t i = 0; i < share; i += line) __builtin_prefetch(next + i, 0, 2);
      next += share;
      const microkernel::operands<T> t{.a = a.at(m, 0).data,
                                       .a_stride = a.stride,
                                       .segments = &origin,
                                       .segment_count = 1,
                                       .segment_length = depth,
                                       .b = panel,
                                       .c = c + m * c_row,
                                       .c_row = c_row,
                                       .c_column = V::lanes,
                                       .accumulate = accumulate};
      const auto moved = post.at(0, m * c_row);
      if (a.by_row)
        microkernel::dispatch<T, Isa, a_order::by_row>(count, t, moved);
      else
        microkernel::dispatch<T, Isa, a_order::by_k>(count, t, moved);
    });
  }

  // Bytes that all workers share: for skinny products, a as [k][m], multiplied by alpha.
  index_t shared_bytes() const {
    return skinny_ ? round_up(p_.m * p_.k * static_cast<index_t>(sizeof(T)), memory_pool::alignment)
                   : 0;
  }
  void run_skinny(matrix<const T> a, const T* packed, matrix<T> c, const epilogue::fused<T>& post,
                  executor_ref executor, std::span<std::byte> workspace) const {
    const int workers = std::max(executor.concurrency(), 1);
    const workspace_slices space(workspace_bytes(workers), 1, workspace, op_);
    std::byte* const memory = space.template slice<std::byte>(0);
    const T* rows = a.data;
    if (p_.m > 1 || a.column_stride != 1 || p_.alpha != 1) {
      T* const copy = reinterpret_cast<T*>(memory);
      constexpr index_t line = 64 / sizeof(T);  // all of a cache line of a row is read at once
      for (index_t k0 = 0; k0 < p_.k; k0 += line)
        for (index_t m = 0; m < p_.m; ++m)
          for (index_t k = k0; k < std::min(k0 + line, p_.k); ++k)
            copy[k * p_.m + m] = static_cast<T>(p_.alpha) * *a.at(m, k);
      rows = copy;
    }
    const auto run_tile = microkernel::skinny_tiles<T, Isa>::table.data()[p_.m - 1];
    const T beta = static_cast<T>(p_.beta);
    parallel_for(executor, ceil_div(p_.n, NR), [&](index_t begin, index_t end, index_t worker) {
      T* const sums = reinterpret_cast<T*>(
          memory + shared_bytes() +
          worker * round_up(worker_bytes(), memory_pool::alignment));  // (m,NR)
      for (index_t panel = begin; panel < end; ++panel) {
        const index_t n = panel * NR, columns = std::min(NR, p_.n - n);
        run_tile(rows, packed + n * p_.k, p_.k, sums);
        if (beta != 0)
          for (index_t m = 0; m < p_.m; ++m)
            for (index_t j = 0; j < columns; ++j) sums[m * NR + j] += beta * c.at(m, n)[j];
        post.template store<V>({sums, NR, c.at(0, n), c.row_stride, p_.m, columns, V::lanes}, n, n);
      }
    });
  }

  gemm_problem p_;
  const char* op_;
  bool skinny_;
  index_t kc_, mc_, nc_;
  index_t depth_;  // of a's blocks
};

}  // namespace simdnn::inline SIMDNN_ABI::gemm
