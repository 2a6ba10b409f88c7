// The libraries that simdnn is compared with. Each is an entry of a table of function pointers; the
// pointer is null if the peer does not have the op. From simdnn, peers use isa/tag.hpp and problems
// only.
#pragma once

#include <bench/task.hpp>
#include <span>
#include <string_view>

namespace simdnn::bench {

struct peer {
  using conv_factory = std::unique_ptr<runner>(const conv_task&, const conditions&);
  using gemm_factory = std::unique_ptr<runner>(const gemm_task&, const conditions&);
  using inner_product_factory = std::unique_ptr<runner>(const inner_product_task&,
                                                        const conditions&);

  using pass_factory = std::unique_ptr<runner>(const pass_task&, const conditions&);

  std::string_view name;
  std::string_view package;  // Debian's
  std::string_view missing;  // why it is not in this program; empty: it is
  conv_factory* conv = nullptr;
  gemm_factory* gemm = nullptr;
  inner_product_factory* inner_product = nullptr;
  pass_factory* pass = nullptr;  // for the operations in `passes`
  std::string_view passes = "";  // separated by spaces, e.g. "lrn"
  // Runs on OpenMP's threads. Other peers have their own threads, which may still spin while the
  // next side is timed.
  bool shares_threads = false;
};

/// All peers, including those left out at configure time.
std::span<const peer> peers();

/// The peer of this name. Throws std::invalid_argument if the name is unknown (the text lists all)
/// or the peer is not in this program (the text names its Debian package).
const peer& find_peer(std::string_view name);

/// oneDNN with the fastest layout of `any`, blocked and channels-last, each timed at set-up.
/// Weights are packed at set-up and no reorder is timed. A `ref` implementation is used only if
/// there is no other. The first call fixes the process's instruction set; a later call with another
/// one throws.
std::unique_ptr<runner> make_onednn_conv(const conv_task&, const conditions&);
/// The faster of dnnl_sgemm and a matmul primitive with packed b.
std::unique_ptr<runner> make_onednn_gemm(const gemm_task&, const conditions&);
std::unique_ptr<runner> make_onednn_inner_product(const inner_product_task&, const conditions&);

/// oneDNN with the fastest layout of plain, blocked and channels-last.
std::unique_ptr<runner> make_onednn_pass(const pass_task&, const conditions&);

/// cblas_sgemm. OpenBLAS chooses its kernels when it is loaded. The first call loads it, with the
/// choice limited to conditions::isa.
std::unique_ptr<runner> make_openblas_gemm(const gemm_task&, const conditions&);
/// Null for backward passes and with post-ops, because BLAS has the product only.
std::unique_ptr<runner> make_openblas_inner_product(const inner_product_task&, const conditions&);

/// Eigen is compiled like simdnn, once per instruction set: eigen.cpp is part of each ISA's object.
std::unique_ptr<runner> make_eigen_gemm(const gemm_task&, const conditions&);

}  // namespace simdnn::bench
