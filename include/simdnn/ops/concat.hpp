// concat: the channels of several tensors, one after the other.
//
//     concat_forward({a, b, c}, dst);
//     concat_backward(diff_dst, {da, db, dc});
//
// All operands have the same element type and layout. In blocked layouts an input may begin and end
// inside a block. The padding of last blocks is zeroed.
//
// If all inputs begin at multiples of the block, no copy is needed: let the operations that compute
// the inputs write to dst.part(1, begin, count), and read gradients from
// diff_dst.part(1, begin, count).
#pragma once

#include <initializer_list>
#include <simdnn/ops/concat/algorithms.hpp>
#include <simdnn/plan/plan.hpp>
#include <simdnn/problem/tensor_problem.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace concat {

template <class T, layout L>
struct description {
  static_assert(L.dim('c') >= 0, "concat takes layouts with channels: nc, nchw, nhwc, nChw16c ...");
  using problem_type = tensor_problem;
  using isa_tag = isa::native;
  using algorithm_list = all<T, L>;
  static constexpr bool memory_bound = true;
  static shape query(const tensor_problem& p, const policy&) { return p.sizes; }
  // The shape of all parts together.
  static shape trial_shape(const tensor_problem& p, std::size_t) { return p.sizes; }

  // Throws error if a part's sizes, except for the channels, are not those of `whole`, or if all
  // parts together have another number of channels.
  template <class U>
  static void check_parts(const char* op, const char* name, std::span<const view<U, L>> parts,
                          const char* whole_name, const shape& whole) {
    constexpr int c = L.dim('c');
    index_t channels = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (int d = 0; d < L.rank(); ++d)
        if (d != c && parts[i].size(d) != whole[d])
          throw_error(op, std::string(name) + "[" + std::to_string(i) + "]",
                      std::string(whole_name) + "'s shape " + whole.str() + " but for the channels",
                      parts[i].shape().str());
      channels += parts[i].size(c);
    }
    if (channels != whole[c])
      throw_error(op, name, std::to_string(whole[c]) + " channels in total (" + whole_name + "'s)",
                  std::to_string(channels));
  }
  // The parts' shapes one after the other, as in benchdnn.
  template <class U>
  static std::string text(std::span<const view<U, L>> parts) {
    std::string shapes;
    for (const view<U, L>& part : parts)
      shapes.append(shapes.empty() ? "" : ":").append(part.shape().str());
    return shapes;
  }
};

template <class T, layout L>
struct forward : description<T, L> {
  static constexpr const char* name = "concat_forward";
  using operands = operand_list<in<"srcs", T, L, no_shape, list_operand>,
                                out<"dst", T, L, &tensor_problem::tensor_shape>>;
  using parts = std::span<const view<const T, L>>;
  static void check(const tensor_problem& p, const parts& srcs, const view<T, L>&) {
    forward::check_parts(name, "srcs", srcs, "dst", p.sizes);
  }
  static void complete(call_record& call, const parts& srcs, const view<T, L>&) {
    call.problem = forward::text(srcs);
  }
};

template <class T, layout L>
struct backward : description<T, L> {
  static constexpr const char* name = "concat_backward";
  static constexpr direction way = direction::backward_data;
  using operands = operand_list<in<"diff_dst", T, L, &tensor_problem::tensor_shape>,
                                out<"diff_srcs", T, L, no_shape, list_operand>>;
  using parts = std::span<const view<T, L>>;
  static void check(const tensor_problem& p, const view<const T, L>&, const parts& diff_srcs) {
    backward::check_parts(name, "diff_srcs", diff_srcs, "diff_dst", p.sizes);
  }
  static void complete(call_record& call, const view<const T, L>&, const parts& diff_srcs) {
    call.problem = backward::text(diff_srcs);
  }
};

template <class D>
using source = view<const element_of<D>, std::remove_cvref_t<D>::format>;
template <class D>
using target = view<element_of<D>, std::remove_cvref_t<D>::format>;

}  // namespace concat

template <class T, layout L>
class concat_plan : public plan<concat::forward<T, L>> {
 public:
  using plan<concat::forward<T, L>>::plan;
};
template <class T, layout L>
class concat_backward_plan : public plan<concat::backward<T, L>> {
 public:
  using plan<concat::backward<T, L>>::plan;
};

/// Copies the inputs into dst, which has as many channels as all inputs together.
template <tensor_like Dst, class... Extras>
void concat_forward(std::span<const concat::source<Dst>> srcs, Dst&& dst, Extras&&... extras) {
  using pass = concat::forward<element_of<Dst>, std::remove_cvref_t<Dst>::format>;
  run_once<pass>({dst.as_view().shape()}, srcs, dst, extras...);
}
template <tensor_like Dst, class... Extras>
void concat_forward(std::initializer_list<concat::source<Dst>> srcs, Dst&& dst,
                    Extras&&... extras) {
  concat_forward(std::span<const concat::source<Dst>>(srcs.begin(), srcs.size()), dst, extras...);
}

/// Copies the channels of diff_dst out to the inputs' gradients.
template <tensor_like DiffDst, class... Extras>
void concat_backward(const DiffDst& diff_dst, std::span<const concat::target<DiffDst>> diff_srcs,
                     Extras&&... extras) {
  using pass = concat::backward<element_of<DiffDst>, DiffDst::format>;
  run_once<pass>({diff_dst.as_view().shape()}, diff_dst, diff_srcs, extras...);
}
template <tensor_like DiffDst, class... Extras>
void concat_backward(const DiffDst& diff_dst,
                     std::initializer_list<concat::target<DiffDst>> diff_srcs, Extras&&... extras) {
  concat_backward(diff_dst,
                  std::span<const concat::target<DiffDst>>(diff_srcs.begin(), diff_srcs.size()),
                  extras...);
}

using concat_passes =
    pass_list<concat::forward<float, "nChw16c">, concat::backward<float, "nChw16c">>;

}  // namespace simdnn::inline SIMDNN_ABI
