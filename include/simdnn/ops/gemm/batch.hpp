// gemm_batch: many products of one size, c[i] = post_ops(alpha * a[i] * b[i] + beta * c[i]).
//
//     gemm_batch_forward({.m = m, .n = n, .k = k}, a, b, c, post::bias(bias));    one shot
//     gemm_batch_plan<float> plan{{.m = m, .n = n, .k = k}};                      many calls
//     plan(a, b, c, post::bias(bias));
//
// a is {batch, m, k}, b is {batch, k, n}, or {1, k, n} for all products, and c is {batch, m, n}, of
// layout "abc". Transposed matrices have layout "acb". The batch is c's first size; it may be 0.
// c's columns are contiguous. Other strides are free: matrices may follow each other or be
// interleaved, as the heads of attention are. Columns are the channels of post-ops.
//
// Each product is computed by one worker, so gemm is better if there are fewer products than
// workers. The algorithm `small` reads b in place if its columns are contiguous; otherwise each b,
// or the one for all products, is packed into the workspace.
#pragma once

#include <simdnn/ops/gemm/passes.hpp>
#include <simdnn/parallel/parallel_for.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace gemm {

template <class T, layout A, layout B, class Isa>
struct batch : description<T, Isa> {
  static_assert((A == layout("abc") || A == layout("acb")) &&
                    (B == layout("abc") || B == layout("acb")),
                "gemm_batch: a and b have layout \"abc\" (rows) or \"acb\" (columns)");
  static constexpr const char* name = "gemm_batch";
  static constexpr index_t trial_batch = 16;
  using operands = operand_list<in<"a", T, A, no_shape>, in<"b", T, B, no_shape>,
                                inout<"c", T, layout("abc"), no_shape, needs::fastest>>;
  using post_ops = after<"c">;
  using a_view = view<const T, A>;
  using b_view = view<const T, B>;
  using c_view = view<T, "abc">;

  static index_t terms(const gemm_problem& p) { return p.k; }
  static shape trial_shape(const gemm_problem& p, std::size_t operand) {
    return operand == 0   ? shape{trial_batch, p.m, p.k}
           : operand == 1 ? shape{trial_batch, p.k, p.n}
                          : shape{trial_batch, p.m, p.n};
  }
  static void check(const gemm_problem& p, const a_view& a, const b_view& b, const c_view& c) {
    const index_t products = c.size(0);
    const auto expect = [](const shape& got, const shape& expected, const char* operand) {
      if (got != expected) throw_error(name, operand, "shape " + expected.str(), got.str());
    };
    expect(c.shape(), {products, p.m, p.n}, "c");
    expect(a.shape(), {products, p.m, p.k}, "a");
    expect(b.shape(), {b.size(0) == 1 ? 1 : products, p.k, p.n}, "b");
  }
  static double work(const gemm_problem& p, const a_view&, const b_view&, const c_view& c) {
    return static_cast<double>(c.size(0)) * p.flops();
  }
  static void complete(call_record& call, const a_view&, const b_view&, const c_view& c) {
    call.problem = "batch" + std::to_string(c.size(0)) + ':' + call.problem;
    call.flops *= static_cast<double>(c.size(0));
  }
  template <class Chosen>
  static index_t workspace_bytes(const gemm_problem&, const Chosen& chosen, int workers) {
    return std::visit([&](const auto& algorithm) { return workers * slice_bytes(algorithm); },
                      chosen);
  }

  template <class Chosen>
  static void run(const gemm_problem&, const Chosen& chosen, const a_view& a, const b_view& b,
                  const c_view& c, const epilogue::fused<T>& post, const call_context& call) {
    const index_t products = c.size(0);
    const bool one_b = b.size(0) == 1;
    const auto* const in_place = std::get_if<small<T, Isa>>(&chosen);
    if (in_place != nullptr && in_place->reads_in_place(nth(b, 0))) {
      parallel_for(call.executor, products, [&](index_t begin, index_t end, index_t) {
        for (index_t i = begin; i < end; ++i)
          in_place->multiply(nth(a, i), nth(b, i), nth(c, i), post.at(0, i * c.stride(0)));
      });
      return;
    }
    std::visit(
        [&](const auto& algorithm) {
          const serial alone;
          const workspace_slices space(slice_bytes(algorithm),
                                       std::max(call.executor.concurrency(), 1), call.workspace,
                                       name);
          T* const for_all = space.template slice<T>(0);
          if (one_b) algorithm.pack(nth(b, 0), for_all, call.executor);
          parallel_for(call.executor, products, [&](index_t begin, index_t end, index_t worker) {
            std::byte* const slice = space.template slice<std::byte>(worker);
            T* const packed = one_b ? for_all : reinterpret_cast<T*>(slice);
            const std::span<std::byte> rest(slice + packed_bytes(algorithm),
                                            static_cast<std::size_t>(algorithm.workspace_bytes(1)));
            for (index_t i = begin; i < end; ++i) {
              if (!one_b) algorithm.pack(nth(b, i), packed, alone);
              algorithm.run(nth(a, i), packed, nth(c, i), post.at(0, i * c.stride(0)), alone, rest);
            }
          });
        },
        chosen);
  }

 private:
  /// Matrix i of a batch, or the only one.
  template <class U, layout L>
  static matrix<U> nth(const view<U, L>& v, index_t i) {
    // A matrix without elements may have no memory, so its pointer must not be moved.
    const index_t at = v.empty() || v.size(0) == 1 ? 0 : i * v.stride(0);
    return {v.data() + at, v.stride(1), v.stride(2)};
  }

  // A worker's slice holds a packed b, then the algorithm's own workspace.
  template <class Algorithm>
  static index_t packed_bytes(const Algorithm& v) {
    return round_up(v.packed_elements() * static_cast<index_t>(sizeof(T)),
                    workspace_slices::alignment);
  }
  template <class Algorithm>
  static index_t slice_bytes(const Algorithm& v) {
    return packed_bytes(v) + round_up(v.workspace_bytes(1), workspace_slices::alignment);
  }
};

}  // namespace gemm

/// The problem is that of one product.
template <class T, layout A = "abc", layout B = "abc", class Isa = isa::native>
class gemm_batch_plan : public plan<gemm::batch<T, A, B, Isa>> {
 public:
  using plan<gemm::batch<T, A, B, Isa>>::plan;
};

template <class Isa = isa::native, tensor_like A, tensor_like B, tensor_like C, class... Extras>
void gemm_batch_forward(const gemm_problem& p, const A& a, const B& b, C&& c, Extras&&... extras) {
  run_once<gemm::batch<element_of<A>, A::format, B::format, Isa>>(p, a, b, c, extras...);
}

}  // namespace simdnn::inline SIMDNN_ABI
