// The machine's peak with one instruction set: the multiply-add loop and STREAM's triad, compiled
// once per ISA. It shares no code with the library, so that a defect of isa/vec.hpp cannot lower
// the peak too and stay hidden.
#pragma once

#include <algorithm>
#include <bench/measure.hpp>
#include <bench/task.hpp>
#include <cstring>
#include <memory>
#include <new>
#include <simdnn/isa/tag.hpp>
#if defined(_OPENMP)
#include <omp.h>
#endif

namespace simdnn::bench {
namespace {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
#elif defined(__AVX__)
constexpr int vector_bytes = 32;
#else
constexpr int vector_bytes = 16;
#endif
typedef float machine_vec __attribute__((vector_size(vector_bytes)));

// 12 independent chains hide the latency of two FMA units (2 * 4 or 2 * 5 in flight) and leave
// registers for the factors even if there are only 16. -ffp-contract=fast makes each step one FMA
// if the ISA has it.
__attribute__((noinline)) float multiply_add_chains(long steps) {
  machine_vec x = machine_vec{} + 0.999F, y = machine_vec{} + 0.001F;
  machine_vec a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
  // Hides the values from the compiler, so that it neither computes anything at compile time nor
  // merges the equal chains, as gcc 12 does.
  asm volatile("" : "+x"(x), "+x"(y), "+x"(a), "+x"(b), "+x"(c), "+x"(d), "+x"(e));
  asm volatile("" : "+x"(f), "+x"(g), "+x"(h), "+x"(i), "+x"(j), "+x"(k), "+x"(l));
#pragma GCC unroll 1
  for (long s = 0; s < steps; ++s) {
    a = a * x + y, b = b * x + y, c = c * x + y, d = d * x + y, e = e * x + y, f = f * x + y;
    g = g * x + y, h = h * x + y, i = i * x + y, j = j * x + y, k = k * x + y, l = l * x + y;
  }
  const machine_vec sum = a + b + c + d + e + f + g + h + i + j + k + l;
  return sum[0];
}

/// Runs f(thread) on all threads at once.
template <class F>
void on_threads([[maybe_unused]] int threads, F f) {
#if defined(_OPENMP)
#pragma omp parallel num_threads(threads)
  f(omp_get_thread_num());
#else
  f(0);
#endif
}

constexpr long multiply_add_steps = 100000;
/// The operations of one thread in multiply_add.
constexpr double multiply_add_flops =
    2.0 * 12 * (vector_bytes / sizeof(float)) * multiply_add_steps;

/// About 0.2 ms of multiply-adds on each thread.
inline void multiply_add(int threads) {
  on_threads(threads, [](int) {
    volatile float sink = multiply_add_chains(multiply_add_steps);
    (void)sink;
  });
}

/// GFLOP/s of `threads` threads, the best of a few samples at the processor's current clock. For
/// wide multiply-adds with operands from memory a processor may lower its clock below that of this
/// loop, and raise it again milliseconds later (Sapphire Rapids, AVX-512: by 17 %). Taken right
/// after a kernel, the samples show what that kernel could have reached.
inline double fma_peak(int threads) {
  double best = 0;
  for (int sample = 0; sample < 5; ++sample)
    best = std::max(
        best, multiply_add_flops * threads / time_calls([&] { multiply_add(threads); }, 1) * 1e-9);
  return best;
}

/// STREAM's triad a[i] = b[i] + s * c[i] over three arrays, split among threads.
class triad_arrays {
 public:
  /// n elements per array, rounded up to whole vectors for each thread.
  triad_arrays(long n, int threads)
      : share_((n / threads + lanes - 1) / lanes * lanes), threads_(threads) {
    on_threads(threads_, [&](int t) {
      for (long i = share_ * t; i < share_ * (t + 1); ++i) a_[i] = 0, b_[i] = 1, c_[i] = 2;
    });
  }
  long size() const { return share_ * threads_; }
  /// Two reads and one write.
  double bytes() const { return 3.0 * sizeof(float) * static_cast<double>(size()); }
  void run() const {
    on_threads(threads_, [&](int t) {
      for (long i = share_ * t; i < share_ * (t + 1); i += lanes) {
        machine_vec x, y;
        std::memcpy(&x, &b_[i], sizeof x);
        std::memcpy(&y, &c_[i], sizeof y);
        x += y * 3.0F;
        std::memcpy(&a_[i], &x, sizeof x);
      }
    });
  }

 private:
  struct release {
    void operator()(float* p) const { ::operator delete[](p, std::align_val_t(64)); }
  };
  using array = std::unique_ptr<float[], release>;
  static constexpr long lanes = vector_bytes / sizeof(float);
  array make() const {
    return array(new (std::align_val_t(64)) float[static_cast<std::size_t>(size())]);
  }

  long share_;
  int threads_;
  array a_ = make(), b_ = make(), c_ = make();
};

/// GB/s of the triad over three arrays of 128 MiB.
inline double triad(int threads) {
  const triad_arrays arrays(32L << 20, threads);
  double best = 0;
  for (int sample = 0; sample < 5; ++sample)
    best = std::max(best, arrays.bytes() / time_calls([&] { arrays.run(); }, 1) * 1e-9);
  return best;
}

/// Sums n floats with 8 chains on each thread, to measure reading only: elements at the end may be
/// left out, and the result is a part of the first thread's sum.
inline float sum(const float* data, std::int64_t n, int threads) {
  constexpr std::int64_t lanes = vector_bytes / sizeof(float), step = 8 * lanes;
  float total = 0;
  on_threads(threads, [&](int thread) {
    const std::int64_t share = n / threads / step * step;
    const float* const p = data + share * thread;
    machine_vec chains[8] = {};
    for (std::int64_t i = 0; i < share; i += step)
      for (int j = 0; j < 8; ++j) {
        machine_vec x;
        std::memcpy(&x, p + i + j * lanes, sizeof x);
        chains[j] += x;
      }
    for (int j = 1; j < 8; ++j) chains[0] += chains[j];
    // Uses the sums, so that the compiler keeps the loops.
    if (thread == 0) total = chains[0][0];
    asm volatile("" : : "x"(chains[0]));
  });
  return total;
}

}  // namespace
}  // namespace simdnn::bench
