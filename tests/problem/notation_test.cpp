#include <doctest/doctest.h>

#include <simdnn/problem/notation.hpp>
#include <simdnn/problem/window.hpp>

#include "support/compare.hpp"

using namespace simdnn;

TEST_CASE("keys, numbers and a name") {
  notation t("mb8_ic64ih56_n\"resnet:conv*3\"", "op");
  CHECK(t.name() == "resnet:conv*3");
  CHECK(t.has("ic"));
  CHECK_FALSE(t.has("oc"));
  CHECK(t.take("mb", 2) == 8);
  CHECK(t.take("mb", 2) == 2);  // read
  t.need("ic");
  CHECK(t.take("ic", 2) == 64);
  CHECK(test::message([&] { t.need("oc"); }) ==
        "op: problem: expected the key oc, got 'mb8_ic64ih56_n\"resnet:conv*3\"'");
  CHECK(test::message([&] { t.finish(); }) ==
        "op: problem: expected keys of this operation, got 'ih' in "
        "'mb8_ic64ih56_n\"resnet:conv*3\"'");
}

TEST_CASE("what is no such text is an error") {
  const auto said = [](const char* text) { return test::message([&] { notation(text, "op"); }); };
  CHECK(said("mb8mb9") == "op: problem: expected each key once, got 'mb' twice in 'mb8mb9'");
  CHECK(said("mb8ic") ==
        "op: problem: expected keys and numbers such as mb8ic64ih56oc64kh3ph1, got 'ic'");
  for (const char* bad :
       {"8ic3", "mb-", "mb+1", "mbinf", "alpha-inf", "mb.5", "mb1,5", "mb 1", "MB1"})
    CHECK(said(bad).starts_with("op: problem: expected keys and numbers such as "));
}

TEST_CASE("whole and decimal numbers, with signs") {
  notation t("a-3b0.5c1e-05d-2.5e+3eps1alpha7", "op");
  CHECK(t.take("a", 0) == -3);
  CHECK(t.take_decimal("b", 0) == 0.5);
  CHECK(t.take_decimal("c", 0) == 1e-5);
  CHECK(t.take_decimal("d", 0) == -2500);
  CHECK(t.take("eps", 0) == 1);
  CHECK(t.take_decimal("alpha", 0) == 7);
  CHECK(t.take_decimal("alpha", 4.5) == 4.5);  // read
  t.finish();
  const auto whole = [](const char* text) {
    return test::message([&] { notation(text, "op").take("mb", 0); });
  };
  CHECK(whole("mb1.5") == "op: problem: expected a whole number below 2^63 after mb, got '1.5'");
  CHECK(whole("mb9223372036854775807") == "no error");
  CHECK(whole("mb99999999999999999999") ==
        "op: problem: expected a whole number below 2^63 after mb, got '99999999999999999999'");
}

TEST_CASE("spatial numbers take their neighbours'") {
  const auto numbers = [](const char* text) {
    notation t(text, "op");
    return t.take_spatial(t.spatial_rank(), "k");
  };
  CHECK(numbers("ih4") == spatial{});
  CHECK(numbers("kc4kx5k6") == spatial{});  // the letter, then exactly d, h or w
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
  CHECK(spatial{5, 6}.at(1, 7) == 6);
  CHECK(spatial{}.at(1, 7) == 7);
  CHECK(joined({1, 2}, {3, 4}) == shape{1, 2, 3, 4});
  CHECK(test::message([] { spatial{1, 2, 3, 4}; }) ==
        "spatial: rank: expected at most 3 dimensions, got 4");
  CHECK(window_outputs(56, 3, 2, 1, 1, 1) == 28);
  CHECK(window_outputs(7, 3, 1, 0, 0, 3) == 1);
  CHECK(window_outputs(6, 3, 1, 0, 0, 3) == 0);
  CHECK(window_outputs(5, 5, 9, 0, 0, 1) == 1);
}
