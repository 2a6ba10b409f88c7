// A pass is one direction of an operation. It describes itself by a class such as lrn::forward
// below, from which plan (plan.hpp) makes checks, calls and call records.
//
//     template <class T, layout L, class Isa = isa::native>
//     struct forward {
//       static constexpr const char* name = "lrn_forward";      in errors and call records
//       using problem_type = lrn_problem;
//       using isa_tag = Isa;
//       using algorithm_list = lrn::all<T, L, Isa>;             the plan chooses one of them
//       using operands = operand_list<in<"src", T, L, &lrn_problem::src_shape>,
//                                     out<"dst", T, L, &lrn_problem::src_shape, like<"src">>>;
//     };
//     template <class T, layout L, class Isa = isa::native>
//     class lrn_plan : public plan<lrn::forward<T, L, Isa>> {
//      public:
//       using plan<lrn::forward<T, L, Isa>>::plan;
//     };
//
// lrn_plan is a class, not an alias, because gcc 12 crashes if an alias is given a layout that
// depends on a template parameter.
//
// A call runs the algorithm's forward() or, if `way` is not forward, its backward(). It passes the
// operands in the table's order, the executor, and the workspace if the function takes one. Each
// operand is passed as
//     a view                               usually; its elements are const if they are only read
//     a pointer to a view                  if it is optional; null if it is left out
//     a std::span of views                 if it is a list
//     a pointer to the packed elements     if it is packed weights
// A pass may also have:
//     static auto run(const problem_type&,                   called instead of forward() and
//                     const chosen_algorithm&, operands...,  backward(); algorithm_list::visit
//                     const call_context&);                  gives the chosen algorithm its type
//     static chosen_algorithm choose(query, const policy&,   default: that of algorithm_list
//                                    const char* op);
//     static auto describe(query, const policy&);            default: that of algorithm_list
//     static problem_type checked(const problem_type&);      default: p.checked(name). If p has a
//                                                            member size, it must have a number for
//                                                            each spatial dimension of the layouts
//     static auto query(const problem_type&, const policy&); default: the problem
//     static constexpr bool memory_bound = true;   the default of work() counts elements, not flops
//     static constexpr direction way = ...;        default: forward
//     using post_ops = after<"dst">;               the pass fuses post-ops (epilogue.hpp); run()
//                                                  gets them right before the context
//     static auto prepare(const problem_type&);    called once per plan; run() gets the result
//                                                  instead of the problem
//     static void pack(chosen, weights, T* packed, executor_ref);   if the table has weights
//     static bool reads_in_place(chosen, weights); if true, a tensor of weights is not packed, and
//                                                  run() gets a view of it
//     static index_t workspace_bytes(prepared, chosen, int workers);   default: the algorithm's
//     static std::string text(const problem_type&);     for call records; default: p.str()
//     static void check(const problem_type&, operands...);   called after the table's checks
//     static double work(const problem_type&, operands...);  number of operations of a call; with
//                                                  few, it runs in one thread (grain.hpp)
//     static shape trial_shape(const problem_type&, std::size_t operand);  the shape of an operand
//                                                  with no_shape, for trials (trial.hpp)
//     static index_t terms(const problem_type&);   number of terms of a result's longest sum, from
//                                                  which tests derive tolerances; default: 1
//     static void complete(call_record&, operands...);  may change the call record
#pragma once

#include <algorithm>
#include <simdnn/microkernel/tuning/costs.hpp>
#include <simdnn/parallel/executor.hpp>
#include <simdnn/plan/chosen.hpp>
#include <simdnn/plan/operand.hpp>
#include <simdnn/plan/policy.hpp>
#include <simdnn/problem/spatial.hpp>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace simdnn::inline SIMDNN_ABI {

/// What a pass's run() gets besides the operands.
struct call_context {
  executor_ref executor;
  std::span<std::byte> workspace;  ///< if empty, the calling thread's arena is used
};

/// The description of a pass, with defaults for what it leaves out.
template <class Pass>
struct described_pass {
  using problem_type = typename Pass::problem_type;

  static constexpr direction way() {
    if constexpr (requires { Pass::way; })
      return Pass::way;
    else
      return direction::forward;
  }
  /// Whether the pass writes an operand of its table.
  template <class Operand>
  static constexpr bool written = Operand::role == role::out || Operand::role == role::inout ||
                                  (Operand::role == role::saved && way() == direction::forward);
  static constexpr bool fuses = requires { typename Pass::post_ops; };

  static problem_type checked(const problem_type& p) {
    // A problem of no sizes comes from a tensor that is not initialised: the operands' check names it.
    if constexpr (requires { p.sizes.rank(); })
      if (constexpr int rank = widest.rank(); p.sizes.rank() != 0 && p.sizes.rank() != rank)
        throw_error(
            Pass::name, "sizes",
            std::to_string(rank) + " dimensions (layout " + std::string(widest.text()) + ")",
            p.sizes.str());
    if constexpr (requires { Pass::checked(p); }) {
      return Pass::checked(p);
    } else {
      if constexpr (requires { p.size.rank; }) check_rank(p.size, widest, Pass::name);
      return p.checked(Pass::name);
    }
  }
  /// Reads the text of a problem.
  static problem_type parse(std::string_view text) {
    if constexpr (std::is_same_v<decltype(problem_type::parse(text)), problem_type>) {
      return problem_type::parse(text);
    } else {  // its base class, tensor_problem, reads the sizes
      problem_type p;
      p.sizes = problem_type::parse(text).sizes;
      return p;
    }
  }
  static auto query(const problem_type& p, const policy& policy) {
    if constexpr (requires { Pass::query(p, policy); })
      return Pass::query(p, policy);
    else
      return p;
  }
  template <class Query>
  static chosen_algorithm choose(const Query& q, const policy& policy) {
    if constexpr (requires { Pass::choose(q, policy, Pass::name); })
      return Pass::choose(q, policy, Pass::name);
    else
      return Pass::algorithm_list::choose(q, policy, Pass::name);
  }
  template <class Query>
  static auto describe(const Query& q, const policy& policy) {
    if constexpr (requires { Pass::describe(q, policy); })
      return Pass::describe(q, policy);
    else
      return Pass::algorithm_list::describe(q, policy);
  }
  static auto prepare(const problem_type& p) {
    if constexpr (requires { Pass::prepare(p); })
      return Pass::prepare(p);
    else
      return none_t();
  }
  using prepared = decltype(prepare(std::declval<const problem_type&>()));
  static std::string text(const problem_type& p) {
    if constexpr (requires { Pass::text(p); })
      return Pass::text(p);
    else
      return p.str();
  }
  /// Number of operations of a call. If it is less than the executor's grain, the call runs in the
  /// calling thread (grain.hpp).
  template <class... V>
  SIMDNN_INLINE static double work(const problem_type& p, const V&... views) {
    if constexpr (requires { Pass::work(p, views...); })
      return Pass::work(p, views...);
    else if constexpr (requires { Pass::memory_bound; })
      return costs::element_operations * most_elements(views...);
    else
      return p.flops();
  }

  /// Runs a pass that fuses no post-ops.
  template <class Prepared, class... V>
  SIMDNN_INLINE static auto run(const Prepared& p, const chosen_algorithm& chosen,
                                const call_context& call, const V&... operands) {
    if constexpr (has_run)
      return Pass::run(p, chosen, operands..., call);
    else
      Pass::algorithm_list::visit(chosen,
                                  [&](const auto& a) { run_algorithm(a, call, operands...); });
  }

 private:
  // A name that two bases have is ambiguous.
  struct another {
    void run();
  };
  struct both : Pass, another {};
  static constexpr bool has_run = !requires { &both::run; };

  template <class Algorithm, class... V>
  static void run_algorithm(const Algorithm& a, const call_context& call, const V&... operands) {
    if constexpr (way() != direction::forward) {
      if constexpr (requires { a.backward(operands..., call.executor, call.workspace); })
        a.backward(operands..., call.executor, call.workspace);
      else
        a.backward(operands..., call.executor);
    } else {
      if constexpr (requires { a.forward(operands..., call.executor, call.workspace); })
        a.forward(operands..., call.executor, call.workspace);
      else
        a.forward(operands..., call.executor);
    }
  }
  // Among the operands that have one fixed layout, the layout with the most dimensions.
  static constexpr layout widest = []<class... Operands>(operand_list<Operands...>) {
    layout found = "x";
    ((found = !Operands::any && Operands::usual_layout.rank() > found.rank()
                  ? Operands::usual_layout
                  : found),
     ...);
    return found;
  }(typename Pass::operands());
  // Number of elements of the largest operand.
  template <class... V>
  static double most_elements(const V&... views) {
    double most = 0;
    const auto look = [&](const auto& v) {
      if constexpr (requires { v.format; })
        most = std::max(most, static_cast<double>(v.shape().elements()));
    };
    (look(views), ...);
    return most;
  }
};

/// An operation's passes, each for one element type and layout. `<op>.hpp` ends with the list
/// `<op>_passes`; tests, benchmarks and tools run the passes in it. ops/operations.txt names the
/// lists and their passes.
template <class... Passes>
struct pass_list {};

}  // namespace simdnn::inline SIMDNN_ABI
