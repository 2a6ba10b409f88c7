#include "dispatch_kernels.hpp"

#include <memory>
#include <simdnn/ops/activation.hpp>
#include <simdnn/tensor/memory_pool.hpp>

namespace tests {
namespace {

simdnn::isa::id compiled_for() { return simdnn::isa::native::value; }

std::pmr::memory_resource* default_memory() { return simdnn::default_memory(); }

void fail(bool own_class) {
  if (own_class) throw own_failure{};
  throw simdnn::error("fail", "the kernel", "success", "its failure");
}

int count() {
  static const auto shared = std::make_shared<int>(0);
  thread_local auto own = std::make_unique<int>(0);
  ++*own;
  return *own + ++*shared;
}

void relu(simdnn::tensor<float, "x">& x) {
  simdnn::activation_forward(simdnn::function::relu{}, x, x);
}

}  // namespace

SIMDNN_ISA_TABLE(test_kernels) = {.compiled_for = compiled_for,
                                  .default_memory = default_memory,
                                  .default_pool = simdnn::default_pool,
                                  .fail = fail,
                                  .count = count,
                                  .relu = relu};

}  // namespace tests
