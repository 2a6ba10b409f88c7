// packed: weights in the order that one plan's variant reads. A value of its own, so that many plans and
// threads can share it and training can refresh it.
#pragma once

#include <simdnn/tensor/tensor.hpp>
#include <string>

namespace simdnn {

template <class T>
class packed {
 public:
  packed() = default;
  packed(const char* variant, index_t elements, std::pmr::memory_resource* memory)
      : variant_(variant), data_(shape{elements}, memory) {}

  T* data() { return data_.data(); }
  const T* data() const { return data_.data(); }
  index_t elements() const { return data_.elements(); }

  /// Throws error in the name of `op` where this was not packed by a plan of the same variant and size.
  void check(const char* variant, index_t elements, const char* op) const {
    const std::string_view mine = variant_, wanted = variant;
    if (mine != wanted || data_.elements() != elements)
      throw error(op, "weights",
                  "they must be packed by this plan: variant " + std::string(wanted) + ", " + std::to_string(elements) + " elements",
                  "are packed by variant " + std::string(mine.empty() ? "(none)" : mine) + ", " +
                      std::to_string(data_.elements()) + " elements");
  }

 private:
  const char* variant_ = "";
  tensor<T, "x"> data_;
};

}  // namespace simdnn
