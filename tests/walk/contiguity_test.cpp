#include <doctest/doctest.h>

#include <simdnn/walk/contiguity.hpp>

using simdnn::adjacent;
using simdnn::contiguity;
using simdnn::contiguity_of;

TEST_CASE("what a layout makes contiguous") {
  CHECK(contiguity_of("nc") == contiguity::channels);
  CHECK(contiguity_of("nhwc") == contiguity::channels);
  CHECK(contiguity_of("nChw16c") == contiguity::channels);
  CHECK(contiguity_of("nCdhw8c") == contiguity::channels);
  CHECK(contiguity_of("nchw") == contiguity::pixels);
  CHECK(contiguity_of("cn") == contiguity::pixels);
  CHECK(contiguity_of("chwn") == contiguity::pixels);
  CHECK(contiguity_of("Nchw8n") == contiguity::any);
  CHECK(contiguity_of("NChw8n8c") == contiguity::any);
  CHECK(contiguity_of("OIhw16i16o") == contiguity::any);
}

TEST_CASE("elements are adjacent if no stride is taken, or stride 1") {
  CHECK(adjacent(5, 1));
  CHECK(adjacent(1, 7));
  CHECK(adjacent(0, 7));
  CHECK(!adjacent(2, 7));
  CHECK(!adjacent(2, 0));
}
