// concat: the channels of several tensors, one behind the other.
//     concat_forward({a, b, c}, dst);
//     concat_backward(diff_dst, {da, db, dc});
// All operands have one element type and layout; in blocked layouts an input may begin and end in
// the middle of a block.
//
// Where inputs begin at multiples of the block nothing need be copied: let the operations that make
// them write into dst.part(1, begin, count), and read gradients from diff_dst.part(1, begin,
// count).
#pragma once

#include <initializer_list>
#include <simdnn/ops/concat/algorithms.hpp>
#include <simdnn/parallel/grain.hpp>
#include <simdnn/plan/same_layout.hpp>
#include <simdnn/trace/call_record.hpp>

namespace simdnn::inline SIMDNN_ABI {

namespace concat {

template <class D>
using source = view<const std::remove_const_t<typename std::remove_cvref_t<D>::value_type>,
                    std::remove_cvref_t<D>::format>;
template <class D>
using target = view<std::remove_const_t<typename std::remove_cvref_t<D>::value_type>,
                    std::remove_cvref_t<D>::format>;

// `whole` is dst or diff_dst, the parts are the others.
template <class T, class U, layout L>
void check(const view<U, L>& whole, std::span<const view<T, L>> parts, const char* op,
           const char* whole_name, const std::string& parts_name) {
  static_assert(L.dim('c') >= 0, "concat takes layouts with channels: nc, nchw, nhwc, nChw16c ...");
  check_given(whole, op, whole_name);
  if constexpr (!std::is_const_v<U>) check_apart(whole, op, whole_name);
  index_t channels = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string name = parts_name + "[" + std::to_string(i) + "]";
    check_given(parts[i], op, name.c_str());
    for (int d = 0; d < L.rank(); ++d)
      if (d != L.dim('c') && parts[i].size(d) != whole.size(d))
        throw_error(op, name, std::string(whole_name) + " is " + whole.shape().str(),
                    "is " + parts[i].shape().str());
    channels += parts[i].size('c');
    if constexpr (std::is_const_v<T>) {
      check_no_overlap(whole, parts[i], op, whole_name, name.c_str());
    } else {
      check_apart(parts[i], op, name.c_str());
      check_no_overlap(parts[i], whole, op, name.c_str(), whole_name);
    }
  }
  if (channels != whole.size('c'))
    throw_error(op, parts_name, std::string(whole_name) + " has " + std::to_string(whole.size('c')),
                "have " + std::to_string(channels) + " channels together");
}

// The parts' shapes, one behind the other, as in benchdnn.
template <class T, class U, layout L>
call_record record(const char* op, const view<U, L>& whole, std::span<const view<T, L>> parts) {
  std::string shapes;
  for (const view<T, L>& part : parts)
    shapes.append(shapes.empty() ? "" : ":").append(part.shape().str());
  using element = std::remove_const_t<T>;
  return calls::record<element, isa::native, L>(op, direct<element, L>::name, shapes,
                                                2 * static_cast<double>(whole.shape().elements()));
}

}  // namespace concat

/// Copies the inputs into dst and zeros the padding of its last block. Throws error where the
/// inputs' channels do not add up to dst's, other sizes differ, or dst shares memory with an input.
template <tensor_like Dst>
void concat_forward(std::span<const concat::source<Dst>> srcs, Dst&& dst,
                    executor_ref executor = default_executor()) {
  const concat::target<Dst> d = dst.as_view();
  concat::check(d, srcs, "concat_forward", "dst", "srcs");
  if (d.empty()) return;
  executor = for_elements(executor, static_cast<double>(d.shape().elements()));
  using T = typename decltype(d)::value_type;
  const calls::timer timer;
  concat::direct<T, d.format>(d.shape()).forward(srcs, d, executor);
  timer.stop(executor, [&] { return concat::record("concat_forward", d, srcs); });
}
template <tensor_like Dst>
void concat_forward(std::initializer_list<concat::source<Dst>> srcs, Dst&& dst,
                    executor_ref executor = default_executor()) {
  concat_forward(std::span<const concat::source<Dst>>(srcs.begin(), srcs.size()), dst, executor);
}

/// Copies diff_dst's channels out to the inputs' gradients and zeros the padding of their last
/// blocks; errors as concat_forward's.
template <tensor_like DiffDst>
void concat_backward(const DiffDst& diff_dst, std::span<const concat::target<DiffDst>> diff_srcs,
                     executor_ref executor = default_executor()) {
  const concat::source<DiffDst> g = diff_dst.as_view();
  concat::check(g, diff_srcs, "concat_backward", "diff_dst", "diff_srcs");
  if (g.empty()) return;
  executor = for_elements(executor, static_cast<double>(g.shape().elements()));
  using T = std::remove_const_t<typename decltype(g)::value_type>;
  const calls::timer timer;
  concat::direct<T, g.format>(g.shape()).backward(g, diff_srcs, executor);
  timer.stop(executor, [&] { return concat::record("concat_backward", g, diff_srcs); });
}
template <tensor_like DiffDst>
void concat_backward(const DiffDst& diff_dst,
                     std::initializer_list<concat::target<DiffDst>> diff_srcs,
                     executor_ref executor = default_executor()) {
  concat_backward(diff_dst,
                  std::span<const concat::target<DiffDst>>(diff_srcs.begin(), diff_srcs.size()),
                  executor);
}

}  // namespace simdnn::inline SIMDNN_ABI
