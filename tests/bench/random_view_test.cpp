// random_view: the properties that checks of operations stand on.
#include <doctest/doctest.h>

#include <bench/split_mix.hpp>
#include <set>
#include <tests/support/random_view.hpp>

using simdnn::index_t;

namespace {

constexpr simdnn::layout layouts[] = {"nchw", "nhwc", "nChw4c", "nChw16c"};

template <class F>
void for_each_random_view(bool repeats, F f) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    simdnn::bench::split_mix random(seed);
    simdnn::shape s;
    for (int d = 0; d < 4; ++d) s.push_back(random.one_in(4) ? 1 : random.integer(1, 6));
    f(test::make_random_view(random.pick(layouts), s, random, {.repeats = repeats}));
  }
}

}  // namespace

TEST_CASE("no two elements of an operand that is written share memory, nor does the padding") {
  for_each_random_view(false, [](const test::random_view& v) {
    CAPTURE(v.str());
    std::set<index_t> seen;
    test::for_each_place(v, [&](index_t at) { seen.insert(at); });
    CHECK(static_cast<index_t>(seen.size()) == v.shape.elements());
    index_t whole = 1, used = 0;
    for (int d = 0; d < 4; ++d) whole *= (v.shape[d] + v.block[d] - 1) / v.block[d] * v.block[d];
    for (const test::place p : test::places(v)) used += p != test::place::outside;
    CHECK(used == whole);
  });
}

TEST_CASE("a view touches the end of its buffer that is guarded and stays inside") {
  for (const bool repeats : {false, true})
    for_each_random_view(repeats, [](const test::random_view& v) {
      CAPTURE(v.str());
      test::for_each_place(v, [&](index_t at) {
        CHECK(at >= 0);
        CHECK(at < v.elements);
      });
      const std::vector<test::place> places = test::places(v);
      CHECK((v.side == test::guard::before ? places.front() : places.back()) !=
            test::place::outside);
    });
}

TEST_CASE("every freedom is taken by some view") {
  bool negative = false, zero = false, stepped = false, cropped = false, permuted = false;
  for_each_random_view(true, [&](const test::random_view& v) {
    for (int d = 0; d < 4; ++d) {
      if (v.shape[d] <= v.block[d]) continue;
      negative = negative || v.strides[d] < 0;
      zero = zero || v.strides[d] == 0;
      stepped = stepped || (v.format == layouts[1] && d == 1 && v.strides[d] > 1);
    }
    cropped = cropped || test::places(v).front() == test::place::outside;
    permuted = permuted || (v.format == layouts[0] && v.shape[0] > 1 && v.shape[1] > 1 &&
                            v.strides[0] > 0 && v.strides[1] > v.strides[0]);
  });
  CHECK(negative);
  CHECK(zero);
  CHECK(stepped);
  CHECK(cropped);
  CHECK(permuted);
}

TEST_CASE("what is written elsewhere is found") {
  for_each_random_view(false, [](const test::random_view& v) {
    CAPTURE(v.str());
    const std::vector<test::place> places = test::places(v);
    std::vector<float> before(places.size(), 7), after(before);
    test::for_each_place(v, [&](index_t at) { after[static_cast<std::size_t>(at)] = 1; });
    CHECK(test::foreign_write(places, before.data(), after.data()) == -1);
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i] != test::place::outside) continue;
      after[i] = 8;
      CHECK(test::foreign_write(places, before.data(), after.data()) == static_cast<index_t>(i));
      break;
    }
  });
}

TEST_CASE("what is scattered is gathered") {
  for_each_random_view(false, [](const test::random_view& v) {
    CAPTURE(v.str());
    std::vector<float> dense(static_cast<std::size_t>(v.shape.elements()));
    for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = static_cast<float>(i);
    std::vector<float> buffer(static_cast<std::size_t>(v.elements));
    test::scatter(v, dense.data(), buffer.data());
    CHECK(test::gather(v, buffer.data()) == dense);
  });
}
