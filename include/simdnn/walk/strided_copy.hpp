// Copies between any two memory orders, and zeroes the padding of blocks. Used by reorder, concat,
// conv's gradients and the operations that keep padding zero.
//
// The range of each dimension is cut into pieces within which the offsets of both sides are affine:
// whole blocks of the side with the larger blocks if both sides start at a block border, else
// elements up to the next block border of either side. One piece per dimension makes a box: axes of
// (extent, src stride, dst stride). Axes are merged if both sides allow it. The box is copied along
// dst's fastest axis or, if src's fastest axis is another one, in tiles of the two.
#pragma once

#include <algorithm>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/parallel/parallel_for.hpp>
#include <simdnn/tensor/view.hpp>

namespace simdnn::inline SIMDNN_ABI {

/// A view without the layout in its type: one instantiation per element type copies all layouts.
struct strided {
  struct dimension {
    index_t stride = 0;  ///< between blocks
    index_t block = 1;
    index_t block_stride = 1;  ///< inside a block
  };
  int rank = 0;
  dimension dims[max_rank] = {};

  template <class T, layout L>
  explicit strided(const view<T, L>& v) : rank(L.rank()) {
    for (int d = 0; d < rank; ++d) dims[d] = {v.stride(d), L.block(d), L.block_stride(d)};
  }
  /// The same element for every index: all strides are 0.
  explicit strided(int r) : rank(r) {}
};

/// The part of a copy along one dimension.
struct copy_range {
  index_t src_begin = 0, dst_begin = 0, count = 0;
};

namespace detail {

// A template, so that only units that copy compile std::sort.
template <class T>
class copy_box {
 public:
  struct axis {
    index_t extent, src, dst;
  };

  void push(axis a) {
    if (a.extent != 1) axes_[rank_++] = a;
  }

  /// Sorts the axes by dst's stride, the fastest last, and merges them.
  void normalise() {
    std::sort(axes_, axes_ + rank_, [](const axis& a, const axis& b) { return a.dst > b.dst; });
    int last = 0;
    for (int i = 1; i < rank_; ++i) {
      axis& outer = axes_[last];
      const axis& inner = axes_[i];
      if (outer.dst == inner.dst * inner.extent && outer.src == inner.src * inner.extent) {
        outer = {outer.extent * inner.extent, inner.src, inner.dst};
      } else {
        axes_[++last] = inner;
      }
    }
    rank_ = rank_ == 0 ? 0 : last + 1;
    if (rank_ == 0) axes_[rank_++] = {1, 1, 1};
  }

  void copy(const T* src, T* dst, executor_ref executor) const {
    const int last = rank_ - 1;
    const axis fast = axes_[last];
    int other = last;  // src's fastest axis
    for (int i = last - 1; i >= 0; --i)
      if (axes_[i].src < axes_[other].src) other = i;
    const bool transposed = other != last;
    if (!transposed) other = std::max(last - 1, 0);
    // A unit of work: a tile's width of src's fastest axis if transposed, a piece of the row if
    // there is only one, else some rows.
    const axis cut = axes_[other];
    const index_t step = transposed      ? tile
                         : other == last ? piece
                                         : std::max<index_t>(1, piece / fast.extent);
    const index_t cuts = ceil_div(cut.extent, step);
    index_t units = cuts;
    for (int i = 0; i < last; ++i)
      if (i != other) units *= axes_[i].extent;
    parallel_for(executor, units, [&](index_t begin, index_t end, index_t) {
      for (index_t unit = begin; unit < end; ++unit) {
        const index_t from = unit % cuts * step, n = std::min(step, cut.extent - from);
        const T* s = src + from * cut.src;
        T* d = dst + from * cut.dst;
        index_t rest = unit / cuts;
        for (int i = last - 1; i >= 0; --i) {
          if (i == other) continue;
          s += rest % axes_[i].extent * axes_[i].src;
          d += rest % axes_[i].extent * axes_[i].dst;
          rest /= axes_[i].extent;
        }
        if (transposed) {
          for (index_t at = 0; at < fast.extent; at += tile)
            copy_tile(s + at * fast.src, d + at * fast.dst, n, std::min(tile, fast.extent - at),
                      cut, fast);
        } else if (other == last) {
          copy_row(s, d, n, fast);
        } else {
          for (index_t r = 0; r < n; ++r)
            copy_row(s + r * cut.src, d + r * cut.dst, fast.extent, fast);
        }
      }
    });
  }

 private:
  // 16 x 16: a cache line of floats in both directions.
  static constexpr index_t tile = 16, piece = costs::copy_piece;

  static void copy_row(const T* SIMDNN_RESTRICT s, T* SIMDNN_RESTRICT d, index_t n,
                       const axis& along) {
    if (along.src == 1 && along.dst == 1) {
      std::copy_n(s, n, d);
    } else {
      for (index_t i = 0; i < n; ++i) d[i * along.dst] = s[i * along.src];
    }
  }
  static void copy_tile(const T* SIMDNN_RESTRICT s, T* SIMDNN_RESTRICT d, index_t rows,
                        index_t columns, const axis& row, const axis& column) {
    if (column.dst == 1 && columns == tile) {
      for (index_t r = 0; r < rows; ++r)
        for (index_t c = 0; c < tile; ++c) d[r * row.dst + c] = s[r * row.src + c * column.src];
    } else {
      for (index_t r = 0; r < rows; ++r)
        for (index_t c = 0; c < columns; ++c)
          d[r * row.dst + c * column.dst] = s[r * row.src + c * column.src];
    }
  }

  axis axes_[3 * max_rank];
  int rank_ = 0;
};

// Copies dimension d and, for each of its pieces, the dimensions after it.
template <class T>
void copy_pieces(const strided& src, const T* src_data, const strided& dst, T* dst_data,
                 const copy_range* ranges, int d, const copy_box<T>& outer, executor_ref executor) {
  if (d == dst.rank) {
    copy_box<T> box = outer;
    box.normalise();
    box.copy(src_data, dst_data, executor);
    return;
  }
  const strided::dimension& s = src.dims[d];
  const strided::dimension& t = dst.dims[d];
  const index_t large = std::max(s.block, t.block), small = std::min(s.block, t.block);
  // The strides inside a block (inner), between blocks of size small (middle) and of size large
  // (outermost), and the offset of index i (start).
  const auto inner = [](const strided::dimension& x) {
    return x.block > 1 ? x.block_stride : x.stride;
  };
  const auto middle = [&](const strided::dimension& x) {
    return x.block == small ? x.stride : small * x.block_stride;
  };
  const auto outermost = [&](const strided::dimension& x) { return large / x.block * x.stride; };
  const auto start = [](const strided::dimension& x, index_t i) {
    return i / x.block * x.stride + i % x.block * x.block_stride;
  };

  copy_range left = ranges[d];
  while (left.count > 0) {
    copy_box<T> box = outer;
    index_t n;
    if (large % small == 0 && left.src_begin % large == 0 && left.dst_begin % large == 0 &&
        left.count >= large) {
      const index_t blocks = left.count / large;
      n = blocks * large;
      box.push({blocks, outermost(s), outermost(t)});
      if (large != small) box.push({large / small, middle(s), middle(t)});
      if (small != 1) box.push({small, inner(s), inner(t)});
    } else {
      n = left.count;
      if (s.block > 1) n = std::min(n, s.block - left.src_begin % s.block);
      if (t.block > 1) n = std::min(n, t.block - left.dst_begin % t.block);
      box.push({n, inner(s), inner(t)});
    }
    copy_pieces(src, src_data + start(s, left.src_begin), dst, dst_data + start(t, left.dst_begin),
                ranges, d + 1, box, executor);
    left.src_begin += n;
    left.dst_begin += n;
    left.count -= n;
  }
}

}  // namespace detail

/// Copies a box of logical elements, given by one range per dimension. Both sides have the same
/// logical dimensions.
template <class T>
void copy_elements(const strided& src, const T* src_data, const strided& dst, T* dst_data,
                   const copy_range (&ranges)[max_rank], executor_ref executor) {
  detail::copy_pieces(src, src_data, dst, dst_data, ranges, 0, {}, executor);
}

/// Zeros the padding of the view's last blocks.
template <class T, layout L>
void zero_padding(const view<T, L>& v, executor_ref executor) {
  if constexpr (!L.plain()) {
    const T zero = 0;
    for (int d = 0; d < L.rank(); ++d) {
      copy_range ranges[max_rank];
      for (int i = 0; i < L.rank(); ++i) ranges[i] = {0, 0, round_up(v.size(i), L.block(i))};
      ranges[d] = {0, v.size(d), ranges[d].count - v.size(d)};
      copy_elements(strided(L.rank()), &zero, strided(v), v.data(), ranges, executor);
    }
  }
}

}  // namespace simdnn::inline SIMDNN_ABI
