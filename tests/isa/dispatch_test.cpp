#include <doctest/doctest.h>

#include <array>
#include <simdnn/isa/dispatch.hpp>
#include <simdnn/tensor/memory_pool.hpp>
#include <simdnn/trace/call_record.hpp>
#include <string>
#include <vector>

#include "isa/dispatch_kernels.hpp"

namespace isa = simdnn::isa;
using isa::id;
using simdnn::isa::detail::choose_table;
using simdnn::isa::detail::named_table;

namespace {

constexpr isa::compiled_table sse42{id::sse42, nullptr, nullptr},
    avx512{id::avx512, nullptr, nullptr};
constexpr std::array list_storage{&sse42, &avx512};
constexpr isa::compiled_tables two{list_storage};

}  // namespace

TEST_CASE("the best table that the CPU runs is chosen, at most the limit") {
  CHECK(choose_table(two, id::avx512, "").isa == id::avx512);
  CHECK(choose_table(two, id::avx2, "").isa == id::sse42);
  CHECK(choose_table(two, id::avx512, "sse42").isa == id::sse42);
  CHECK(choose_table(two, id::sse42, "avx512").isa == id::sse42);
}

TEST_CASE("a name that is unknown or not compiled gets an error that lists what is there") {
  CHECK_THROWS_WITH_AS(
      choose_table(two, id::avx512, "avx3"),
      "dispatch: SIMDNN_MAX_ISA: expected one that this program has (sse42, avx512), got \"avx3\"",
      simdnn::error);
  CHECK_THROWS_WITH_AS(
      choose_table(two, id::avx512, "avx2"),
      "dispatch: SIMDNN_MAX_ISA: expected one that this program has (sse42, avx512), got \"avx2\"",
      simdnn::error);
  CHECK_THROWS_WITH_AS(
      named_table(two, id::avx512, ""),
      "dispatch: isa: expected one that this program has (sse42, avx512), got \"\"", simdnn::error);
}

TEST_CASE("what this CPU cannot run is refused") {
  CHECK_THROWS_WITH_AS(choose_table(two, id::sse2, ""),
                       "dispatch: the CPU: expected one that runs an ISA of this program (sse42, "
                       "avx512), got one that runs sse2",
                       simdnn::error);
  CHECK_THROWS_WITH_AS(named_table(two, id::avx2, "avx512"),
                       "dispatch: isa: expected one that this CPU runs (sse42), got \"avx512\"",
                       simdnn::error);
}

TEST_CASE("every table of this program") {
  int tables = 0;
  for (const id i : {id::sse42, id::avx2, id::avx512}) {
    if (!isa::cpu_supports(i)) continue;
    ++tables;
    CAPTURE(isa::to_name(i));
    const auto k = isa::dispatch<tests::test_kernels>(isa::to_name(i));
    CHECK(k.isa() == i);
    CHECK(k->compiled_for() == i);
    CHECK(k->default_memory() == simdnn::default_memory());
    simdnn::set_default_memory(std::pmr::new_delete_resource());
    CHECK(k->default_memory() == std::pmr::new_delete_resource());
    simdnn::set_default_memory(nullptr);
    CHECK(k->default_memory() == simdnn::default_memory());
    CHECK(&k->default_pool() == &simdnn::default_pool());
    // Caught by its class and its base, though the object has typeinfo of its own.
    CHECK_THROWS_WITH_AS(k->fail(false), "fail: the kernel: expected success, got its failure",
                         simdnn::error);
    CHECK_THROWS_AS(k->fail(false), std::invalid_argument);
    CHECK_THROWS_AS(k->fail(true), tests::own_failure);
    CHECK(k->count() == 2);
    CHECK(k->count() == 4);
    // The hook is the program's.
    std::vector<std::string> isas;
    const simdnn::call_hook hook{
        [](const simdnn::call_record& call, void* data) {
          static_cast<std::vector<std::string>*>(data)->push_back(call.isa);
        },
        &isas};
    simdnn::tensor<float, "x"> x({3});
    CHECK(simdnn::set_call_hook(&hook) == nullptr);
    k->relu(x);
    CHECK(simdnn::set_call_hook(nullptr) == &hook);
    k->relu(x);
    CHECK(isas == std::vector<std::string>{k.name()});
  }
  CHECK(tables >= 1);
}

TEST_CASE("the table is also had as a plain reference") {
  const tests::test_kernels& k = isa::dispatch<tests::test_kernels>();
  CHECK(k.compiled_for() == isa::dispatch<tests::test_kernels>().isa());
}
