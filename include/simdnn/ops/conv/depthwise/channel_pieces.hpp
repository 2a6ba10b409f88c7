// The channels of a depthwise convolution in pieces of a vector, and the pieces in chunks, whose
// pieces share lines of memory. Used by depthwise's three passes.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <simdnn/base/dynamic_array.hpp>
#include <simdnn/base/math.hpp>
#include <simdnn/isa/vec.hpp>
#include <simdnn/microkernel/tuning/tuning.hpp>

namespace simdnn::inline SIMDNN_ABI::conv {

/// Channels channel .. channel + lanes, which one vector holds.
struct piece {
  index_t channel, lanes;
};

template <class T, class Isa>
class channel_pieces {
  static constexpr index_t W = vec<T, Isa>::lanes;

 public:
  /// Most pieces of a chunk.
  static constexpr index_t most =
      tuning<T, Isa>::depthwise_chunk / (W * static_cast<index_t>(sizeof(T)));

  channel_pieces() = default;
  /// A piece has at most `lanes` channels and ends where a block of one of the operands ends (1: it
  /// has none). A chunk holds `together` channels.
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
  /// The first piece of a chunk; one behind the last of the chunk before.
  index_t first(index_t chunk) const { return chunks_[chunk]; }

  /// The channels of whole vectors, as far as the padding of both operands' blocks reaches.
  static index_t with_padding(index_t channels, index_t block, index_t other_block) {
    return std::min(
        {round_up(channels, block), round_up(channels, other_block), round_up(channels, W)});
  }
  /// Channels that share lines of memory: a block's, or depthwise_chunk bytes of a pixel's.
  static index_t together(index_t block) { return block > 1 ? block : most * W; }

 private:
  dynamic_array<piece> pieces_;
  dynamic_array<index_t> chunks_;  // first pieces, and their number
};

}  // namespace simdnn::inline SIMDNN_ABI::conv
