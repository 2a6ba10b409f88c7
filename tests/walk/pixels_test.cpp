#include <doctest/doctest.h>

#include <algorithm>
#include <mutex>
#include <simdnn/tensor/tensor.hpp>
#include <simdnn/walk/pixels.hpp>
#include <utility>
#include <vector>

#include "support/elements.hpp"
#include "support/threads.hpp"

using namespace simdnn;

namespace {

using V = vec<float, isa::native>;
using pieces = std::vector<std::pair<index_t, index_t>>;

template <layout L>
std::vector<index_t> offsets_of_elements(const view<float, L>& v) {
  std::vector<index_t> all;
  test::for_each_index(v.shape(), [&](const test::index& i) { all.push_back(v.offset(i)); });
  std::sort(all.begin(), all.end());
  return all;
}

template <layout L>
pieces pieces_of(const pixel_walk<L>& walk, executor_ref executor) {
  pieces all;
  std::mutex mutex;
  walk.for_each(executor, [&](index_t at, index_t n) {
    const std::scoped_lock lock(mutex);
    all.emplace_back(at, n);
  });
  std::sort(all.begin(), all.end());
  return all;
}

template <layout L>
void check_walk(const view<float, L>& v) {
  CAPTURE(std::string(L.text()));
  CAPTURE(v.shape().str());
  const pixel_walk walk(v);
  const channel_runs& channels = walk.channels();
  CHECK(walk.count() * v.size('c') == v.shape().elements());

  // Pixels in their order, by units and one by one.
  std::vector<index_t> from_units, from_vectors;
  index_t pixel = 0;
  for (index_t i = 0; i < walk.units(); ++i) {
    const auto [at, n] = walk.unit(i);
    CHECK(n >= 1);
    CHECK((walk.contiguous == contiguity::pixels || n == 1));
    for (index_t p = 0; p < n; ++p) {
      CHECK(walk.offset(pixel++) == at + p);
      for (index_t c = 0; c < v.size('c'); ++c) from_units.push_back(at + p + channels.offset(c));
      channels.for_each_vector<V>([&](index_t start, auto lanes) {
        for (index_t l = 0; l < lanes; ++l) from_vectors.push_back(at + p + start + l);
      });
    }
  }
  CHECK(pixel == walk.count());
  std::sort(from_units.begin(), from_units.end());
  std::sort(from_vectors.begin(), from_vectors.end());
  const std::vector<index_t> elements = offsets_of_elements(v);
  CHECK((from_units == elements));
  CHECK((from_vectors == elements));

  const pieces serially = pieces_of(walk, serial{});
  CHECK(static_cast<index_t>(serially.size()) == walk.units());
  test::for_each_team([&](test::threads team) { CHECK((pieces_of(walk, team) == serially)); });
}

template <layout L>
void check_tensor(const shape& s) {
  check_walk<L>(tensor<float, L>(s).as_view());
}

}  // namespace

TEST_CASE("every element of every layout is reached once, by the same units for all threads") {
  check_tensor<"nc">({3, 21});
  check_tensor<"cn">({70, 5});
  check_tensor<"nchw">({2, 5, 3, 4});
  check_tensor<"nchw">({1, 2, 9, 15});
  check_tensor<"nhwc">({2, 21, 3, 4});
  check_tensor<"chwn">({67, 3, 2, 1});
  check_tensor<"nChw16c">({2, 37, 3, 2});
  check_tensor<"nChw16c">({2, 3, 1, 2});
  check_tensor<"nCdhw8c">({1, 16, 2, 3, 2});
  check_tensor<"ncdhw">({2, 3, 2, 3, 2});
  check_tensor<"nchw">({0, 5, 3, 4});
  check_tensor<"nhwc">({2, 5, 0, 4});
}

TEST_CASE("parts of tensors") {
  tensor<float, "nchw"> plain({2, 5, 6, 7});
  check_walk<"nchw">(plain.as_view().part(1, 1, 3));
  check_walk<"nchw">(plain.as_view().part(2, 1, 4));
  check_walk<"nchw">(plain.as_view().part(3, 2, 3));
  tensor<float, "nhwc"> last({2, 21, 3, 4});
  check_walk<"nhwc">(last.as_view().part(1, 2, 17));
  tensor<float, "nChw16c"> blocked({2, 70, 3, 4});
  check_walk<"nChw16c">(blocked.as_view().part(1, 16, 54));
  check_walk<"nChw16c">(blocked.as_view().part(3, 1, 2));
}

TEST_CASE("the padding after the last channel is zeroed, and nothing else") {
  tensor<float, "nChw8c"> x({1, 19, 2, 2});
  std::fill_n(x.data(), x.elements(), 7.f);
  const pixel_walk walk(x.as_view());
  walk.channels().zero_padding(x.data() + walk.offset(2));
  index_t zeros = 0;
  for (index_t i = 0; i < x.elements(); ++i) zeros += x.data()[i] == 0;
  CHECK(zeros == 5);
  const float* last = x.data() + walk.offset(2) + walk.channels().offset(18);
  CHECK(last[0] == 7);
  for (int i = 1; i <= 5; ++i) CHECK(last[i] == 0);

  tensor<float, "nchw"> plain({1, 3, 2, 2});
  std::fill_n(plain.data(), plain.elements(), 7.f);
  pixel_walk(plain.as_view()).channels().zero_padding(plain.data());
  CHECK(std::count(plain.data(), plain.data() + plain.elements(), 7.f) == plain.elements());
}
