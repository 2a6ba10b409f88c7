// expect: static assertion failed
#include <simdnn/problem/fields.hpp>

struct scale_problem {
  simdnn::index_t batch = 1;
  simdnn::spatial size = {};
  double scale = 1;
  template <class F>
  static constexpr void fields(F&& f) {
    f(&scale_problem::batch, {.name = "batch"});
    f(&scale_problem::size, {.name = "size"});
  }
};
static_assert(simdnn::problems::members<scale_problem>() == 3);
static_assert(simdnn::problems::members<scale_problem>() ==
              simdnn::problems::listed<scale_problem>());
