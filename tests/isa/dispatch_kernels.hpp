// What tests/isa/dispatch_test.cpp calls inside the localised objects.
#pragma once

#include <memory_resource>
#include <simdnn/isa/dispatch.hpp>
#include <simdnn/tensor/tensor.hpp>

namespace tests {

struct test_kernels {
  /// The ISA that the unit was compiled for.
  simdnn::isa::id (*compiled_for)();
  /// The default resource and pool that the unit sees.
  std::pmr::memory_resource* (*default_memory)();
  simdnn::memory_pool& (*default_pool)();
  /// Throws simdnn::error, or a class that only this header defines.
  void (*fail)(bool own_class);
  /// A thread-local and a static counter with constructors and destructors: one more on each call.
  int (*count)();
  /// An operation of the library, which reports its call.
  void (*relu)(simdnn::tensor<float, "x">&);
};
SIMDNN_ISA_VARIANTS(test_kernels)

struct own_failure {
  virtual ~own_failure() = default;
  int code = 7;
};

}  // namespace tests
