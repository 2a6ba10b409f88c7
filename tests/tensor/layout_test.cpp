#include <doctest/doctest.h>

#include <simdnn/tensor/layout.hpp>

using simdnn::layout;

namespace {

constexpr layout plain = "nchw", last = "nhwc", blocked = "nChw16c", weights = "OIhw16i8o",
                 volume = "ncdhw";

// Everything at compile time.
static_assert(plain.rank() == 4 && blocked.rank() == 4 && volume.rank() == 5 &&
              layout("x").rank() == 1);
static_assert(last.letter(0) == 'n' && last.letter(1) == 'c' && last.letter(2) == 'h' &&
              last.letter(3) == 'w');
static_assert(last.letter(4) == 0);
static_assert(last.dim('c') == 1 && last.dim('d') == -1);
static_assert(last.outer_dim(0) == 0 && last.outer_dim(1) == 2 && last.outer_dim(3) == 1);
static_assert(plain.plain() && !blocked.plain());
static_assert(blocked.block(1) == 16 && blocked.block(0) == 1 && blocked.block_stride(1) == 1);
static_assert(blocked.block_size() == 16 && plain.block_size() == 1);
// Logical order o, i whatever the tag's: i's block stands outside o's.
static_assert(weights.dim('o') == 0 && weights.dim('i') == 1);
static_assert(weights.block(0) == 8 && weights.block(1) == 16);
static_assert(weights.block_stride(0) == 1 && weights.block_stride(1) == 8);
static_assert(weights.block_size() == 128);
static_assert(plain == layout("nchw") && plain != last);

template <layout L>
struct keyed {};
static_assert(std::is_same_v<keyed<"nchw">, keyed<layout("nchw")>>);
static_assert(!std::is_same_v<keyed<"nchw">, keyed<"nhwc">>);

}  // namespace

TEST_CASE("tags read back as text") {
  CHECK(blocked.text() == "nChw16c");
  CHECK(layout("tnc").text() == "tnc");
}

TEST_CASE("sequences and matrices have the order of the math") {
  constexpr layout tnc = "tnc", ba = "ba";
  CHECK(tnc.letter(0) == 't');
  CHECK(tnc.letter(1) == 'n');
  CHECK(tnc.letter(2) == 'c');
  CHECK(ba.letter(0) == 'a');
  CHECK(ba.outer_dim(0) == 1);
}
