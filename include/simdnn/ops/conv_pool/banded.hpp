// Convolution and pooling band by band (bands.hpp). The algorithm of the convolution is the one
// chosen for a band's problem.
//
//     for bands, in parallel:
//       src's rows                 in place, or copied with zeros for padding above or below
//       convolution, post-ops      {images, out, 2 rows, 2 columns}, in L2
//       pooling                    {images, out, rows, columns} of dst
//
// If there are too few bands for the workers, the workers share each band, which changes no sum.
#pragma once

#include <simdnn/epilogue/fused.hpp>
#include <simdnn/ops/conv/entry_points.hpp>
#include <simdnn/ops/conv_pool/bands.hpp>
#include <simdnn/ops/pooling/direct.hpp>
#include <simdnn/parallel/workspace.hpp>
#include <simdnn/walk/strided_copy.hpp>

namespace simdnn::inline SIMDNN_ABI::conv_pool {

template <class T, layout Src, layout Dst, class Isa>
class banded {
  using pool = pooling::direct<T, Dst, Isa>;

 public:
  explicit banded(const bands& b) : bands_(b) {
    const conv_problem& p = b.convolution.problem;
    results_ = {p.batch, p.out, p.output(1), p.output(2)};
    if (b.rows.parts() > 1) copy_ = {p.batch, p.in, p.size[1], p.size[2]};
  }

  index_t workspace_bytes(const chosen_algorithm& algorithm, int workers) const {
    return shared(workers) ? slice_bytes(algorithm, workers) : workers * slice_bytes(algorithm, 1);
  }

  /// src and dst of the whole problem; dst must not overlap src.
  void forward(const chosen_algorithm& algorithm, const view<const T, Src>& src, const T* packed,
               const view<T, Dst>& dst, const epilogue::fused<T>& post, executor_ref executor,
               std::span<std::byte> workspace) const {
    const int workers = std::max(executor.concurrency(), 1);
    const serial alone;
    const bool together = shared(workers);
    const executor_ref outer = together ? alone : executor, inner = together ? executor : alone;
    const index_t bytes = slice_bytes(algorithm, together ? workers : 1);
    const workspace_slices space(bytes, together ? 1 : workers, workspace, "conv_pool_forward");
    parallel_for(outer, bands_.count(), [&](index_t begin, index_t end, index_t worker) {
      const std::span slice(space.template slice<std::byte>(worker),
                            static_cast<std::size_t>(bytes));
      for (index_t band = begin; band < end; ++band)
        run(band, algorithm, src, packed, dst, post, inner, slice);
    });
  }

 private:
  // Whether the workers share each band, because the bands cannot be divided evenly among them.
  bool shared(int workers) const {
    return bands_.count() % workers != 0 && bands_.count() < 4 * workers;
  }

  // A slice holds a band's results, the copy of its src, and the workspace that convolution and
  // pooling use in turn.
  index_t results_bytes() const { return bytes_of(dense_elements<Dst>(results_)); }
  index_t copy_bytes() const {
    return bytes_of(copy_.rank() == 0 ? 0 : dense_elements<Src>(copy_));
  }
  index_t slice_bytes(const chosen_algorithm& algorithm, int workers) const {
    const index_t taken =
        std::max(algorithm.workspace_bytes(workers), pool_for(results_).workspace_bytes(workers));
    return results_bytes() + copy_bytes() + taken;
  }
  static index_t bytes_of(index_t elements) {
    return round_up(elements * static_cast<index_t>(sizeof(T)), memory_pool::alignment);
  }
  static pool pool_for(const shape& s) {
    return pool({.batch = s[0],
                 .channels = s[1],
                 .size = {s[2], s[3]},
                 .kernel = {2, 2},
                 .stride = {2, 2},
                 .pad = {0, 0},
                 .pad_end = {0, 0}});
  }

  void run(index_t band, const chosen_algorithm& algorithm, const view<const T, Src>& src,
           const T* packed, const view<T, Dst>& dst, const epilogue::fused<T>& post,
           executor_ref executor, std::span<std::byte> slice) const {
    const cut &images = bands_.images, &rows = bands_.rows;
    const index_t image = band / rows.parts(), part = band % rows.parts();
    const view<T, Dst> results(reinterpret_cast<T*>(slice.data()), results_);
    T* const copy = reinterpret_cast<T*>(slice.data() + results_bytes());
    const std::span<std::byte> rest =
        slice.subspan(static_cast<std::size_t>(results_bytes() + copy_bytes()));

    const view<const T, Src> x =
        rows_of(src.part(0, images.begin(image), images.size), rows.begin(part), copy, executor);
    conv::entry_points<T, Isa>::forward(bands_.convolution.problem, algorithm, conv::as_image(x),
                                        packed, conv::as_image(results), post, executor, rest);

    const index_t n = images.done(image), y = rows.done(part);
    const view<T, Dst> unpooled =
        results.part(0, n, images.size - n).part(2, 2 * y, 2 * (rows.size - y));
    const view<T, Dst> to = dst.part(0, images.begin(image) + n, images.size - n)
                                .part(2, rows.begin(part) + y, rows.size - y);
    pool_for(unpooled.shape()).forward(unpooled, to, nullptr, executor, rest);
  }

  // The rows of src that the band from row `first` of dst on reads, in place or in `copy`.
  view<const T, Src> rows_of(const view<const T, Src>& images, index_t first, T* copy,
                             executor_ref executor) const {
    const conv_problem& p = bands_.convolution.problem;
    const index_t height = p.size[1], top = 2 * first * p.stride[1] - bands_.above;
    if (top >= 0 && top + height <= images.size('h')) return images.part(2, top, height);
    const view<T, Src> padded(copy, copy_);
    std::fill_n(copy, dense_elements<Src>(copy_), T(0));
    const index_t begin = std::clamp<index_t>(-top, 0, height);
    const index_t end = std::clamp<index_t>(images.size('h') - top, begin, height);
    copy_elements(
        strided(images), images.data(), strided(padded), copy,
        {{0, 0, p.batch}, {0, 0, p.in}, {top + begin, begin, end - begin}, {0, 0, p.size[2]}},
        executor);
    return padded;
  }

  bands bands_;
  shape results_;  // results of a band's convolution
  shape copy_;     // its src, if that may have padding rows; else of rank 0
};

}  // namespace simdnn::inline SIMDNN_ABI::conv_pool
