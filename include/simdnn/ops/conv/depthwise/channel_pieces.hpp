// channel_pieces: the channels of a depthwise convolution, cut into pieces of at most one vector.
// Pieces whose channels share cache lines form a chunk. Used by depthwise's three passes.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <simdnn/base/dynamic_array.hpp>
#include <simdnn/base/math.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/microkernel/tuning/tuning.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

/// Channels channel .. channel + lanes, which are in one vector.
struct piece {
  index_t channel, lanes;
};

template <class T, class Isa>
class channel_pieces {
  static constexpr index_t W = vec<T, Isa>::lanes;

 public:
  /// The maximal number of pieces of a chunk.
  static constexpr index_t most =
      tuning<T, Isa>::depthwise_chunk / (W * static_cast<index_t>(sizeof(T)));

  channel_pieces() = default;
  /// A piece has at most `lanes` channels and does not cross the end of a block. `blocks` are the
  /// operands' blocks, 1 for an operand without blocks. A chunk has at most `together` channels.
  channel_pieces(index_t channels, index_t lanes, std::initializer_list<index_t> blocks,
                 index_t together) {
    for (index_t c = 0; c < channels; c += pieces_.back().lanes) {
      index_t count = std::min(lanes, channels - c);
      for (const index_t block : blocks)
        if (block > 1) count = std::min(count, block - c % block);
      pieces_.push_back({c, count});
    }
    for (index_t i = 0; i < size(); ++i)
      if (i == 0 || pieces_[i].channel / together != pieces_[i - 1].channel / together ||
          together == 1 || i - chunks_.back() == most)
        chunks_.push_back(i);
    chunks_.push_back(size());
  }

  index_t size() const { return pieces_.size(); }
  const piece& operator[](index_t i) const { return pieces_[i]; }
  index_t chunks() const { return chunks_.size() - 1; }
  /// The first piece of a chunk. first(chunk + 1) is one past the chunk's last piece.
  index_t first(index_t chunk) const { return chunks_[chunk]; }

  /// `channels` rounded up to whole vectors, but not beyond the padding of either operand's blocks.
  static index_t with_padding(index_t channels, index_t block, index_t other_block) {
    return std::min(
        {round_up(channels, block), round_up(channels, other_block), round_up(channels, W)});
  }
  /// Channels that share cache lines: those of a block, or depthwise_chunk bytes of a pixel.
  static index_t together(index_t block) { return block > 1 ? block : most * W; }

 private:
  dynamic_array<piece> pieces_;
  dynamic_array<index_t> chunks_;  // the first piece of each, then the number of pieces
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
