// implicit_gemm: a sum over the taps of three axes (axis.hpp: depth, height, width) as a matrix
// product. A row of the left matrix is what one output reads. That matrix is implicit: it is never
// stored, tiles read its rows from a copy of src. `direct` uses this for the forward pass, and for
// each phase of the stride in the backward pass to the data.
//
//     for work units (images, planes or rows of outputs), in parallel:
//       copy the part of src that the unit reads, its band, into L2 (band.hpp)
//       multiply (multiply.hpp): the band's pixels by the packed weights
//
// Units and the order of every sum depend on the problem alone. If there are fewer than four units
// for each worker, the output channels of a unit are divided too, which changes no sum.
#pragma once

#include <simdnn/epilogue/fused.hpp>
#include <simdnn/ops/conv/axis.hpp>
#include <simdnn/ops/conv/band.hpp>
#include <simdnn/ops/conv/multiply.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class implicit_gemm {
  static constexpr index_t NR = microkernel::columns<T, Isa>;

 public:
  /// `in` and `out` are the numbers of channels of a group that are read and written. Every axis
  /// has at least one output and one tap. `forward` is passed to pack_weights (multiply.hpp).
  implicit_gemm(index_t batch, index_t groups, index_t in, index_t out, dynamic_array<axis> axes,
                bool forward)
      : batch_(batch),
        groups_(groups),
        in_(in),
        out_(out),
        axes_(std::move(axes)),
        forward_(forward) {
    for (int d = 0; d < 3; ++d) outputs_[d] = axes_[d].outputs;
    choose_units();
    list_segments();
  }

  /// Number of values of k, which counts the products in one output's sum: one for each tap and
  /// channel. A panel of packed weights has one row for each value.
  index_t k() const {
    return in_ *
           static_cast<index_t>(axes_[0].taps.size() * axes_[1].taps.size() * axes_[2].taps.size());
  }
  index_t panels() const { return ceil_div(out_, NR); }
  index_t packed_elements() const { return groups_ * panels() * k() * NR; }

  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    pack_weights<T, Isa>(
        w, groups_, out_, in_, forward_, packed, executor, k(), in_ % 2 == 0, [&](auto emit) {
          const channel_blocks blocks{in_};
          const index_t whole = in_ / channel_blocks::size;
          // In the order of list_segments(): the blocks of 16 channels, then the shorter one.
          for (const auto& [begin, end] :
               {std::pair{index_t{0}, whole}, std::pair{whole, blocks.count()}})
            for (const tap& d : axes_[0].taps)
              for (const tap& h : axes_[1].taps)
                for (index_t b = begin; b < end; ++b)
                  for (const tap& x : axes_[2].taps)
                    for (index_t c = 0; c < blocks.length(b); ++c)
                      emit(b * channel_blocks::size + c, d.kernel, h.kernel, x.kernel);
        });
  }

  /// Bytes of a worker's slice of the workspace: for a unit, its bands, scratch and lines.
  index_t worker_bytes() const {
    return round_up(images_ * band_.elements() * static_cast<index_t>(sizeof(T)), 64) +
           round_up(
               images_ * rows_[0] * rows_[1] * outputs_[2] * NR * static_cast<index_t>(sizeof(T)),
               64) +
           images_ * rows_[0] * rows_[1] * static_cast<index_t>(sizeof(output_line<T>));
  }

  void operator()(const image<const T>& src, const T* packed, const image<T>& dst,
                  const epilogue::fused<T>& post, bool in_place_sum, executor_ref executor,
                  const workspace_slices& space) const {
    if (batch_ == 0) return;
    const index_t planes = ceil_div(outputs_[0], rows_[0]), bands = ceil_div(outputs_[1], rows_[1]);
    const index_t units = ceil_div(batch_, images_) * planes * bands, chunks = groups_ * panels();
    const index_t workers = std::max(executor.concurrency(), 1);
    const index_t parts =
        std::min(chunks, units >= 4 * workers || workers == 1 ? 1 : ceil_div(4 * workers, units));
    parallel_for(executor, units * parts, [&](index_t begin, index_t end, index_t worker) {
      for (index_t i = begin; i < end; ++i) {
        const index_t unit = i / parts, part = i % parts;
        const index_t first[3] = {unit / (planes * bands) * images_,
                                  unit / bands % planes * rows_[0], unit % bands * rows_[1]};
        run_unit(src, packed, dst, post, in_place_sum, first, chunks * part / parts,
                 chunks * (part + 1) / parts, space.template slice<std::byte>(worker));
      }
    });
  }

 private:
  // Chooses how much of dst is a unit: several whole images, or else several planes of an image, or
  // else several rows of a plane. Its band and its results for one chunk of channels fit into L2,
  // unless those of a single row do not. Units have nearly equal sizes.
  void choose_units() {
    const auto bytes = [&](index_t depth, index_t height) {
      const auto d = static_cast<double>(axes_[0].band_size(depth)),
                 h = static_cast<double>(axes_[1].band_size(height)),
                 w = static_cast<double>(axes_[2].reach(outputs_[2]));
      return (static_cast<double>(in_) * d * h * w +
              static_cast<double>(depth * height * outputs_[2]) * static_cast<double>(NR)) *
             sizeof(T);
    };
    constexpr double room = tuning<T, Isa>::L2;
    const auto fitting = [&](index_t count, auto size) {
      index_t n = count;
      while (n > 1 && size(n) > room) n = n / 2 + (n > 3);
      while (n > 1 && size(n) > room) --n;
      return ceil_div(count, ceil_div(count, n));
    };
    rows_[0] = fitting(outputs_[0], [&](index_t n) { return bytes(n, outputs_[1]); });
    rows_[1] =
        rows_[0] > 1 ? outputs_[1] : fitting(outputs_[1], [&](index_t n) { return bytes(1, n); });
    images_ = 1;
    if (rows_[0] == outputs_[0] && rows_[1] == outputs_[1] && batch_ > 1)
      images_ = fitting(
          batch_, [&](index_t n) { return static_cast<double>(n) * bytes(rows_[0], rows_[1]); });
    band_ = band::of(in_, axes_, rows_[0], rows_[1], outputs_[2]);
  }

  // Lists the segments of k as offsets in the band, counted from the element that an output reads
  // with its first tap. For each row of taps, the list has the blocks of 16 channels. If the last
  // block is shorter, it comes after all of these, again for each row of taps. If the taps of a row
  // are contiguous in src, they form one segment: their channels are contiguous in the band.
  void list_segments() {
    const bool joined = axes_[2].dense();
    const index_t taps = axes_[2].taps.size(), calls = joined ? 1 : taps;
    const index_t whole = in_ / channel_blocks::size, tail = in_ % channel_blocks::size;
    const auto list = [&](index_t begin, index_t end) {
      for (index_t d = 0; d < axes_[0].taps.size(); ++d)
        for (index_t h = 0; h < axes_[1].taps.size(); ++h)
          for (index_t b = begin; b < end; ++b)
            for (index_t x = 0; x < calls; ++x)
              segments_.push_back(band_.at(b, axes_[0].band_place(d, rows_[0]),
                                           axes_[1].band_place(h, rows_[1]),
                                           axes_[2].taps[x].offset - axes_[2].front()));
      return segments_.size();
    };
    const auto length = [&](index_t channels) { return joined ? channels * taps : channels; };
    const index_t tap_rows = axes_[0].taps.size() * axes_[1].taps.size();
    const index_t first = list(0, whole), last = list(whole, band_.channels.count());
    cut<T, Isa>(k_blocks_, out_, 0, first, length(channel_blocks::size), 0, channel_blocks::size,
                tap_rows);
    if (tail != 0)
      cut<T, Isa>(k_blocks_, out_, first, last - first, length(tail),
                  first * length(channel_blocks::size), tail, tap_rows);
  }

  // The tap rows, from begin to end, that read src for the outputs in row y of plane z; the others
  // read padding only. All tap rows if none reads src.
  std::pair<index_t, index_t> tap_rows(index_t z, index_t y) const {
    const auto meeting = [](const axis& a, index_t i) {
      const auto inside = [&](const tap& t) {
        return i * a.advance + t.offset >= 0 && i * a.advance + t.offset < a.size;
      };
      const index_t count = a.taps.size();
      index_t begin = 0, end = count;
      while (begin < end && !inside(a.taps[begin])) ++begin;
      while (begin < end && !inside(a.taps[end - 1])) --end;
      return begin < end ? std::pair{begin, end} : std::pair{index_t{0}, count};
    };
    const auto d = meeting(axes_[0], z), h = meeting(axes_[1], y);
    const index_t height = axes_[1].taps.size();
    if (axes_[0].taps.size() == 1) return h;
    return {d.first * height, d.second * height};  // of several planes of taps, whole planes
  }

  // Computes chunks `chunk` .. `chunk_end` - 1 of a unit, counted through all groups. `first` is
  // the unit's first image, output plane and output row.
  void run_unit(const image<const T>& src, const T* packed, const image<T>& dst,
                const epilogue::fused<T>& post, bool in_place_sum, const index_t (&first)[3],
                index_t chunk, index_t chunk_end, std::byte* space) const {
    T* const data = reinterpret_cast<T*>(space);
    space += round_up(images_ * band_.elements() * static_cast<index_t>(sizeof(T)), 64);
    T* const scratch = reinterpret_cast<T*>(space);
    space += round_up(
        images_ * rows_[0] * rows_[1] * outputs_[2] * NR * static_cast<index_t>(sizeof(T)), 64);
    auto* const lines = reinterpret_cast<output_line<T>*>(space);

    const index_t images = std::min(images_, batch_ - first[0]);
    const index_t count[2] = {std::min(rows_[0], outputs_[0] - first[1]),
                              std::min(rows_[1], outputs_[1] - first[2])};
    const index_t extent[3] = {axes_[0].size, axes_[1].size, axes_[2].size};
    const index_t from[3] = {first[1] * axes_[0].advance + axes_[0].front(),
                             first[2] * axes_[1].advance + axes_[1].front(), axes_[2].front()};

    for (index_t group = chunk / panels(); group * panels() < chunk_end; ++group) {
      for (index_t n = 0; n < images; ++n)
        band_.fill(data + n * band_.elements(), src, extent, first[0] + n, group * in_, from, 0,
                   band_.channels.count());
      index_t line_count = 0;
      for (index_t n = 0; n < images; ++n)
        for (index_t z = 0; z < count[0]; ++z)
          for (index_t y = 0; y < count[1]; ++y, ++line_count) {
            const auto [tap_begin, tap_end] = tap_rows(first[1] + z, first[2] + y);
            lines[line_count] = {
                data + n * band_.elements(),
                (z * axes_[0].advance * band_.size[1] + y * axes_[1].advance) * band_.size[2],
                dst.pixel(first[0] + n, axes_[0].first + (first[1] + z) * axes_[0].step,
                          axes_[1].first + (first[2] + y) * axes_[1].step, axes_[2].first),
                outputs_[2],
                line_count * outputs_[2],
                tap_begin,
                tap_end};
          }
      const index_t begin = std::max(chunk, group * panels()),
                    end = std::min(chunk_end, (group + 1) * panels());
      const index_t c = (begin - group * panels()) * NR,
                    c_end = std::min((end - group * panels()) * NR, out_);
      multiply<T, Isa>({.lines = {lines, static_cast<std::size_t>(line_count)},
                        .segments = segments_.data(),
                        .blocks = k_blocks_,
                        .k = k(),
                        .advance = axes_[2].advance,
                        .weights = packed + begin * k() * NR,
                        .c_row = dst.stride[2] * axes_[2].step,
                        .first = group * out_ + c,
                        .count = c_end - c,
                        .dst_channels = groups_ * out_,
                        .scratch = scratch,
                        .even_segments = in_ % 2 == 0,
                        .in_place_sum = in_place_sum},
                       dst, post);
    }
  }

  index_t batch_, groups_, in_, out_;
  dynamic_array<axis> axes_;
  bool forward_;
  index_t outputs_[3];
  index_t images_ = 1, rows_[2] = {1, 1};  // of a unit: images; output planes, output rows
  band band_{};
  dynamic_array<index_t> segments_;
  dynamic_array<k_block> k_blocks_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
