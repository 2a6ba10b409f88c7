// The warning of calls that use more threads than the process may use CPUs. The number of CPUs is
// set here, so that the test does not depend on the machine.
#include <doctest/doctest.h>

#include <simdnn/ops/activation.hpp>
#include <simdnn/trace/chrome_trace.hpp>
#include <string>
#include <vector>

#include "support/threads.hpp"

using namespace simdnn;

namespace {

std::vector<std::string> events;
void called(const call_record&, void*) { events.push_back("call"); }
void warned(const char* text, void*) { events.push_back(text); }

void call(const executor_ref& executor, index_t size = 100) {
  tensor<float, "x"> x({size}), y({size});
  activation_forward(function::relu{}, x, y, executor);
}
std::vector<std::string> take() { return std::exchange(events, {}); }

using list = std::vector<std::string>;
const std::string warning =
    "simdnn: warning: activation_forward: expected at most 2 threads, the CPUs that this process "
    "may use, got 3";

}  // namespace

TEST_CASE("the first call with too many threads that a listener hears is reported, and no other") {
  isa::program().usable_cpus = 2;
  call(test::threads{3});  // nobody listens: the warning is kept for later
  const call_hook deaf{called};
  set_call_hook(&deaf);
  call(test::threads{3});
  CHECK(take() == list{"call"});

  const call_hook hook{called, nullptr, warned};
  set_call_hook(&hook);
  call(test::threads{2});
  call(serial{});
  CHECK(take() == list{"call", "call"});
  {
    const chrome_trace trace;  // passes it on
    call(test::threads{3});
  }
  CHECK(take() == list{warning, "call"});
  call(test::threads{3});
  call(test::threads{8});
  CHECK(take() == list{"call", "call"});
  set_call_hook(nullptr);
}

TEST_CASE("a call that stays in the calling thread is not reported") {
  isa::program().usable_cpus = 1;
  isa::program().oversubscribed = false;
  const call_hook hook{called, nullptr, warned};
  set_call_hook(&hook);
  struct large_grain : test::threads {
    double grain = 1e9;
  };
  call(large_grain{{3}});
  CHECK(take() == list{"call"});
  call(test::threads{3});
  CHECK(take().size() == 2);
  set_call_hook(nullptr);
}
