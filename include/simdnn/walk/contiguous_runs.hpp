// contiguous_runs: the memory of a view as runs of contiguous elements, for operations that treat
// every element alike.
#pragma once

#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/tensor/view.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// Runs include the padding of blocks. A tensor without gaps is one run.
class contiguous_runs {
 public:
  template <class T, layout L>
  explicit contiguous_runs(const view<T, L>& v) : length_(layout_table<L>::block_size) {
    using table = layout_table<L>;
    for (int at = table::rank - 1; at >= 0; --at) {
      const int d = table::outer_dim[at];
      const index_t blocks = ceil_div(v.size(d), table::block[d]);
      if (blocks == 1) continue;
      if (rank_ == 0 && v.stride(d) == length_) {
        length_ *= blocks;
      } else if (rank_ != 0 && v.stride(d) == stride_[rank_ - 1] * extent_[rank_ - 1]) {
        extent_[rank_ - 1] *= blocks;
      } else {
        extent_[rank_] = blocks;
        stride_[rank_++] = v.stride(d);
      }
    }
    for (int i = 0; i < rank_; ++i) count_ *= extent_[i];
  }

  /// Calls f(offset, n) for pieces of runs that together cover all elements once.
  template <class F>
  void for_each_piece(executor_ref executor, F&& f) const {
    constexpr index_t piece = costs::run_piece;
    const index_t pieces = ceil_div(length_, piece);
    parallel_for(executor, count_ * pieces, [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t from = unit % pieces * piece;
        f(offset(unit / pieces) + from, std::min(piece, length_ - from));
      }
    });
  }

 private:
  index_t offset(index_t row) const {
    index_t at = 0;
    for (int i = 0; i < rank_; ++i) {
      at += row % extent_[i] * stride_[i];
      row /= extent_[i];
    }
    return at;
  }

  // Innermost first.
  index_t length_, count_ = 1;
  int rank_ = 0;
  index_t extent_[max_rank], stride_[max_rank];
};

}  // namespace simdnn::inline SIMDNN_ABI
