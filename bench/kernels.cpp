// Compiled once per ISA, as are the runners and Eigen.
#include <bench/dots.hpp>
#include <bench/machine.hpp>
#include <bench/peers/peer.hpp>
#include <bench/runners.hpp>

namespace simdnn::bench {

std::span<const registered_operation> operations() {
  static constexpr registered_operation all[] = {
#define SIMDNN_OPERATION(name, ...) {name##_erased},
#include <operations.inc>
#undef SIMDNN_OPERATION
  };
  return all;
}

SIMDNN_ISA_TABLE(kernels) = {
    .fma_peak = fma_peak,
    .multiply_add = multiply_add,
    .multiply_add_flops = multiply_add_flops,
    .triad = triad,
    .sum = sum,
    .dots = dot4,
    .conv_algorithms = conv_algorithms,
    .conv = make_conv,
    .fixed_convs = fixed_convs,
    .fixed_conv = make_fixed_conv,
    .gemm_algorithms = gemm_algorithms,
    .gemm = make_gemm,
    .fixed_gemm = make_fixed_gemm,
    .inner_product_algorithms = inner_product_algorithms,
    .inner_product = make_inner_product,
    .random_conv_algorithms = random_conv_algorithms,
    .run_random_conv = run_random_conv,
    .random_gemm_algorithms = random_gemm_algorithms,
    .run_random_gemm = run_random_gemm,
    .random_inner_product_algorithms = random_inner_product_algorithms,
    .run_random_inner_product = run_random_inner_product,
    .operations = operations,
    .calls = calls,
    .increment = increment,
#if defined(SIMDNN_BENCH_EIGEN)
    .eigen_gemm = make_eigen_gemm,
#else
    .eigen_gemm = nullptr,
#endif
};

}  // namespace simdnn::bench
