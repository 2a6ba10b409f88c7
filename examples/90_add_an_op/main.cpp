// Every algorithm of prelu against the reference, on shapes that leave tails. In the library this is
// tests/ops/prelu/prelu_test.cpp, compiled once per ISA, which besides asks for gradients, the same
// bits on every number of threads, guarded pages and the texts of errors: see tests/ops/activation.
#include <cmath>
#include <cstdio>
#include <simdnn/tensor/tensor.hpp>

#include "prelu.hpp"

namespace dnn = simdnn;

namespace {

template <class T>
int failures(const dnn::prelu_problem& p) {
  dnn::tensor<T, "nc"> x(p.src_shape()), expected(p.src_shape());
  dnn::tensor<T, "x"> slope(p.slope_shape());
  for (dnn::index_t i = 0; i < x.elements(); ++i) x.data()[i] = static_cast<T>(std::sin(i));
  for (dnn::index_t i = 0; i < slope.elements(); ++i) slope.data()[i] = static_cast<T>(0.01 * i);
  dnn::prelu_forward(p, x, slope, expected, {.algorithm = "reference"});

  int failed = 0;
  dnn::prelu_plan<T>::algorithm_list::for_each([&]<class Algorithm>() {
    dnn::tensor<T, "nc"> y(p.src_shape());
    dnn::prelu_forward(p, x, slope, y, {.algorithm = Algorithm::name});
    // One rounded product, in the reference and in a vector alike.
    bool same = true;
    for (dnn::index_t i = 0; i < y.elements(); ++i) same &= y.data()[i] == expected.data()[i];
    std::printf("%s %s %s: %s\n", sizeof(T) == 4 ? "float" : "double", p.str().c_str(),
                Algorithm::name, same ? "ok" : "WRONG");
    failed += !same;
  });
  return failed;
}

// dst is dimensioned for another problem.
int bad_input_is_accepted() {
  dnn::tensor<float, "nc"> x({2, 3}), y({2, 4});
  dnn::tensor<float, "x"> slope(dnn::shape{3});
  try {
    dnn::prelu_forward({.batch = 2, .channels = 3}, x, slope, y);
  } catch (const dnn::error& e) {
    std::printf("%s\n", e.what());
    return 0;
  }
  return 1;
}

}  // namespace

int main() {
  int failed = bad_input_is_accepted();
  for (const dnn::prelu_problem& p : {dnn::prelu_problem{.batch = 1, .channels = 1},
                                      {.batch = 3, .channels = 16},
                                      {.batch = 5, .channels = 37},
                                      {.batch = 0, .channels = 4}})
    failed += failures<float>(p) + failures<double>(p);
  return failed == 0 ? 0 : 1;
}
