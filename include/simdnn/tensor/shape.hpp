// shape: the sizes of the logical dimensions, in the order of the formulas (layout.hpp).
#pragma once

#include <initializer_list>
#include <simdnn/base/error.hpp>
#include <simdnn/base/math.hpp>
#include <simdnn/tensor/layout.hpp>
#include <string>

namespace simdnn {

/// Up to six sizes, such as {n, c, h, w}, {o, i, kh, kw} (i per group) or {rows, columns}.
class shape {
 public:
  constexpr shape() = default;
  /// Throws error if a size is negative or there are more than six.
  constexpr shape(std::initializer_list<index_t> sizes) {
    for (index_t s : sizes) push_back(s);
  }

  constexpr void push_back(index_t size) {
    if (rank_ == max_rank) throw_error("shape", "rank", "at most 6", "7");
    if (size < 0)
      throw_error("shape", "size " + std::to_string(rank_), "at least 0", std::to_string(size));
    sizes_[rank_++] = size;
  }
  constexpr int rank() const { return rank_; }
  constexpr index_t operator[](int d) const { return sizes_[d]; }
  constexpr const index_t* begin() const { return sizes_; }
  constexpr const index_t* end() const { return sizes_ + rank_; }

  /// The product of all sizes; throws error if it overflows.
  constexpr index_t elements() const {
    index_t n = 1;
    for (index_t s : *this)
      if (s == 0) return 0;
    for (index_t s : *this) n = checked_mul(n, s, "shape", "elements");
    return n;
  }
  /// "1x64x56x56"
  std::string str() const {
    std::string text;
    for (index_t s : *this) {
      if (!text.empty()) text += 'x';
      text += std::to_string(s);
    }
    return text;
  }
  friend constexpr bool operator==(const shape& a, const shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int d = 0; d < a.rank_; ++d)
      if (a.sizes_[d] != b.sizes_[d]) return false;
    return true;
  }

 private:
  index_t sizes_[max_rank] = {};
  int rank_ = 0;
};

}  // namespace simdnn
