#include <bench/provenance.hpp>
#include <fstream>
#include <simdnn/isa/vec.hpp>
#if defined(SIMDNN_BENCH_ONEDNN)
#include <oneapi/dnnl/dnnl_version.h>
#endif
#if defined(SIMDNN_BENCH_OPENBLAS)
#include <openblas_config.h>
#endif
#if defined(SIMDNN_BENCH_EIGEN)
#include <Eigen/Core>
#endif

namespace simdnn::bench {
namespace {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  return "unknown";
}

std::string dotted(const char* name, int major, int minor, int patch) {
  return std::string(name) + ' ' + std::to_string(major) + '.' + std::to_string(minor) + '.' +
         std::to_string(patch);
}

std::string versions() {
  std::string text =
      dotted("simdnn", SIMDNN_VERSION_MAJOR, SIMDNN_VERSION_MINOR, SIMDNN_VERSION_PATCH) + ", " +
      dotted("xsimd", XSIMD_VERSION_MAJOR, XSIMD_VERSION_MINOR, XSIMD_VERSION_PATCH);
#if defined(SIMDNN_BENCH_ONEDNN)
  text += ", " + dotted("oneDNN", DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR, DNNL_VERSION_PATCH);
#endif
#if defined(SIMDNN_BENCH_OPENBLAS)
  // " OpenBLAS 0.3.21 "
  const std::string openblas = OPENBLAS_VERSION;
  text += "," + openblas.substr(0, openblas.find_last_not_of(' ') + 1);
#endif
#if defined(SIMDNN_BENCH_EIGEN)
  text += ", " + dotted("Eigen", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION);
#endif
  return text;
}

#if defined(__clang__)
constexpr const char* compiler = "clang " __clang_version__;
#else
constexpr const char* compiler = "gcc " __VERSION__;
#endif

}  // namespace

std::vector<std::pair<std::string, std::string>> provenance() {
  return {{"cpu", cpu_model()},
          {"compiler", compiler},
          {"flags", SIMDNN_BENCH_FLAGS},
          {"versions", versions()}};
}

}  // namespace simdnn::bench
