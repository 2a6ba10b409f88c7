// plan: a problem and the algorithm chosen for one pass of an operation. The pass describes itself,
// and everything that plans have in common is derived from that here, once:
//
//     template <class T, layout L, class Isa = isa::native>
//     struct forward {
//       static constexpr const char* name = "lrn_forward";      of the op, in errors and records
//       using problem_type = lrn_problem;
//       using isa_tag = Isa;
//       using algorithm_list = lrn::all<T, L, Isa>;             what the choice walks
//       using operands = operand_list<in<"src", T, L, &lrn_problem::src_shape>,
//                                     out<"dst", T, L, &lrn_problem::src_shape, like<"src">>>;
//       static void run(const lrn_problem& p, const algorithm_list::chosen& a, const view<const T, L>& src,
//                       const view<T, L>& dst, const call_context& call);
//     };
//     template <class T, layout L, class Isa = isa::native>
//     using lrn_plan = plan<lrn::forward<T, L, Isa>>;
//
// run() gets the operands in the table's order: a view of const elements if the operand is only
// read, a pointer to a view (null: left out) if it is optional, a std::span of views for a list, and
// a pointer to the packed elements for weights. What else a pass may have:
//     static problem_type checked(const problem_type&);      default: p.checked(name)
//     static auto query(const problem_type&, const policy&); default: the problem
//     static constexpr bool memory_bound = true;   work is counted in elements, not in flops
//     static constexpr direction way = ...;        default: forward
//     using post_ops = after<"dst">;               epilogue.hpp: run() gets them before the context
//     static auto prepare(const problem_type&);    what run() gets in the problem's place
//     static void pack(chosen, weights, T* packed, executor_ref);   if there are weights
//     static bool reads_in_place(chosen, weights); then run() takes a view of weights too
//     static index_t workspace_bytes(prepared, chosen, int workers);   default: the algorithm's
//     static std::string text(const problem_type&);     of call records; default: p.str()
//     static void check(const problem_type&, operands...);   rules of its own, after the table's
//     static double work(const problem_type&, operands...);  operations of a call
//     static shape trial_shape(const problem_type&, std::size_t operand);  if the table has none
//     static void complete(call_record&, operands...);  what a call record says otherwise
#pragma once

#include <simdnn/parallel/grain.hpp>
#include <simdnn/plan/arguments.hpp>
#include <simdnn/plan/operands.hpp>
#include <simdnn/plan/packed.hpp>
#include <simdnn/plan/quick_check.hpp>
#include <simdnn/plan/select.hpp>
#include <simdnn/plan/trial.hpp>
#include <simdnn/trace/call_record.hpp>
#include <span>
#include <string_view>

namespace simdnn::inline SIMDNN_ABI {

/// What a pass's run() is told besides its operands.
struct call_context {
  executor_ref executor;
  std::span<std::byte> workspace;  ///< empty: the calling thread's arena
};

/// Immutable; may be called from many threads at once; allocates nothing after its first run.
template <class Pass>
class plan {
  using table = typename Pass::operands;
  using numbers = std::make_index_sequence<table::count>;
  template <std::size_t I>
  using line = typename table::template at<I>;

  static constexpr direction way() {
    if constexpr (requires { Pass::way; })
      return Pass::way;
    else
      return direction::forward;
  }
  template <class Operand>
  static constexpr bool written = Operand::role == role::out || Operand::role == role::inout ||
                                  (Operand::role == role::saved && way() == direction::forward);
  template <class Operand>
  using element_type =
      std::conditional_t<written<Operand>, typename Operand::type, const typename Operand::type>;
  static constexpr bool fuses = requires { typename Pass::post_ops; };
  static constexpr std::size_t no_weights = table::count, weights_line = table::weights_line;

  static auto prepare(const typename Pass::problem_type& p) {
    if constexpr (requires { Pass::prepare(p); })
      return Pass::prepare(p);
    else
      return none_t();
  }
  using prepared = decltype(prepare(std::declval<const typename Pass::problem_type&>()));

 public:
  using pass = Pass;
  using problem_type = typename Pass::problem_type;
  using algorithm_list = typename Pass::algorithm_list;
  using chosen = typename algorithm_list::chosen;

  /// Throws error if the problem breaks a rule or the policy's algorithm does not take it.
  explicit plan(const problem_type& p, const policy& policy = {})
      : problem_(checked(p)), prepared_(prepare(problem_)), algorithm_(choose(problem_, policy)) {
    set_shapes(numbers());
    if constexpr (weights_line != no_weights)
      std::visit(
          [&](const auto& a) {
            packed_elements_ = a.packed_elements();
            if constexpr (requires { a.packed_name(); })
              packed_name_ = a.packed_name();
            else
              packed_name_ = a.name;
          },
          algorithm_);
  }
  /// What is said of each algorithm for this problem and policy: {name, eligible, refusal, cost}.
  static auto describe(const problem_type& p, const policy& policy = {}) {
    return algorithm_list::describe(query(checked(p), policy), policy);
  }

  /// With every default written out.
  const problem_type& problem() const { return problem_; }
  /// For example "direct".
  const char* algorithm_name() const {
    return std::visit([](const auto& a) { return a.name; }, algorithm_);
  }
  /// The shape of the operand with this name; an empty one if there is none.
  shape shape_of(std::string_view operand) const {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      shape found;
      ((line<I>::name == operand ? void(found = shapes_[I]) : void()), ...);
      return found;
    }(numbers());
  }
  /// Bytes that a call with this many workers needs, if the caller gives the workspace.
  index_t workspace_bytes(int workers) const {
    index_t bytes = 0;
    if constexpr (requires { Pass::workspace_bytes(prepared_or_problem(), algorithm_, workers); })
      bytes = Pass::workspace_bytes(prepared_or_problem(), algorithm_, workers);
    else
      std::visit(
          [&](const auto& a) {
            if constexpr (requires { a.workspace_bytes(workers); })
              bytes = a.workspace_bytes(workers);
          },
          algorithm_);
    return bytes + static_cast<index_t>(memory_pool::alignment);
  }

  /// Weights in the order that this plan reads.
  template <tensor_like W>
  auto pack(const W& weights, std::pmr::memory_resource* memory = default_memory(),
            executor_ref executor = default_executor()) const {
    static_assert(weights_line != no_weights, "this pass has no weights to pack");
    packed<typename line<weights_line>::type> result(Pass::name, packed_name_, packed_elements_,
                                                     memory);
    repack(weights, result, executor);
    return result;
  }
  /// The same into memory that was packed before, as training does after each step.
  template <tensor_like W>
  void repack(const W& weights, packed<std::remove_const_t<typename W::value_type>>& into,
              executor_ref executor = default_executor()) const {
    static_assert(weights_line != no_weights, "this pass has no weights to pack");
    using operand = line<weights_line>;
    if constexpr (!accepts<operand, W>()) {
      refuse<operand, W>();
    } else {
      const auto w = as_operand<typename operand::type, const typename operand::type>(weights);
      const erased_operand erased = erase<weights_line>(w);
      check_operands(Pass::name, {&erased, 1});
      into.check(Pass::name, operand::name, packed_name_, packed_elements_);
      executor = for_elements(executor, static_cast<double>(w.shape().elements()));
      const calls::timer timer;
      Pass::pack(algorithm_, w, into.data(), executor);
      timer.stop(executor, [&] {
        call_record call = record({&erased, 1});
        call.packing = true;
        call.flops = 0;
        call.bytes *= 2;
        return call;
      });
    }
  }

  /// The operands in the table's order; optional ones at the end may be left out, others are `none`.
  /// Weights are packed ones, or a tensor, which is then packed first. After them, at most once each
  /// and in any order: an epilogue (post-ops, if the pass fuses any), an executor, and a workspace
  /// (a std::span<std::byte> of workspace_bytes; without one the calling thread's arena, which grows
  /// once). Throws error if an operand's shape is not the plan's, its strides are not as the table
  /// says, or an output shares memory with another operand other than as allowed.
  template <class... Arguments>
  auto operator()(Arguments&&... arguments) const {
    static_assert((!std::is_same_v<std::remove_cvref_t<Arguments>, policy> && ...),
                  "a plan is made with its policy; a call has none");
    return call(argument_pack<Arguments...>(arguments...));
  }
  /// The same for one-shot functions, which have taken a policy from the arguments.
  template <class... Arguments>
  auto call(const argument_pack<Arguments...>& arguments) const {
    using pack = argument_pack<Arguments...>;
    static_assert(pack::operands() >= table::required,
                  "an operand is missing: they come first, in the order of the pass's table");
    static_assert(pack::operands() <= table::count, "this pass has fewer operands");
    static_assert(pack::template count<argument::operand>() == pack::operands(),
                  "operands come first: one stands after an epilogue, executor or workspace");
    static_assert(pack::template count<argument::epilogue>() <= (fuses ? 1 : 0),
                  "this pass takes no such argument: post-ops, once, are for those that fuse them");
    static_assert(pack::template count<argument::executor>() <= 1 &&
                      pack::template count<argument::workspace>() <= 1,
                  "an executor and a workspace are given at most once each");
    if constexpr (pack::operands() >= table::required && pack::operands() <= table::count)
      return with_operands(numbers(), arguments);
  }

 private:
  static problem_type checked(const problem_type& p) {
    if constexpr (requires { Pass::checked(p); })
      return Pass::checked(p);
    else
      return p.checked(Pass::name);
  }
  static auto query(const problem_type& p, const policy& policy) {
    if constexpr (requires { Pass::query(p, policy); })
      return Pass::query(p, policy);
    else
      return p;
  }
  static std::string text(const problem_type& p) {
    if constexpr (requires { Pass::text(p); })
      return Pass::text(p);
    else
      return p.str();
  }
  static chosen choose(const problem_type& p, const policy& policy) {
    const auto q = query(p, policy);
    if constexpr (algorithm_list::choices < 2) {
      return algorithm_list::choose(q, policy, Pass::name);
    } else {
      const auto key = [&] { return trial_key<Pass>(text(p)); };
      const auto make_trial = [&] { return make_trial_of<plan>(p); };
      return algorithm_list::choose(
          q, algorithm_list::measured(q, policy, Pass::name, key, make_trial), Pass::name);
    }
  }
  const auto& prepared_or_problem() const {
    if constexpr (std::is_same_v<prepared, none_t>)
      return problem_;
    else
      return prepared_;
  }
  template <std::size_t... I>
  void set_shapes(std::index_sequence<I...>) {
    ((shapes_[I] = line<I>::shape(problem_)), ...);
  }

  // --- Arguments to views.

  template <class A>
  using operand_element = typename decltype(detail::element_of<A>())::type;
  template <class A>
  static constexpr layout layout_of = detail::layout_of<A>();

  template <class Operand, class A>
  static constexpr bool accepts() {
    if constexpr (std::is_same_v<A, none_t>)
      return Operand::optional;
    else if constexpr (detail::is_packed<A>)
      return Operand::role == role::weights;
    else
      return std::is_same_v<typename Operand::type, operand_element<A>> &&
             Operand::fits(layout_of<A>);
  }
  // The one error of a call with an operand that the table does not accept.
  template <class Operand, class A>
  static constexpr void refuse() {
    if constexpr (std::is_same_v<A, none_t>)
      static_assert(Operand::optional, "this operand cannot be left out");
    else if constexpr (detail::is_packed<A>)
      static_assert(Operand::role == role::weights, "this operand is not packed");
    else if constexpr (!accepts<Operand, A>())
      static_cast<void>(sizeof(
          operand_expects<Operand::expected_name, typename Operand::type, Operand::usual_layout,
                          operand_element<A>, layout_of<A>, Operand::fits(layout_of<A>)>));
  }

  template <std::size_t... I, class Pack>
  auto with_operands(std::index_sequence<I...>, const Pack& arguments) const {
    if constexpr ((accepts<line<I>, typename Pack::template type<I>>() && ...)) {
      if constexpr (packs_first<Pack>()) {
        const auto& weights = arguments.template get<weights_line>();
        const auto w = as_operand<weights_type, const weights_type>(weights);
        if constexpr (requires { Pass::reads_in_place(algorithm_, w); })
          if (Pass::reads_in_place(algorithm_, w)) return run<I...>(arguments);
        const packed<weights_type> own = pack(weights, default_memory(), arguments.executor());
        return run<I...>(arguments, &own);
      } else {
        return run<I...>(arguments);
      }
    } else {
      (refuse<line<I>, typename Pack::template type<I>>(), ...);
    }
  }
  static auto weights_element() {
    if constexpr (weights_line == no_weights)
      return none_t();
    else
      return typename line<weights_line>::type();
  }
  using weights_type = decltype(weights_element());
  template <class Pack>
  static constexpr bool packs_first() {
    if constexpr (weights_line == no_weights)
      return false;
    else
      return !detail::is_packed<typename Pack::template type<weights_line>>;
  }

  template <std::size_t I, class Pack>
  static constexpr bool left_out = std::is_same_v<typename Pack::template type<I>, none_t>;

  // A view, a span of views, or a pointer to packed weights.
  template <std::size_t I, class Pack, class Packed = none_t>
  SIMDNN_INLINE static auto lowered(const Pack& arguments, const Packed* own = nullptr) {
    using operand = line<I>;
    using given = typename Pack::template type<I>;
    if constexpr (std::is_same_v<given, none_t>)
      return view<element_type<operand>, operand::usual_layout>();
    else if constexpr (detail::is_packed<given>)
      return static_cast<const given*>(&arguments.template get<I>());
    else if constexpr (operand::role == role::weights && !std::is_same_v<Packed, none_t>)
      return own;
    else
      return as_operand<typename operand::type, element_type<operand>>(arguments.template get<I>());
  }

  // --- Checks.

  // Whether operand I passes, as far as a few comparisons tell.
  template <std::size_t I, bool LeftOut, class V, class... All>
  SIMDNN_INLINE bool quick(const V& v, const memory_range* ranges, const All&... all) const {
    if constexpr (detail::is_packed_pointer<V> || LeftOut) {
      return true;
    } else if constexpr (line<I>::list) {
      return false;
    } else {
      constexpr int like = table::template like_line<I>;
      const index_t* const sizes = line<I>::has_shape ? shapes_[I].begin() : v.shape().begin();
      int ok = fits_quickly<line<I>, written<line<I>>>(v, sizes);
      if constexpr (like >= 0)
        ok &= int(same_strides_quickly(v, nth_of<static_cast<std::size_t>(like)>(all...)));
      return ok & int(apart_quickly<table, I, written<line<I>>>(ranges, numbers()));
    }
  }
  // Operand I of a call, or element `index` of a list.
  template <std::size_t I, class V>
  erased_operand erase(const V& v, bool present = true, int index = -1) const {
    using operand = line<I>;
    erased_operand e{.name = operand::name,
                     .index = index,
                     .written = written<operand>,
                     .fixed = !operand::any,
                     .needs = operand::needs,
                     .like = table::template like_line<I>,
                     .expected = operand::has_shape ? &shapes_[I] : nullptr,
                     .layout = operand::usual_layout,
                     .type = calls::type_name<typename operand::type>(),
                     .bytes = sizeof(typename operand::type)};
    [&]<std::size_t... J>(std::index_sequence<J...>) {
      ((e.may_replace |= table::template may_replace<I, J> ? std::size_t{1} << J : 0), ...);
    }(numbers());
    if constexpr (requires { v.format; }) {
      e.present = present;
      e.shape = v.shape();
      e.layout = V::format;
      if (e.shape.rank() == e.layout.rank()) e.box = box_of(v);
    } else {  // packed weights or a list, whose elements are erased one by one
      e.shape = shapes_[I];
    }
    return e;
  }
  // Makes views of its own: the call's then stay in registers.
  template <std::size_t... I, class Pack, class Packed>
  SIMDNN_NOINLINE void check_exactly(const Pack& arguments, const Packed* own) const {
    const erased_operand all[] = {erase<I>(lowered<I>(arguments, own), !left_out<I, Pack>)...};
    check_operands(Pass::name, all);
    (check_list<I>(all, lowered<I>(arguments, own)), ...);
  }
  template <std::size_t I, class V>
  void check_list(std::span<const erased_operand> all, const V& views) const {
    if constexpr (line<I>::list) {
      erased_operand copy[table::count];
      std::copy(all.begin(), all.end(), copy);
      for (std::size_t i = 0; i < views.size(); ++i) {
        copy[I] = erase<I>(views[i], true, static_cast<int>(i));
        check_operands(Pass::name, copy);
      }
    }
  }

  template <std::size_t I, class V>
  SIMDNN_INLINE void check_packed(const V& weights) const {
    if constexpr (detail::is_packed_pointer<V>)
      weights->check(Pass::name, line<I>::name, packed_name_, packed_elements_);
  }

  // --- The call.

  template <std::size_t I, bool LeftOut, class V>
  SIMDNN_INLINE static decltype(auto) argument_of(const V& v) {
    if constexpr (detail::is_packed_pointer<V>)
      return v->data();
    else if constexpr (LeftOut)
      return static_cast<const V*>(nullptr);
    else if constexpr (line<I>::optional)
      return &v;
    else
      return (v);
  }

  template <std::size_t... I, class Pack, class Packed = none_t>
  SIMDNN_INLINE auto run(const Pack& arguments, const Packed* own = nullptr) const {
    return [&](const auto&... views) SIMDNN_INLINE_LAMBDA {
      const memory_range ranges[] = {range_of_operand(views)...};
      // Without branches between them.
      const int ok = (... & int(quick<I, left_out<I, Pack>>(views, ranges, views...)));
      if (ok == 0) [[unlikely]]
        check_exactly<I...>(arguments, own);
      (check_packed<I>(views), ...);
      if constexpr (requires { Pass::check(problem_, views...); }) Pass::check(problem_, views...);

      const executor_ref executor = for_work(arguments.executor(), work(views...));
      const call_context context{executor, arguments.workspace()};
      const auto describe = [&] { return record<I...>(arguments, own); };
      if constexpr (fuses) {
        const auto epilogue = Pass::post_ops::template lower<Pass>(arguments.epilogue(), views...);
        return timed(executor, describe, [&]() SIMDNN_INLINE_LAMBDA {
          return run_pass(argument_of<I, left_out<I, Pack>>(views)..., epilogue, context);
        });
      } else {
        return timed(executor, describe, [&]() SIMDNN_INLINE_LAMBDA {
          return run_pass(argument_of<I, left_out<I, Pack>>(views)..., context);
        });
      }
    }(lowered<I>(arguments, own)...);
  }
  template <class... A>
  SIMDNN_INLINE auto run_pass(const A&... arguments) const {
    return Pass::run(prepared_or_problem(), algorithm_, arguments...);
  }
  template <class... V>
  SIMDNN_INLINE double work(const V&... views) const {
    if constexpr (requires { Pass::work(problem_, views...); })
      return Pass::work(problem_, views...);
    else if constexpr (requires { Pass::memory_bound; })
      return costs::element_operations * elements(views...);
    else
      return problem_.flops();
  }
  template <class... V>
  static double elements(const V&... views) {
    double most = 0;
    const auto look = [&](const auto& v) {
      if constexpr (requires { v.format; })
        most = std::max(most, static_cast<double>(v.shape().elements()));
    };
    (look(views), ...);
    return most;
  }

  template <class Describe, class Run>
  SIMDNN_INLINE auto timed(const executor_ref& executor, const Describe& describe,
                           const Run& run) const {
    const calls::timer timer;
    if constexpr (std::is_void_v<decltype(run())>) {
      run();
      timer.stop(executor, describe);
    } else {
      auto result = run();
      timer.stop(executor, describe);
      return result;
    }
  }

  template <std::size_t... I, class Pack, class Packed>
  call_record record(const Pack& arguments, const Packed* own) const {
    const erased_operand all[] = {erase<I>(lowered<I>(arguments, own), !left_out<I, Pack>)...};
    call_record call = record(all);
    const auto add_list = [&](const auto& v) {
      if constexpr (requires { v[0].format; }) {
        for (const auto& part : v)
          call.bytes += static_cast<double>(part.shape().elements()) * sizeof(*part.data());
      }
    };
    (add_list(lowered<I>(arguments, own)), ...);
    if constexpr (requires { Pass::complete(call, lowered<I>(arguments, own)...); })
      Pass::complete(call, lowered<I>(arguments, own)...);
    return call;
  }
  call_record record(std::span<const erased_operand> operands) const {
    call_record call{.op = Pass::name,
                     .problem = text(problem_),
                     .type = operands[0].type,
                     .isa = Pass::isa_tag::name,
                     .algorithm = algorithm_name()};
    if constexpr (requires { problem_.flops(); }) call.flops = problem_.flops();
    for (const erased_operand& e : operands) {
      const bool packed_in_one_layout = !e.present && e.fixed && e.shape.rank() != 0;
      if (e.present || packed_in_one_layout)
        call.layouts.append(call.layouts.empty() ? "" : ":").append(e.layout.text());
      if (e.present || e.shape.rank() != 0)
        call.bytes += static_cast<double>(e.shape.elements()) * static_cast<double>(e.bytes);
    }
    return call;
  }

  problem_type problem_;
  [[no_unique_address]] prepared prepared_;
  chosen algorithm_;
  shape shapes_[table::count];
  const char* packed_name_ = "";
  index_t packed_elements_ = 0;
};

/// One-shot functions: makes a plan and calls it. A policy may be among the arguments after the
/// operands, as an epilogue, an executor and a workspace may.
template <class Pass, class... Arguments>
auto run_once(const typename Pass::problem_type& p, Arguments&&... arguments) {
  const argument_pack<Arguments...> pack(arguments...);
  return plan<Pass>(p, pack.policy()).call(pack);
}

}  // namespace simdnn::inline SIMDNN_ABI
