#pragma once

namespace test {

/// A user's post-op. A type with a name: a lambda in a template would be another one, and compile
/// all algorithms once more, in each instantiation.
struct square_plus_one {
  template <class V>
  V operator()(V v) const {
    return v * v + 1.0f;
  }
};

}  // namespace test
