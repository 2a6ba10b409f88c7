// What follows from the lists of fields, for every problem that has one.
#include <doctest/doctest.h>

#include <clocale>
#include <cmath>
#include <limits>
#include <locale>
#include <set>
#include <simdnn/ops/conv/problem.hpp>
#include <simdnn/ops/gemm/problem.hpp>
#include <simdnn/ops/inner_product/problem.hpp>
#include <simdnn/ops/lrn/problem.hpp>
#include <simdnn/ops/pooling/problem.hpp>
#include <simdnn/problem/random.hpp>
#include <unordered_map>
#include <vector>

#include "support/compare.hpp"
#include "support/random.hpp"

using namespace simdnn;

#define ALL_PROBLEMS conv_problem, pooling_problem, gemm_problem, inner_product_problem, lrn_problem

namespace {

template <class P>
P draw(test::random& r, const random_bounds& within = {}) {
  return random_problem<P>([&](index_t low, index_t high) { return r.integer(low, high); }, within);
}

/// The problem that a text stands for: with defaults written out if checked() does so.
template <class P>
void check_round_trip(const P& p) {
  const std::string text = p.str();
  CAPTURE(text);
  CHECK(P::parse(text) == p.checked());
  CHECK(P::parse(text).str() == text);
  std::string name;
  CHECK(P::parse(text + "_n\"layer:1*3\"", &name) == p.checked());
  CHECK(name == "layer:1*3");
}
template <>
void check_round_trip(const pooling_problem& p) {
  const std::string text = p.str();
  CAPTURE(text);
  for (const auto kind : {pooling_kind::max, p.kind})
    if (p.kind != pooling_kind::max || kind == p.kind)
      CHECK(pooling_problem::parse(text, kind) == p.checked());
  std::string name;
  pooling_problem::parse(text + "_n\"layer:1*3\"", p.kind, &name);
  CHECK(name == "layer:1*3");
}

template <class T>
T changed(const T& x) {
  if constexpr (std::is_same_v<T, spatial>) {
    spatial s = x.or_all(1, 0);
    ++s[s.rank - 1];
    return s;
  } else if constexpr (std::is_same_v<T, double>) {
    return std::nextafter(x, 1e9);
  } else {
    return static_cast<T>(static_cast<index_t>(x) + 1);
  }
}

/// The field with its numbers replaced; a spatial field that is empty stays so.
template <class T>
T filled(T x, double number) {
  if constexpr (std::is_same_v<T, spatial>)
    return spatial::all(x.rank, static_cast<index_t>(number));
  else if constexpr (std::is_same_v<T, double>)
    return number;
  else
    return static_cast<T>(static_cast<index_t>(number));
}

}  // namespace

TEST_CASE("names and keys of a list differ, and its defaults are the members'") {
  const auto check = []<class P>(P p) {
    std::set<std::string> names, keys;
    int keyless = 0;
    P::fields([&](auto member, const field& f) {
      CAPTURE(f.name);
      CHECK(names.insert(f.name).second);
      if (*f.key == '\0')
        ++keyless;
      else
        CHECK(keys.insert(f.key).second);
      const auto& x = p.*member;
      if constexpr (!std::is_same_v<decltype(x), const spatial&>)
        if (f.usual != field::none) CHECK(static_cast<double>(x) == f.usual);
    });
    CHECK(keyless == (std::is_same_v<P, gemm_problem> ? 3 : 0));
    CHECK(static_cast<int>(names.size()) == problems::members<P>());
  };
  check(conv_problem{});
  check(pooling_problem{});
  check(gemm_problem{});
  check(inner_product_problem{});
  CHECK(problems::members<conv_problem>() == 10);
  CHECK(problems::members<gemm_problem>() == 5);
}

TEST_CASE_TEMPLATE("random problems of every rank are printed and read back", P, ALL_PROBLEMS) {
  test::random r(1);
  int ranks[4] = {}, defaults = 0;
  for (int i = 0; i < 4000; ++i) {
    const P p = draw<P>(r);
    ++ranks[problems::rank_of(p)];
    defaults += p == P{};
    check_round_trip(p);
  }
  CHECK(defaults < 100);
  for (const int rank : {1, 2, 3}) {
    if (std::is_same_v<P, gemm_problem>) break;
    CHECK(ranks[rank] > 100);
  }
}

TEST_CASE("random problems use every field") {
  test::random r(2);
  int groups = 0, dilations = 0, ends = 0, negative_ends = 0, kinds[3] = {}, scaled = 0;
  for (int i = 0; i < 1000; ++i) {
    const conv_problem c = draw<conv_problem>(r).checked();
    groups += c.groups > 1;
    dilations += c.dilation != spatial::all(c.rank(), 1);
    ends += c.pad_end != c.pad;
    for (int d = 0; d < c.rank(); ++d) negative_ends += c.pad_end[d] < 0;
    ++kinds[static_cast<int>(draw<pooling_problem>(r).kind)];
    const gemm_problem g = draw<gemm_problem>(r);
    scaled += g.alpha != 1 && g.beta != 0;
  }
  for (const int count :
       {groups, dilations, ends, negative_ends, kinds[0], kinds[1], kinds[2], scaled})
    CHECK(count > 20);
}

TEST_CASE("random problems stay within bounds and follow from the generator alone") {
  const random_bounds within{.least = 2, .greatest = 5, .most_rank = 2};
  test::random r(3), same(3);
  for (int i = 0; i < 200; ++i) {
    const conv_problem p = draw<conv_problem>(r, within);
    CHECK(p == draw<conv_problem>(same, within));
    CHECK(p.rank() <= 2);
    for (int d = 0; d < p.rank(); ++d) CHECK((p.size[d] >= 2 && p.size[d] <= 5));
  }
  for (int i = 0; i < 100; ++i) {
    const pooling_problem p = draw<pooling_problem>(r, {.least = 4, .greatest = 9});
    CHECK((p.kind == pooling_kind::max || p.kind == pooling_kind::average_padded));
  }
  // No problem is legal within these bounds.
  const index_t large = index_t{1} << 40;
  CHECK(test::message([&] {
          draw<conv_problem>(r, {.least = large, .greatest = large});
        }).starts_with("conv_problem: size: expected each at most 2147483647, got"));
}

TEST_CASE("texts of default values") {
  CHECK(gemm_problem{.m = 2, .n = 3, .k = 4}.str() == "2x4:4x3");
  CHECK(gemm_problem{.m = 2, .n = 3, .k = 4, .alpha = 0.1, .beta = -1e-9}.str() ==
        "2x4:4x3_alpha0.1_beta-1e-09");
  const pooling_problem p{.size = {4}, .kernel = {2}};
  CHECK(p.str() == "mb1ic1iw4ow3kw2sw1pw0");
  pooling_problem average = p;
  average.kind = pooling_kind::average_padded;
  CHECK(average.str() == "mb1ic1iw4ow3kw2sw1pw0_alg2");
  // pad_end only where the sizes do not tell it.
  conv_problem c{.size = {10}, .kernel = {3}, .stride = {2}, .pad = {1}, .pad_end = {2}};
  CHECK(c.str() == "mb1ic1iw10oc1ow6kw3sw2pw1");
  c.pad_end = {0};
  CHECK(c.str() == "mb1ic1iw10oc1ow5kw3sw2pw1pew0");
  c.pad_end = {-2};
  CHECK(c.str() == "mb1ic1iw10oc1ow4kw3sw2pw1");
  c.pad_end = {-3};
  CHECK(c.str() == "mb1ic1iw10oc1ow3kw3sw2pw1pew-3");
}

TEST_CASE("decimals are read back to the last bit") {
  test::random r(4);
  std::vector<double> numbers = {0.1,   -0.0,    1e5,    1e-320,
                                 1e300, -2.5e-7, 1. / 3, 0x1.fffffffffffffp1023};
  for (int i = 0; i < 2000; ++i) {
    const double x = std::bit_cast<double>(r.bits());
    if (std::isfinite(x)) numbers.push_back(x);
  }
  for (const double x : numbers) {
    const gemm_problem p{.alpha = x, .beta = -x};
    const gemm_problem q = gemm_problem::parse(p.str());
    CHECK(q == p);
    if (x != 1 && x != 0) CHECK(std::signbit(q.alpha) == std::signbit(x));
  }
}

TEST_CASE("texts are the same in every locale") {
  struct comma : std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };
  const std::string c_locale = std::setlocale(LC_ALL, nullptr);
  const gemm_problem p{.m = 1234567, .alpha = 1234567.25};
  const auto check = [&] {
    CHECK(p.str() == "1234567x1:1x1_alpha1234567.25");
    CHECK(gemm_problem::parse(p.str()) == p);
  };
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new comma));
  check();
  std::locale::global(before);
  for (const char* const name : {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "German"})
    if (std::setlocale(LC_ALL, name) != nullptr) check();  // of those that are installed
  std::setlocale(LC_ALL, c_locale.c_str());
}

TEST_CASE_TEMPLATE("a bad field is named, with what is expected and what came", P, ALL_PROBLEMS) {
  test::random r(5);
  const P good = draw<P>(r, {.least = 1, .greatest = 6}).checked();
  int refused = 0;
  const auto check = [&](auto member, const field& f, bool less, double bound) {
    P bad = good;
    auto& x = bad.*member;
    x = filled(x, bound + (less ? -1 : 1));
    if (problems::text(x) == "none") return;
    constexpr bool is_spatial = std::is_same_v<decltype(x), spatial&>;
    ++refused;
    CHECK(test::message([&] { bad.checked("here"); }) ==
          "here: " + std::string(f.name) + ": expected " + (is_spatial ? "each " : "") + "at " +
              (less ? "least " : "most ") + std::to_string(static_cast<index_t>(bound)) + ", got " +
              problems::text(x));
  };
  P::fields([&](auto member, const field& f) {
    if (std::isfinite(f.least)) check(member, f, true, f.least);
    if (std::isfinite(f.greatest)) check(member, f, false, f.greatest);
    if constexpr (std::is_same_v<decltype(member), spatial P::*>)
      check(member, f, false, std::numeric_limits<std::int32_t>::max());
  });
  CHECK(refused >= 3);
}

TEST_CASE_TEMPLATE("a change of any field changes equality and hash", P, ALL_PROBLEMS) {
  test::random r(6);
  for (int i = 0; i < 200; ++i) {
    const P p = draw<P>(r);
    int changes = 0;
    P::fields([&](auto member, const field& f) {
      CAPTURE(f.name);
      P other = p;
      other.*member = changed(p.*member);
      ++changes;
      CHECK_FALSE(other == p);
      CHECK(hash_value(other) != hash_value(p));
      if constexpr (std::is_same_v<decltype(member), spatial P::*>)
        for (int d = 0; d < (p.*member).rank; ++d) {
          other = p;
          ++(other.*member)[d];
          CHECK_FALSE(other == p);
          CHECK(hash_value(other) != hash_value(p));
        }
    });
    CHECK(changes == problems::members<P>());
    CHECK(hash_value(P(p)) == hash_value(p));
  }
}

TEST_CASE("problems are keys of a hash table") {
  static_assert(hash_value(conv_problem{}) != hash_value(conv_problem{.in = 2}));
  CHECK(hash_value(gemm_problem{.beta = -0.0}) == hash_value(gemm_problem{}));
  CHECK(hash_value(conv_problem{.size = {1, 2}}) !=
        hash_value(conv_problem{.size = {1}, .kernel = {2}}));
  std::unordered_map<conv_problem, int, problem_hash> times;
  test::random r(7);
  std::vector<conv_problem> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.push_back(draw<conv_problem>(r));
    ++times[seen.back()];
  }
  int sum = 0;
  std::set<std::size_t> hashes;
  for (const auto& [p, count] : times) {
    sum += count;
    hashes.insert(hash_value(p));
  }
  CHECK(sum == 1000);
  CHECK(hashes.size() == times.size());
  for (const conv_problem& p : seen) CHECK(times.count(p) == 1);
}
