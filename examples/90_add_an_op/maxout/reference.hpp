// maxout by its definition, element by element. It only has to be right: every other algorithm is
// tested against it.
#pragma once

#include <simdnn/parallel/executor.hpp>
#include <simdnn/walk/elements.hpp>

#include "problem.hpp"

namespace simdnn::inline SIMDNN_ABI::maxout {

template <class T, layout L, class Isa>
class reference {
 public:
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;  // chosen by name only
  static const char* refuses(const maxout_problem&) { return nullptr; }
  static double cost(const maxout_problem&) { return 1; }
  explicit reference(const maxout_problem& p) : pieces_(p.pieces) {}

  /// argmax is null if it is not wanted.
  void forward(const view<const T, L>& src, const view<T, L>& dst, const view<T, L>* argmax,
               executor_ref) const {
    for_each_element(dst.shape(), [&](auto output) {
      index_t winner = 0;
      for (index_t j = 1; j < pieces_; ++j) {
        const T x = at_piece(src, output, j), best = at_piece(src, output, winner);
        const bool first_nan = x != x && best == best;
        if (x > best || first_nan) winner = j;
      }
      dst.data()[dst.offset(output)] = at_piece(src, output, winner);
      if (argmax != nullptr) argmax->data()[argmax->offset(output)] = static_cast<T>(winner);
    });
  }

  void backward(const view<const T, L>& diff_dst, const view<const T, L>& argmax,
                const view<T, L>& diff_src, executor_ref) const {
    for_each_element(diff_dst.shape(), [&](auto output) {
      const T gradient = diff_dst.data()[diff_dst.offset(output)];
      const T winner = argmax.data()[argmax.offset(output)];
      for (index_t j = 0; j < pieces_; ++j)
        at_piece(diff_src, output, j) = winner == static_cast<T>(j) ? gradient : T(0);
    });
  }

 private:
  // Piece j of this output, an element of src or diff_src.
  template <class U, class Index>
  U& at_piece(const view<U, L>& v, Index output, index_t j) const {
    index_t& channel = output.data()[L.dim('c')];
    channel = channel * pieces_ + j;
    return v.data()[v.offset(output)];
  }

  index_t pieces_;
};

}  // namespace simdnn::inline SIMDNN_ABI::maxout
