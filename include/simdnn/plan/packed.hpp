// packed: weights in the order in which the algorithm of one plan's pass reads them. They are
// separate from the plan, so that many plans and threads can share them and training can refresh
// them.
#pragma once

#include <simdnn/tensor/tensor.hpp>
#include <string>
#include <string_view>

namespace simdnn {

template <class T>
class packed {
 public:
  packed() = default;
  /// For plans of this pass that chose this algorithm. Both strings must outlive *this.
  packed(const char* pass, const char* algorithm, index_t elements,
         std::pmr::memory_resource* memory)
      : pass_(pass), algorithm_(algorithm), data_(shape{elements}, memory) {}

  T* data() { return data_.data(); }
  const T* data() const { return data_.data(); }
  index_t elements() const { return data_.elements(); }

  /// Throws error in the name of `pass` if this was not packed by a plan of the same pass,
  /// algorithm and size. `operand` is the name of the weights.
  void check(const char* pass, const char* operand, const char* algorithm, index_t elements) const {
    // The pointers are mostly equal, and then no characters are compared.
    const auto same = [](const char* x, const char* y) {
      return x == y || std::string_view(x) == y;
    };
    if (!same(pass_, pass) || !same(algorithm_, algorithm) || data_.elements() != elements)
      refuse(pass, operand, algorithm, elements);
  }

 private:
  [[noreturn]] SIMDNN_NOINLINE void refuse(const char* pass, const char* operand,
                                           const char* algorithm, index_t elements) const {
    const auto text = [](const char* of, const char* by, index_t count) {
      return std::string("packed for ") + of + " by " + by + " (" + std::to_string(count) +
             " elements)";
    };
    throw_error(pass, operand, text(pass, algorithm, elements),
                *pass_ == 0 ? "an empty pack" : text(pass_, algorithm_, data_.elements()));
  }

  const char* pass_ = "";
  const char* algorithm_ = "";
  tensor<T, "x"> data_;
};

}  // namespace simdnn
