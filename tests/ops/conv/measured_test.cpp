// policy.measured in the plans of all passes; what it does in general is in tuning_cache_test.cpp.
#include <doctest/doctest.h>

#include <simdnn/ops/conv.hpp>
#include <simdnn/plan/tuning_cache.hpp>

#include "support/compare.hpp"
#include "support/random.hpp"
#include "support/threads.hpp"

using namespace simdnn;

namespace {

const conv_problem problem = conv_problem::parse("mb1ic20ih9oc24kh1ph0");

// The key of an entry for one thread.
std::string key(const std::string& op, const std::string& types) {
  return op + " " + types + " " + isa::native::name + " " + problem.str() + " threads=1 normal own";
}

template <class Plan>
void check(const std::string& op, const std::string& types, const conv::query& query) {
  CAPTURE(op);
  tuning_cache cache;
  const policy wanted{.measured = &cache, .executor = serial{}};
  const std::string first = Plan(problem, wanted).algorithm_name();
  CHECK(cache.measured() == 1);
  CHECK(cache.entries() == std::map<std::string, std::string>{{key(op, types), first}});
  CHECK(Plan(problem, wanted).algorithm_name() == first);
  CHECK(cache.measured() == 1);
  // What an entry says is taken, whatever would be faster, where the choice by cost could take it.
  int taken = 0;
  Plan::algorithm_list::for_each([&]<class Algorithm>() {
    const std::string name = Algorithm::name;
    CAPTURE(name);
    const bool eligible = Algorithm::automatic && Algorithm::refuses(query) == nullptr;
    tuning_cache other;
    other.keep(key(op, types), name);
    const std::string chosen =
        Plan(problem, {.measured = &other, .executor = serial{}}).algorithm_name();
    CHECK((chosen == name) == eligible);
    CHECK(other.measured() == (eligible ? 1 : 2));
    const Plan named(problem, {.algorithm = "reference", .measured = &other});
    CHECK(named.algorithm_name() == std::string("reference"));
    taken += eligible;
  });
  CHECK(taken >= 2);
  CHECK(Plan(problem, {.measured = &cache, .executor = test::threads{2}}).algorithm_name() !=
        std::string("reference"));
  CHECK(cache.measured() == 2);
}

}  // namespace

TEST_CASE("conv: a measured policy, all passes") {
  check<conv_plan<float, "nChw16c">>(
      "conv_forward", "float nChw16c nChw16c",
      conv::make_query<"nChw16c", "nChw16c">(problem, direction::forward, accuracy::normal));
  check<conv_plan<double, "nhwc", "nchw">>(
      "conv_forward", "double nhwc nchw",
      conv::make_query<"nhwc", "nchw">(problem, direction::forward, accuracy::normal));
  check<conv_backward_data_plan<float, "nChw16c">>(
      "conv_backward_data", "float nChw16c nChw16c",
      conv::make_query<"nChw16c", "nChw16c">(problem, direction::backward_data, accuracy::normal));
  check<conv_backward_weights_plan<float, "nchw">>(
      "conv_backward_weights", "float nchw nchw x",
      conv::make_query<"nchw", "nchw">(problem, direction::backward_weights, accuracy::normal));
}

TEST_CASE("conv: an empty batch and one dimension can be measured, errors stay what they are") {
  tuning_cache cache;
  const policy wanted{.measured = &cache, .executor = serial{}};
  const conv_problem empty = conv_problem::parse("mb0ic8ih6oc8kh3ph1"),
                     line = conv_problem::parse("mb1ic8iw9oc8kw3pw1");
  const conv_plan<float, "nchw"> plan(empty, wanted);
  const conv_plan<float, "nwc"> flat(line, wanted);
  const auto x = test::random_tensor<float, "nwc">(line.src_shape(), 1);
  const auto w = test::random_tensor<float, "oiw">(line.weights_shape(), 2);
  tensor<float, "nwc"> y(line.dst_shape()), reference(line.dst_shape());
  flat(x, flat.pack(w), y);
  conv_forward(line, x, w, reference, post::none{}, policy{.algorithm = "reference"});
  CHECK(test::difference(y, reference, 24, 3) == "");
  CHECK(cache.measured() == 2);
  CHECK(test::message([&] {
          conv_plan<float, "nchw">({.in = 0, .size = {3, 3}, .kernel = {1, 1}}, wanted);
        }) == "conv_forward: in: expected at least 1, got 0");
}
