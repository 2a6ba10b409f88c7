// What this machine can do at best with one instruction set: the multiply-add loop and STREAM's
// triad. Part of each ISA's object. It shares no code with the library, so that a fault of
// isa/vec.hpp cannot hide in the yardstick.
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
// registers for the factors with 16 in all. -ffp-contract=fast makes each step one FMA where the
// ISA has it.
__attribute__((noinline)) float multiply_add_chains(long steps) {
  machine_vec x = machine_vec{} + 0.999F, y = machine_vec{} + 0.001F;
  machine_vec a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
  // Opaque: nothing is computed at compile time, and the chains are not found to be alike (gcc 12
  // made one of them).
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

/// GFLOP/s of `threads` threads, the best of some 20 ms samples.
inline double fma_peak(int threads) {
  constexpr long steps = 1000000;
  constexpr double flops = 2.0 * 12 * (vector_bytes / sizeof(float)) * steps;
  double best = 0;
  for (int sample = 0; sample < 10; ++sample) {
    const double t = time_calls(
        [&] {
          on_threads(threads, [](int) {
            volatile float sink = multiply_add_chains(steps);
            (void)sink;
          });
        },
        1);
    best = std::max(best, flops * threads / t * 1e-9);
  }
  return best;
}

/// GB/s of a[i] = b[i] + s * c[i] over three arrays of 128 MiB, counting two reads and one write.
inline double triad(int threads) {
  constexpr long n = 32L << 20;
  struct release {
    void operator()(float* p) const { ::operator delete[](p, std::align_val_t(64)); }
  };
  const auto array = [] {
    return std::unique_ptr<float[], release>(new (std::align_val_t(64)) float[n]);
  };
  const auto a = array(), b = array(), c = array();
  const auto share = [&](int t, auto f) {
    f(n / threads * t, t + 1 == threads ? n : n / threads * (t + 1));
  };
  on_threads(threads, [&](int t) {
    share(t, [&](long from, long to) {
      for (long i = from; i < to; ++i) a[i] = 0, b[i] = 1, c[i] = 2;
    });
  });
  double best = 0;
  for (int sample = 0; sample < 5; ++sample) {
    const double t = time_calls(
        [&] {
          on_threads(threads, [&](int thread) {
            share(thread, [&](long from, long to) {
              constexpr long lanes = vector_bytes / sizeof(float);
              for (long i = from; i < to; i += lanes) {
                machine_vec x, y;
                std::memcpy(&x, &b[i], sizeof x);
                std::memcpy(&y, &c[i], sizeof y);
                x += y * 3.0F;
                std::memcpy(&a[i], &x, sizeof x);
              }
            });
          });
        },
        1);
    best = std::max(best, 3.0 * n * sizeof(float) / t * 1e-9);
  }
  return best;
}

/// The sum of n floats, on 8 chains; some at the end of each thread's share may be left out.
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
    // Only so that nothing is left out of the program.
    if (thread == 0) total = chains[0][0];
    asm volatile("" : : "x"(chains[0]));
  });
  return total;
}

}  // namespace
}  // namespace simdnn::bench
