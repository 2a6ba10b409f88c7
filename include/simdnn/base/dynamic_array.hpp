// dynamic_array: std::vector counted and indexed by index_t.
#pragma once

#include <simdnn/base/types.hpp>
#include <vector>

namespace simdnn {

template <class T>
class dynamic_array : public std::vector<T> {
 public:
  using std::vector<T>::vector;

  index_t size() const { return static_cast<index_t>(std::vector<T>::size()); }
  T& operator[](index_t i) { return this->data()[i]; }
  const T& operator[](index_t i) const { return this->data()[i]; }
};

}  // namespace simdnn
