#include <doctest/doctest.h>

#include <simdnn/plan/select.hpp>

#include "support/compare.hpp"

using namespace simdnn;

namespace {

// A query is a size here.
struct small {
  static constexpr const char* name = "small";
  static constexpr bool automatic = true;
  static const char* refuses(int size) { return size > 10 ? "sizes above 10" : nullptr; }
  static double cost(int size) { return size; }
  explicit small(int) {}
};
struct large {
  static constexpr const char* name = "large";
  static constexpr bool automatic = true;
  static const char* refuses(int size) { return size > 100 ? "sizes above 100" : nullptr; }
  static double cost(int) { return 5; }
  explicit large(int) {}
};
struct reference : large {
  static constexpr const char* name = "reference";
  static constexpr bool automatic = false;
  static const char* refuses(int) { return nullptr; }
  static double cost(int) { return 0; }
  using large::large;
};
struct onednn : reference {
  static constexpr const char* name = "onednn";
  using reference::reference;
};
using all = algorithms<reference, small, large, onednn>;

std::string chosen(int size, const policy& p = {}) {
  const chosen_algorithm c = all::choose(size, p, "op");
  const std::string name = all::visit(c, [](const auto& a) { return std::string(a.name); });
  CHECK(name == c.name());
  return name;
}
std::string refusal(int size, const policy& p = {}) {
  return test::message([&] { all::choose(size, p, "op"); });
}

}  // namespace

TEST_CASE("the cheapest automatic algorithm that does not refuse") {
  CHECK(chosen(3) == "small");
  CHECK(chosen(7) == "large");
  CHECK(chosen(50) == "large");
  CHECK(refusal(500) ==
        "op: problem: expected one that an algorithm takes, got refusals by small (sizes above "
        "10), large (sizes above 100)");
  CHECK(all::names() == std::vector<std::string>{"reference", "small", "large", "onednn"});
}

TEST_CASE("a policy names one, or allows oneDNN") {
  CHECK(chosen(3, {.algorithm = "large"}) == "large");
  CHECK(chosen(500, {.algorithm = "reference"}) == "reference");
  CHECK(chosen(3, {.allow_onednn = true}) == "onednn");
  CHECK(refusal(50, {.algorithm = "small"}) ==
        "op: policy.algorithm: expected an algorithm that takes the problem, got 'small' (sizes "
        "above 10)");
  CHECK(refusal(3, {.algorithm = "fast"}) ==
        "op: policy.algorithm: expected one of reference, small, large, onednn, got 'fast'");
}
