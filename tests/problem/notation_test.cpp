#include <doctest/doctest.h>

#include <simdnn/problem/notation.hpp>

#include "support/compare.hpp"

using namespace simdnn;

TEST_CASE("keys, numbers and a name") {
  notation t("mb8_ic64ih56_n\"resnet:conv*3\"", "op");
  CHECK(t.name() == "resnet:conv*3");
  CHECK(t.has("ic"));
  CHECK_FALSE(t.has("oc"));
  CHECK(t.take("mb", 2) == 8);
  CHECK(t.take("mb", 2) == 2);  // read
  CHECK(t.need("ic") == 64);
  CHECK(test::message([&] { t.need("oc"); }).find("it must say oc") != std::string::npos);
  CHECK(
      test::message([&] { t.finish(); }) ==
      "op: problem has 'ih' in 'mb8_ic64ih56_n\"resnet:conv*3\"', this operation has no such key");
}

TEST_CASE("what is no such text is an error") {
  const auto said = [](const char* text) { return test::message([&] { notation(text, "op"); }); };
  CHECK(said("mb8mb9") == "op: problem has 'mb' twice in 'mb8mb9', a key may occur once");
  CHECK(said("mb8ic") ==
        "op: problem cannot be read at 'ic', keys and numbers are expected, such as "
        "mb8ic64ih56oc64kh3ph1");
  CHECK(said("8ic3").find("cannot be read at '8ic3'") != std::string::npos);
  CHECK(said("mb99999999999999999999").find("cannot be read") != std::string::npos);
}

TEST_CASE("spatial numbers take their neighbours'") {
  const auto numbers = [](const char* text) {
    notation t(text, "op");
    return t.take_spatial(t.spatial_rank(), "k", 7);
  };
  CHECK(numbers("ih4") == spatial{7, 7});
  CHECK(numbers("kh3") == spatial{3, 3});
  CHECK(numbers("kh3kw5") == spatial{3, 5});
  CHECK(numbers("ih4kw5") == spatial{5, 5});
  CHECK(numbers("iw4kw5") == spatial{5});
  CHECK(numbers("kd2kh3") == spatial{2, 3, 3});
  CHECK(numbers("id8kh3") == spatial{3, 3, 3});
}

TEST_CASE("spatial values") {
  CHECK(spatial{}.empty());
  CHECK(spatial{3, 4}.str() == "3x4");
  CHECK(spatial::all(3, 2) == spatial{2, 2, 2});
  CHECK(spatial{}.or_all(2, 1) == spatial{1, 1});
  CHECK(spatial{5}.or_all(2, 1) == spatial{5});
  CHECK(test::message([] { spatial{1, 2, 3, 4}; }) == "spatial: rank is 4, at most 3 dimensions");
  CHECK(window_outputs(56, 3, 2, 1, 1, 1) == 28);
  CHECK(window_outputs(7, 3, 1, 0, 0, 3) == 1);
  CHECK(window_outputs(6, 3, 1, 0, 0, 3) == 0);
  CHECK(window_outputs(5, 5, 9, 0, 0, 1) == 1);
}
