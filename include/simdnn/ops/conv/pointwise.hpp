// 1x1 convolution without padding: a matrix product of pixels and channels that reads src in place.
// Rows and planes that continue each other form one line of pixels. If there is a stride, the
// pixels of a unit are first gathered to lines without gaps.
//
//     for some lines, or a part of a line, in parallel:  multiply (multiply.hpp)
#pragma once

#include <simdnn/epilogue/fused.hpp>
#include <simdnn/ops/conv/band.hpp>
#include <simdnn/ops/conv/multiply.hpp>
#include <simdnn/ops/conv/query.hpp>
#include <simdnn/parallel/workspace.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

template <class T, class Isa>
class pointwise {
  static constexpr index_t NR = microkernel::columns<T, Isa>, MR = tuning<T, Isa>::MR;

 public:
  static constexpr const char* name = "pointwise";
  static constexpr bool automatic = true;

  static const char* refuses(const query& q) {
    const conv_problem& p = q.problem;
    const bool forward = q.pass == direction::forward;
    const index_t in = (forward ? p.in : p.out) / p.groups,
                  block = forward ? q.src_block : q.dst_block;
    if (p.kernel != spatial::all(3, 1)) return "the kernel is not 1x1";
    if (p.pad != spatial::all(3, 0)) return "there is padding";
    for (int d = 0; d < 3; ++d)
      if ((p.output(d) - 1) * p.stride[d] >= p.size[d]) return "there is padding";
    if (!forward && p.stride != spatial::all(3, 1)) return "the stride is not 1";
    for (int d = 0; d < 3; ++d)
      if (!forward && p.output(d) != p.size[d]) return "the end of src is not read";
    if (forward ? q.src_plain_channels : q.dst_plain_channels)
      return "a pixel's channels are not contiguous";
    if (p.groups > 1 && in % block != 0) return "a group's channels start inside a block";
    return nullptr;
  }
  static double cost(const query& q) {
    const conv_problem& p = q.problem;
    const bool forward = q.pass == direction::forward;
    const index_t in = (forward ? p.in : p.out) / p.groups,
                  columns = (forward ? p.out : p.in) / p.groups;
    return p.flops() / 2 / static_cast<double>(NR) * column_fill<T, Isa>(columns, in % 2 == 0);
  }

  static constexpr contiguity reads() { return contiguity::channels; }
  static constexpr contiguity writes() { return contiguity::any; }

  explicit pointwise(const query& q) : p_(q.problem), forward_(q.pass == direction::forward) {
    in_ = (forward_ ? p_.in : p_.out) / p_.groups;
    out_ = (forward_ ? p_.out : p_.in) / p_.groups;
    const index_t block = forward_ ? q.src_block : q.dst_block;
    piece_ = block > 1 ? block : tuning<T, Isa>::pointwise_KC;
    constexpr index_t kc = tuning<T, Isa>::pointwise_KC;
    cut<T, Isa>(k_blocks_, out_, 0, in_ / piece_, piece_, 0, 0, 1, kc);
    if (in_ % piece_ != 0)
      cut<T, Isa>(k_blocks_, out_, in_ / piece_, 1, in_ % piece_, in_ - in_ % piece_, 0, 1, kc);
    // A unit has as many pixels as fit into L2 with one chunk of results.
    const index_t room = tuning<T, Isa>::L2 / ((in_ + NR) * static_cast<index_t>(sizeof(T)));
    pixels_ = std::max<index_t>(room / MR, 2) * MR;
  }

  index_t packed_elements() const { return p_.groups * ceil_div(out_, NR) * in_ * NR; }
  void pack(const filter<const T>& w, T* packed, executor_ref executor) const {
    pack_weights<T, Isa>(w, p_.groups, out_, in_, forward_, packed, executor, in_, in_ % 2 == 0,
                         [&](auto emit) {
                           for (index_t c = 0; c < in_; ++c) emit(c, 0, 0, 0);
                         });
  }
  index_t workspace_bytes(int workers) const { return workers * worker_bytes(); }

  void forward(const image<const T>& src, const T* packed, const image<T>& dst,
               const epilogue::fused<T>& post, executor_ref executor,
               std::span<std::byte> workspace) const {
    const index_t outputs[3] = {p_.output(0), p_.output(1), p_.output(2)};
    const bool gathered = strided();
    // Rows, then planes, are joined to one line while they continue each other.
    index_t line_pixels = outputs[2], line_count = 1;
    int joined = 2;
    while (joined > 0 && dst.stride[joined - 1] == line_pixels * dst.stride[2] &&
           (gathered || src.stride[joined - 1] == line_pixels * src.stride[2]))
      line_pixels *= outputs[--joined];
    for (int d = 0; d < joined; ++d) line_count *= outputs[d];
    line_count *= p_.batch;
    if (line_count == 0) return;
    // Short lines share a unit; long ones are cut at multiples of the tile.
    const index_t pieces = ceil_div(line_pixels, pixels_),
                  length = round_up(ceil_div(line_pixels, pieces), pieces > 1 ? MR : 1);
    const index_t together = pieces > 1 ? 1 : std::max<index_t>(pixels_ / line_pixels, 1);
    const index_t units = ceil_div(line_count, together) * pieces;
    const index_t chunks = p_.groups * ceil_div(out_, NR),
                  workers = std::max(executor.concurrency(), 1);
    const index_t parts =
        std::min(chunks, units >= 4 * workers || workers == 1 ? 1 : ceil_div(4 * workers, units));
    const workspace_slices space(worker_bytes(), workers, workspace, "conv");

    parallel_for(executor, units * parts, [&](index_t begin, index_t end, index_t worker) {
      std::byte* bytes = space.template slice<std::byte>(worker);
      T* const scratch = reinterpret_cast<T*>(bytes);
      T* const dense = reinterpret_cast<T*>(bytes += scratch_bytes());
      auto* const lines = reinterpret_cast<output_line<T>*>(bytes += dense_bytes());
      auto* const blocks = reinterpret_cast<k_block*>(bytes += lines_bytes());
      auto* const segments = reinterpret_cast<index_t*>(bytes + blocks_bytes());
      for (index_t i = 0; i < k_blocks_.size(); ++i) {
        blocks[i] = k_blocks_[i];
        blocks[i].pixel = gathered ? blocks[i].length : src.stride[2];
      }
      for (index_t i = begin; i < end; ++i) {
        const index_t unit = i / parts, first = unit / pieces * together,
                      start = unit % pieces * length;
        const index_t count = std::min(together, line_count - first),
                      size = std::min(length, line_pixels - start);
        if (size <= 0) continue;
        for (index_t l = 0; l < count; ++l) {
          index_t at = first + l, a = start * src.stride[2], c = start * dst.stride[2];
          for (int d = joined - 1; d >= 0; at /= outputs[d--]) {
            a += at % outputs[d] * src.stride[d];
            c += at % outputs[d] * dst.stride[d];
          }
          c += at * dst.batch_stride;
          if (gathered)
            lines[l] = {dense, l * size, c, size, l * size};
          else
            lines[l] = {src.data + at * src.batch_stride + a, 0, c, size, l * size};
        }
        const index_t panels = ceil_div(out_, NR), chunk_end = chunks * (i % parts + 1) / parts;
        for (index_t chunk = chunks * (i % parts) / parts; chunk < chunk_end;) {
          const index_t group = chunk / panels,
                        end_of_group = std::min(chunk_end, (group + 1) * panels);
          const index_t channel = (chunk - group * panels) * NR,
                        channel_end = std::min((end_of_group - group * panels) * NR, out_);
          for (index_t s = 0; s * piece_ < in_; ++s)
            segments[s] =
                gathered ? s * piece_ * count * size : src.channel(group * in_ + s * piece_);
          if (gathered)
            gather(src, group, first * line_pixels + start, count, size, line_pixels, dense);
          multiply<T, Isa>({.lines = {lines, static_cast<std::size_t>(count)},
                            .segments = segments,
                            .blocks = {blocks, static_cast<std::size_t>(k_blocks_.size())},
                            .k = in_,
                            .advance = 1,
                            .weights = packed + chunk * in_ * NR,
                            .c_row = dst.stride[2],
                            .first = group * out_ + channel,
                            .count = channel_end - channel,
                            .dst_channels = p_.groups * out_,
                            .scratch = scratch,
                            .even_segments = in_ % 2 == 0,
                            .prefetch_a = piece_ <= channel_blocks::size && !gathered,
                            .in_place_sum = post.reads(dst.data)},
                           dst, post);
          chunk = end_of_group;
        }
      }
    });
  }
  void backward_data(const image<const T>& diff_dst, const T* packed, const image<T>& diff_src,
                     executor_ref executor, std::span<std::byte> workspace) const {
    forward(diff_dst, packed, diff_src, epilogue::fused<T>{}, executor, workspace);
  }

 private:
  bool strided() const { return p_.stride != spatial::all(3, 1); }

  // Copies what `count` lines of `size` outputs, whose starts are `line_pixels` outputs apart, read
  // of the group's channels, to [segment][pixel][channel].
  void gather(const image<const T>& src, index_t group, index_t first, index_t count, index_t size,
              index_t line_pixels, T* to) const {
    const index_t height = p_.output(1), width = p_.output(2), depth = p_.output(0);
    const index_t step = p_.stride[2] * src.stride[2];
    for (index_t c = 0; c < in_; c += piece_) {
      const index_t channels = std::min(piece_, in_ - c), offset = src.channel(group * in_ + c);
      for (index_t l = 0; l < count; ++l)
        for (index_t i = 0; i < size;) {
          const index_t at = first + l * line_pixels + i, x = at % width, y = at / width % height,
                        z = at / width / height;
          const T* from =
              src.data + offset +
              src.pixel(z / depth, z % depth * p_.stride[0], y * p_.stride[1], x * p_.stride[2]);
          const index_t row = std::min(width - x, size - i);
          constexpr index_t B = channel_blocks::size;
          if (channels == B)  // a size known at compile time needs no call
            for (index_t j = 0; j < row; ++j)
              std::memcpy(to + j * B, from + j * step, B * sizeof(T));
          else
            for (index_t j = 0; j < row; ++j)
              std::copy_n(from + j * step, channels, to + j * channels);
          to += row * channels, i += row;
        }
    }
  }

  // A worker's slice: results of a unit (pixels,NR), its gathered pixels, its lines, and the blocks
  // and segments of k.
  index_t scratch_bytes() const {
    return round_up(pixels_ * NR * static_cast<index_t>(sizeof(T)), 64);
  }
  index_t dense_bytes() const {
    return strided() ? round_up(pixels_ * in_ * static_cast<index_t>(sizeof(T)), 64) : 0;
  }
  index_t lines_bytes() const {
    return round_up(pixels_ * static_cast<index_t>(sizeof(output_line<T>)), 64);
  }
  index_t blocks_bytes() const {
    return round_up(k_blocks_.size() * static_cast<index_t>(sizeof(k_block)), 64);
  }
  index_t worker_bytes() const {
    return scratch_bytes() + dense_bytes() + lines_bytes() + blocks_bytes() +
           round_up(ceil_div(in_, piece_) * static_cast<index_t>(sizeof(index_t)), 64);
  }

  conv_problem p_;
  bool forward_;
  index_t in_, out_;
  index_t piece_;   // channels of a segment
  index_t pixels_;  // of a unit, a multiple of MR
  dynamic_array<k_block> k_blocks_;
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
