// Which layouts of src and weights inner_product takes.
#pragma once

#include <cstddef>
#include <simdnn/isa/abi.hpp>
#include <simdnn/tensor/layout.hpp>
#include <simdnn/tensor/view.hpp>

namespace simdnn::inline SIMDNN_ABI::inner_product {

/// src and diff_src: n is outermost; c, which may be blocked, and up to three of d, h, w follow in
/// any order.
template <layout L>
constexpr bool is_src_layout() {
  constexpr bool known = L.dim('n') == 0 && L.dim('c') == 1 && L.rank() >= 2 && L.rank() <= 5 &&
                         (L.rank() < 3 || L.dim('w') == L.rank() - 1) &&
                         (L.rank() < 4 || L.dim('h') == L.rank() - 2) &&
                         (L.rank() < 5 || L.dim('d') == 2);
  return known && L.outer_dim(0) == 0 && L.block_size() == L.block(1);
}

/// Weights with as many spatial dimensions as src has.
template <layout Src>
struct any_weights {
  static constexpr layout usual = Src.rank() == 2   ? layout("oi")
                                  : Src.rank() == 3 ? layout("oiw")
                                  : Src.rank() == 4 ? layout("oihw")
                                                    : layout("oidhw");
  static constexpr bool fits(const layout& l) {
    if (l.rank() != Src.rank() || l.dim('o') != 0 || l.dim('i') != 1) return false;
    for (int d = 2; d < l.rank(); ++d)
      if (l.letter(d) != Src.letter(d)) return false;
    return true;
  }
};
/// The same without blocks.
template <layout Src>
struct plain_weights : any_weights<Src> {
  static constexpr bool fits(const layout& l) { return l.plain() && any_weights<Src>::fits(l); }
};

/// Src's memory order in the letters of weights: "nChw16c" gives "oIhw16i".
template <layout Src>
consteval layout weights_order() {
  constexpr std::size_t size = Src.text().size();
  char text[size + 1] = {};
  for (std::size_t i = 0; i < size; ++i) {
    const char c = Src.tag[i];
    text[i] = c == 'n' ? 'o' : c == 'c' ? 'i' : c == 'C' ? 'I' : c;
  }
  return layout(text);
}

/// Whether the elements of one image (or of one output's weights) are contiguous.
template <class T, layout L>
bool gapless(const view<T, L>& v) {
  const strides dense = dense_strides<L>(v.shape());
  for (int d = 1; d < L.rank(); ++d)
    if (v.size(d) > L.block(d) && v.stride(d) != dense[d]) return false;
  return true;
}

}  // namespace simdnn::inline SIMDNN_ABI::inner_product
