// The libraries that simdnn is compared with. One file per peer, all behind this table; an op that
// a peer does not have is a null pointer. Of simdnn peers know isa/tag.hpp and problems.
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
  pass_factory* pass = nullptr;  // of the operations in `passes`
  std::string_view passes = "";  // "lrn"
  // Runs on OpenMP's threads. Others keep threads of their own, which may still spin when the next
  // side's turn comes.
  bool shares_threads = false;
};

/// All peers, those left out at configure time too.
std::span<const peer> peers();

/// The one of this name. Throws std::invalid_argument where the name is unknown (the text lists
/// all) or the peer is not in this program (the text names the Debian package that brings it).
const peer& find_peer(std::string_view name);

/// oneDNN at its fastest of `any`, blocked and channels-last operands, each timed at set-up.
/// Weights are packed at set-up and no reorder is timed. `ref` implementations are left out where
/// there is another. The first call fixes the process's instruction set, a later one with another
/// throws.
std::unique_ptr<runner> make_onednn_conv(const conv_task&, const conditions&);
/// The faster of dnnl_sgemm and a matmul primitive with packed b.
std::unique_ptr<runner> make_onednn_gemm(const gemm_task&, const conditions&);
std::unique_ptr<runner> make_onednn_inner_product(const inner_product_task&, const conditions&);

/// At its fastest of plain, blocked and channels-last operands.
std::unique_ptr<runner> make_onednn_pass(const pass_task&, const conditions&);

/// cblas_sgemm. OpenBLAS chooses its kernels when it is loaded, so that it is loaded here, at the
/// first call, with its choice limited to conditions::isa.
std::unique_ptr<runner> make_openblas_gemm(const gemm_task&, const conditions&);
/// Null but forward and without post-ops: a product alone is what BLAS has.
std::unique_ptr<runner> make_openblas_inner_product(const inner_product_task&, const conditions&);

/// Eigen is compiled like simdnn, once per instruction set: eigen.cpp is part of each ISA's object.
std::unique_ptr<runner> make_eigen_gemm(const gemm_task&, const conditions&);

}  // namespace simdnn::bench
