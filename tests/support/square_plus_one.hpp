#pragma once

namespace test {

/// A user's post-op. It is a named type, because a lambda in a template is a new type in each
/// instantiation, for which its functions would be compiled again.
struct square_plus_one {
  template <class V>
  V operator()(V v) const {
    return v * v + 1.0f;
  }
};

}  // namespace test
