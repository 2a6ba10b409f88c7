// layout: a memory order, written as a oneDNN format tag and used as a template argument: "nchw",
// "nhwc", "nChw16c", "OIhw16i16o", "tnc", "ab".
//
// Letters are dimensions, outermost first. An upper-case letter is a dimension that is cut into
// blocks; the block sizes follow at the end, outermost first ("16i16o": for each of 16 input
// channels 16 output channels). Logical dimensions are always in the order x a b t n o c i d h w of
// the formulas, whatever the order in memory.
#pragma once

#include <cstddef>
#include <simdnn/base/types.hpp>
#include <string_view>

namespace simdnn {

inline constexpr int max_rank = 6;

namespace layout_detail {

inline constexpr std::string_view logical_order = "xabtnocidhw";

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

// Not constexpr: a call from the consteval constructor is a compile error that shows the name.
inline void layout_tag_is_empty() {}
inline void layout_tag_has_an_unknown_letter() {}
inline void layout_tag_names_a_dimension_twice() {}
inline void layout_tag_blocks_a_dimension_that_is_not_upper_case() {}
inline void layout_tag_blocks_a_dimension_twice() {}
inline void layout_tag_lacks_the_block_of_an_upper_case_dimension() {}
inline void layout_tag_has_a_number_without_a_letter_behind_it() {}
inline void layout_tag_has_a_block_of_zero_or_above_64() {}
inline void layout_tag_has_more_than_six_dimensions() {}
inline void layout_tag_has_an_outer_dimension_behind_a_block() {}

}  // namespace layout_detail

/// A memory order. Implicit from a string literal; a malformed tag is a compile error whose text
/// names the fault (`layout_tag_...`). Stores only the tag, so that symbols stay readable;
/// layout_table<L> (view.hpp) has its properties, parsed once.
struct layout {
  char tag[24] = {};

  template <std::size_t N>
  consteval layout(
      const char (&text)[N]) {  // NOLINT: implicit, so that a tag can be written in place
    static_assert(N <= sizeof(tag), "layout_tag_is_longer_than_23_characters");
    for (std::size_t i = 0; i + 1 < N; ++i) tag[i] = text[i];
    validate();
  }

  constexpr std::string_view text() const { return {tag}; }

  /// The number of logical dimensions.
  constexpr int rank() const {
    int n = 0;
    while (tag[n] != 0 && !layout_detail::is_digit(tag[n])) ++n;
    return n;
  }

 private:
  // The position in the tag of the dimension with this lower-case letter, or -1.
  constexpr int place(char c) const {
    for (int i = 0; i < rank(); ++i)
      if (layout_detail::lower(tag[i]) == c) return i;
    return -1;
  }

  // Calls f(size, letter) for each block, outermost first.
  template <class F>
  constexpr void for_each_block(F f) const {
    index_t n = 0;
    for (int i = rank(); tag[i] != 0; ++i) {
      if (layout_detail::is_digit(tag[i])) {
        n = n * 10 + (tag[i] - '0');
      } else {
        f(n, tag[i]);
        n = 0;
      }
    }
  }

 public:
  /// The letter of logical dimension d, lower case.
  constexpr char letter(int d) const {
    for (char c : layout_detail::logical_order)
      if (place(c) >= 0 && d-- == 0) return c;
    return 0;
  }
  /// The logical dimension with this letter, or -1.
  constexpr int dim(char c) const {
    for (int d = 0; d < rank(); ++d)
      if (letter(d) == c) return d;
    return -1;
  }
  /// The logical dimension at this position in memory order; 0 is the outermost.
  constexpr int outer_dim(int at) const { return dim(layout_detail::lower(tag[at])); }

  /// The block size of logical dimension d, 1 if it is not blocked.
  constexpr index_t block(int d) const {
    index_t size = 1;
    for_each_block([&](index_t n, char c) {
      if (c == letter(d)) size = n;
    });
    return size;
  }
  /// The stride, in elements, of logical dimension d inside its block.
  constexpr index_t block_stride(int d) const {
    index_t stride = 1;
    bool behind = false;
    for_each_block([&](index_t n, char c) {
      if (behind) stride *= n;
      behind = behind || c == letter(d);
    });
    return stride;
  }
  /// The product of all block sizes.
  constexpr index_t block_size() const {
    index_t size = 1;
    for_each_block([&](index_t n, char) { size *= n; });
    return size;
  }
  /// True if no dimension is blocked.
  constexpr bool plain() const { return block_size() == 1; }

  friend constexpr bool operator==(const layout&, const layout&) = default;

 private:
  consteval void validate() const {
    if (rank() == 0) layout_detail::layout_tag_is_empty();
    if (rank() > max_rank) layout_detail::layout_tag_has_more_than_six_dimensions();
    int blocked = 0;
    for (int i = 0; i < rank(); ++i) {
      const char c = layout_detail::lower(tag[i]);
      if (layout_detail::logical_order.find(c) == std::string_view::npos)
        layout_detail::layout_tag_has_an_unknown_letter();
      if (place(c) != i) layout_detail::layout_tag_names_a_dimension_twice();
      blocked += layout_detail::is_upper(tag[i]);
    }
    char previous = '0';
    for (int i = rank(); tag[i] != 0; ++i) {
      if (!layout_detail::is_digit(tag[i]) && !layout_detail::is_digit(previous))
        layout_detail::layout_tag_has_an_outer_dimension_behind_a_block();
      previous = tag[i];
    }
    if (rank() < 23 && tag[rank()] != 0 && layout_detail::is_digit(previous))
      layout_detail::layout_tag_has_a_number_without_a_letter_behind_it();
    int blocks = 0;
    for_each_block([&](index_t n, char c) {
      if (n < 1 || n > 64) layout_detail::layout_tag_has_a_block_of_zero_or_above_64();
      if (place(c) < 0 || !layout_detail::is_upper(tag[place(c)]))
        layout_detail::layout_tag_blocks_a_dimension_that_is_not_upper_case();
      for_each_block([&, seen = 0](index_t, char other) mutable {
        seen += other == c;
        if (seen == 2) layout_detail::layout_tag_blocks_a_dimension_twice();
      });
      ++blocks;
    });
    if (blocks != blocked) layout_detail::layout_tag_lacks_the_block_of_an_upper_case_dimension();
  }
};

}  // namespace simdnn
