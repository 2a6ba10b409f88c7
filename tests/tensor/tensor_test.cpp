#include <doctest/doctest.h>

#include <cstdint>
#include <simdnn/tensor/tensor.hpp>
#include <vector>

#include "support/compare.hpp"
#include "support/random.hpp"

using namespace simdnn;

namespace {

// Counts, and refuses above a limit.
class counting : public std::pmr::memory_resource {
 public:
  index_t live = 0, calls = 0, limit = 1 << 20;

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    if (static_cast<index_t>(bytes) > limit) throw std::bad_alloc();
    ++live;
    ++calls;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t alignment) override {
    --live;
    std::pmr::new_delete_resource()->deallocate(p, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }
};

}  // namespace

TEST_CASE("new tensors are zero, aligned and take memory from their resource") {
  counting memory;
  {
    const tensor<float, "nChw16c"> x({2, 5, 3, 3}, &memory);
    CHECK(memory.live == 1);
    CHECK(x.elements() == 2 * 16 * 9);
    CHECK(reinterpret_cast<std::uintptr_t>(x.data()) % 64 == 0);
    for (index_t i = 0; i < x.elements(); ++i) CHECK(x.data()[i] == 0);
    const tensor<float, "nc"> empty({0, 5}, &memory);
    CHECK(memory.live == 1);
    CHECK(empty.data() == nullptr);
  }
  CHECK(memory.live == 0);
  CHECK_THROWS_AS((tensor<float, "ab">({1 << 10, 1 << 10}, &memory)), std::bad_alloc);
  CHECK(memory.live == 0);
  CHECK(test::message([] { tensor<float, "nchw">({1, 2}); }) ==
        "tensor: shape: expected 4 dimensions for layout nchw, got 1x2");
  CHECK(test::message([] {
          tensor<float, "ab">({index_t{1} << 32, index_t{1} << 32});
        }).find("expected a size below 2^63") != std::string::npos);
}

TEST_CASE("copies are deep, moves take the memory along") {
  counting memory;
  {
    tensor<double, "nc"> x({3, 5}, &memory);
    test::fill_random(x, 1);
    tensor<double, "nc"> y = x;
    CHECK(test::same_bits(x, y));
    y(1, 1) = 9;
    CHECK(x(1, 1) != 9);
    const double* data = y.data();
    tensor<double, "nc"> z = std::move(y);
    CHECK(z.data() == data);
    CHECK(memory.live == 2);
    x = z;
    CHECK(test::same_bits(x, z));
    CHECK(memory.live == 2);
    x = std::move(z);
    CHECK(x.data() == data);
    x = tensor<double, "nc">();
    CHECK(x.data() == nullptr);
  }
  CHECK(memory.live == 0);
}

TEST_CASE("an empty tensor is copied, moved from and assigned to as any other") {
  using row = tensor<float, "x">;
  const auto check_empty = [](const row& x) {
    CHECK(x.shape() == shape{});
    CHECK(x.elements() == 0);
    CHECK(x.data() == nullptr);
    CHECK(x.as_view().data() == nullptr);
  };
  const row none;
  row copy = none;
  check_empty(copy);
  copy = none;
  check_empty(copy);

  row x(shape{3});
  x(1) = 5;
  std::vector<row> some(3);
  some[1] = x;
  const std::vector<row> others = some;
  check_empty(others[0]);
  CHECK(test::same_bits(others[1], x));
  check_empty(others[2]);
  some.resize(100);  // moves or copies them all
  CHECK(test::same_bits(some[1], x));

  row moved = std::move(x);
  check_empty(x);  // NOLINT: what it is after the move
  row again = x;
  check_empty(again);
  x = moved;
  CHECK(test::same_bits(x, moved));
  x = none;
  check_empty(x);
}

TEST_CASE("a tensor is a view") {
  tensor<float, "nchw"> x({2, 3, 4, 5});
  const view<float, "nchw"> v = x;
  const view<const float, "nchw"> c = x;
  v(1, 2, 3, 4) = 6;
  CHECK(x(1, 2, 3, 4) == 6);
  CHECK(c(1, 2, 3, 4) == 6);
  CHECK(x.part(1, 2, 1)(1, 0, 3, 4) == 6);
  CHECK(x.size('h') == 4);
  const auto& constant = x;
  static_assert(std::is_same_v<decltype(constant.as_view()), view<const float, "nchw">>);
  static_assert(std::is_same_v<decltype(constant.part(0, 0, 1)), view<const float, "nchw">>);
}

TEST_CASE("the default resource can be replaced") {
  counting memory;
  set_default_memory(&memory);
  {
    const tensor<float, "x"> x(shape{10});
    CHECK(memory.live == 1);
    set_default_memory(nullptr);
    const tensor<float, "x"> y(shape{10});
    CHECK(memory.calls == 1);
  }
  CHECK(memory.live == 0);
  CHECK(default_memory() != &memory);
}
