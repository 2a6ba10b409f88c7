// Tasks, and runners, which are implementations of tasks: the types that simdnn's side, its peers
// and the reference share. From simdnn it uses only isa/tag.hpp, the names of instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <simdnn/isa/tag.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace simdnn::bench {

using dims = std::vector<std::int64_t>;

/// benchdnn's names: forward for inference and for training, and the two gradients.
enum class direction { fwd_i, fwd_t, bwd_d, bwd_w };

constexpr bool is_forward(direction d) { return d == direction::fwd_i || d == direction::fwd_t; }

struct kernels;

/// An allocator that makes the operands of all sides start at a cache line.
template <class T>
struct line_aligned {
  using value_type = T;
  line_aligned() = default;
  template <class U>
  line_aligned(const line_aligned<U>&) {}  // NOLINT: as allocators must
  T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(64)));
  }
  void deallocate(T* p, std::size_t) { ::operator delete(p, std::align_val_t(64)); }
  friend bool operator==(const line_aligned&, const line_aligned&) { return true; }
};
using floats = std::vector<float, line_aligned<float>>;

/// The conditions under which an implementation runs.
struct conditions {
  int threads = 1;
  isa::id isa = isa::id::sse2;    // the best instruction set it may use
  const kernels* code = nullptr;  // the functions compiled for it
};

/// A convolution on dense operands: src and dst n c [d] [h] w, weights o i [d] [h] w with i per
/// group.
struct conv_task {
  direction dir = direction::fwd_i;
  dims src, weights, dst;
  std::int64_t groups = 1;
  dims stride, dilation, pad, pad_end;  // one number per spatial dimension; dilation 0 is none
  bool with_bias = false, with_relu = false;  // fused, forward only
  const float* src_data = nullptr;
  const float* weights_data = nullptr;
  const float* bias_data = nullptr;
  const float* diff_dst_data = nullptr;  // read by the backward directions, shaped as dst

  /// The sizes of what the direction computes.
  const dims& result() const {
    return dir == direction::bwd_d ? src : dir == direction::bwd_w ? weights : dst;
  }
};

/// c[m][n] = sum over k of a[m][k] b[k][n], row-major.
struct gemm_task {
  std::int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  const float* b = nullptr;
  bool fixed = false;  // use code for this problem alone, if an implementation has it
};

/// Forward: dst[n][o] = bias[o] + sum over i of src[n][i] weights[o][i], relu if asked for.
struct inner_product_task {
  direction dir = direction::fwd_i;
  std::int64_t batch = 0, in = 0, out = 0;
  bool with_bias = false, with_relu = false;  // fused, forward only
  const float* src_data = nullptr;
  const float* weights_data = nullptr;
  const float* bias_data = nullptr;
  const float* diff_dst_data = nullptr;
};

/// A pass of an operation on dense operands, in the order of its operand table. `problem` points to
/// an object of the operation's problem type.
struct pass_task {
  struct operand {
    std::string_view name;
    dims size;
    floats data;
  };
  std::string_view pass;
  const void* problem = nullptr;
  std::vector<operand> operands;

  /// The operand of this name. Throws std::out_of_range if there is none.
  const operand& find(std::string_view name) const {
    for (const operand& o : operands)
      if (o.name == name) return o;
    throw std::out_of_range(std::string(name));
  }
};

inline std::int64_t product(const dims& d) {
  std::int64_t n = 1;
  for (std::int64_t x : d) n *= x;
  return n;
}

/// One implementation of one task, ready to run: operands are in its own layouts, weights are
/// packed.
class runner {
 public:
  virtual ~runner() = default;
  /// The timed part.
  virtual void run() = 0;
  /// Writes the last run's result, dense, in the order of the task's dimensions.
  virtual void fetch(float* result) = 0;
  /// What ran: simdnn's algorithm, oneDNN's implementation string.
  virtual std::string implementation() const = 0;
};

}  // namespace simdnn::bench
