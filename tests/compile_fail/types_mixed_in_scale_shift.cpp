// expect: post::scale_shift takes two tensor<T, "x">
#include <simdnn/epilogue/post_op.hpp>
#include <simdnn/tensor/tensor.hpp>

auto f(const simdnn::tensor<float, "x">& scale, const simdnn::tensor<double, "x">& shift) {
  return simdnn::post::scale_shift(scale, shift);
}
