// packed: weights in the order that one plan's algorithm and pass read. A value of its own, so that
// many plans and threads can share it and training can refresh it.
#pragma once

#include <simdnn/tensor/tensor.hpp>
#include <string>

namespace simdnn {

template <class T>
class packed {
 public:
  packed() = default;
  /// `pass` tells apart what one algorithm packs in several orders; both texts must outlive this.
  packed(const char* algorithm, index_t elements, std::pmr::memory_resource* memory,
         const char* pass = "")
      : algorithm_(algorithm), pass_(pass), data_(shape{elements}, memory) {}

  T* data() { return data_.data(); }
  const T* data() const { return data_.data(); }
  index_t elements() const { return data_.elements(); }

  /// Throws error in the name of `op` where this was not packed by a plan of the same algorithm, pass
  /// and size.
  void check(const char* algorithm, index_t elements, const char* op, const char* pass = "") const {
    // The same literals as a rule: then no text is compared.
    const auto same = [](const char* x, const char* y) {
      return x == y || std::string_view(x) == y;
    };
    if (!same(algorithm_, algorithm) || !same(pass_, pass) || data_.elements() != elements)
      refuse(algorithm, elements, op, pass);
  }

 private:
  [[noreturn]] SIMDNN_NOINLINE void refuse(const char* algorithm, index_t elements, const char* op,
                                           const char* pass) const {
    const auto text = [](std::string name, const char* of, index_t count) {
      if (*of != 0) name.append(" ").append(of);
      return name + ", " + std::to_string(count) + " elements";
    };
    throw_error(op, "weights",
                "a pack of this plan (algorithm " + text(algorithm, pass, elements) + ")",
                *algorithm_ == 0 ? "an empty one"
                                 : "one of algorithm " + text(algorithm_, pass_, data_.elements()));
  }

  const char* algorithm_ = "";
  const char* pass_ = "";
  tensor<T, "x"> data_;
};

}  // namespace simdnn
