// OpenBLAS: cblas_sgemm on OpenBLAS's own threads.
#include <cblas.h>
#include <dlfcn.h>

#include <bench/peers/peer.hpp>
#include <bench/refuse.hpp>
#include <cstdlib>
#include <stdexcept>

namespace simdnn::bench {
namespace {

struct openblas {
  decltype(&cblas_sgemm) sgemm;
  decltype(&openblas_set_num_threads) set_num_threads;
  decltype(&openblas_get_corename) corename;
};

// A build for a single processor ignores the limit; corename() says which kernels are used.
const char* core_type(isa::id isa) {
  switch (isa) {
    case isa::id::avx512:
      return "SkylakeX";
    case isa::id::avx2:
      return "Haswell";
    case isa::id::sse42:
      return "Nehalem";
    case isa::id::sse2:
      return "Prescott";
  }
  return "";
}

const openblas& library(isa::id isa) {
  static const isa::id loaded = isa;
  if (loaded != isa) refuse("openblas", "one instruction set in a process", "a second");
  static const openblas api = [] {
    setenv("OPENBLAS_CORETYPE", core_type(loaded), 1);
    void* handle = dlopen(SIMDNN_BENCH_OPENBLAS, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(std::string("openblas: ") + dlerror());
    const auto symbol = [&](auto type, const char* name) {
      void* found = dlsym(handle, name);
      if (found == nullptr) throw std::runtime_error(std::string("openblas lacks ") + name);
      return reinterpret_cast<decltype(type)>(found);
    };
    return openblas{symbol(decltype(&cblas_sgemm){}, "cblas_sgemm"),
                    symbol(decltype(&openblas_set_num_threads){}, "openblas_set_num_threads"),
                    symbol(decltype(&openblas_get_corename){}, "openblas_get_corename")};
  }();
  return api;
}

class openblas_gemm final : public runner {
 public:
  openblas_gemm(const gemm_task& task, CBLAS_TRANSPOSE b, const conditions& c)
      : api_(library(c.isa)), task_(task), b_(b), c_(task.m * task.n) {
    api_.set_num_threads(c.threads);
  }
  void run() override {
    const auto m = static_cast<blasint>(task_.m), n = static_cast<blasint>(task_.n),
               k = static_cast<blasint>(task_.k);
    api_.sgemm(CblasRowMajor, CblasNoTrans, b_, m, n, k, 1, task_.a, k, task_.b,
               b_ == CblasNoTrans ? n : k, 0, c_.data(), n);
  }
  void fetch(float* result) override { std::copy(c_.begin(), c_.end(), result); }
  std::string implementation() const override { return std::string("sgemm:") + api_.corename(); }

 private:
  const openblas& api_;
  gemm_task task_;
  CBLAS_TRANSPOSE b_;
  floats c_;
};

}  // namespace

std::unique_ptr<runner> make_openblas_gemm(const gemm_task& task, const conditions& c) {
  return std::make_unique<openblas_gemm>(task, CblasNoTrans, c);
}

std::unique_ptr<runner> make_openblas_inner_product(const inner_product_task& t,
                                                    const conditions& c) {
  if (!is_forward(t.dir) || t.with_bias || t.with_relu) return nullptr;
  const gemm_task product{
      .m = t.batch, .n = t.out, .k = t.in, .a = t.src_data, .b = t.weights_data};
  return std::make_unique<openblas_gemm>(product, CblasTrans, c);
}

}  // namespace simdnn::bench
