#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <simdnn/ops/activation.hpp>

#include "support/compare.hpp"
#include "support/random.hpp"

using namespace simdnn;

#if defined(_OPENMP)
namespace {

// What f() returns in a child process; -1 where that does not end within some seconds.
template <class F>
int in_child(F f) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(10);  // ends it
    _exit(f());
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("after a parallel loop the child of a fork computes the same, alone") {
  tensor<float, "x"> x({1 << 20}), y({1 << 20}), child_y({1 << 20});
  test::fill_random(x, 1);
  activation_forward(function::tanh{}, x, y, openmp{2});
  const auto compute = [&] {
    activation_forward(function::tanh{}, x, child_y, openmp{2});
    return openmp{2}.concurrency() == 1 && openmp{}.concurrency() == 1 &&
                   test::same_bits(y, child_y)
               ? 7
               : 1;
  };
  CHECK(in_child(compute) == 7);
  CHECK(in_child([&] { return in_child(compute); }) == 7);

  // The parent keeps its team.
  CHECK(openmp{2}.concurrency() == 2);
  activation_forward(function::tanh{}, x, child_y, openmp{2});
  CHECK(test::same_bits(y, child_y));
}
#endif
