#include <doctest/doctest.h>

#include <bench/shape_list.hpp>
#include <cstdio>
#include <fstream>

using namespace simdnn::bench;

TEST_CASE("names and multiplicities in all of benchdnn's spellings") {
  const auto check = [](std::string_view text, std::string_view shape, std::string_view name,
                        int times) {
    CAPTURE(text);
    const named_problem p = parse_named_problem(text);
    CHECK(p.text == shape);
    CHECK(p.name == name);
    CHECK(p.times == times);
  };
  check("mb8ic3ih224oc64oh112kh7sh2ph3n\"r:conv1\"", "mb8ic3ih224oc64oh112kh7sh2ph3", "r:conv1", 1);
  check(" mb8_ic64ih56_oc64oh56_kh3_ph1_n\"r:res2a*3\" ", "mb8_ic64ih56_oc64oh56_kh3_ph1",
        "r:res2a", 3);
  check("ic64ih56oc64oh56kh1n\"a b\"*12", "ic64ih56oc64oh56kh1", "a b", 12);
  check("ic64ih56oc64oh56kh1_n\"open*2", "ic64ih56oc64oh56kh1", "open", 2);
  check("ic64ih56oc64oh56kh1_nplain", "ic64ih56oc64oh56kh1", "plain", 1);
  check("64x32:32x16", "64x32:32x16", "64x32:32x16", 1);
  CHECK_THROWS_WITH(parse_named_problem("ic1n\"a*0\""),
                    doctest::Contains("expected a positive number"));
  CHECK_THROWS_WITH(parse_named_problem("ic1n\"a*b\""), doctest::Contains("\"b\""));
  CHECK_THROWS_WITH(parse_named_problem("ic1n\"a\"rest"),
                    doctest::Contains("nothing after the name"));
}

TEST_CASE("files: comments, empty lines, and where a fault stands") {
  const char* path = "shape_list_test.txt";
  std::ofstream(path) << "# head\n\nic1ih2oc3oh2kh1_n\"one\" # behind\r\n  ic4ih2oc3oh2kh1\n";
  const auto list = read_shape_file(path);
  REQUIRE(list.size() == 2);
  CHECK(list[0].name == "one");
  CHECK(list[1].text == "ic4ih2oc3oh2kh1");
  std::ofstream(path) << "ic1\n--reset\n";
  CHECK_THROWS_WITH(read_shape_file(path),
                    "shape_list_test.txt:2: expected a problem, got benchdnn's option --reset");
  std::remove(path);
  CHECK_THROWS_WITH(read_shape_file(path), doctest::Contains("cannot be opened"));
}
