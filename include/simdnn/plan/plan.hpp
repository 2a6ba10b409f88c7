// plan: a problem, and the algorithm chosen for one pass of an operation. The pass describes itself
// (pass.hpp); this template adds what all plans have in common: checks of operands, packed weights,
// the choice of the algorithm and its measurement, call records.
#pragma once

#include <simdnn/parallel/grain.hpp>
#include <simdnn/plan/arguments.hpp>
#include <simdnn/plan/entry_points.hpp>
#include <simdnn/plan/operands.hpp>
#include <simdnn/plan/packed.hpp>
#include <simdnn/plan/pass.hpp>
#include <simdnn/plan/quick_check.hpp>
#include <simdnn/plan/trial.hpp>
#include <simdnn/trace/call_record.hpp>
#include <span>
#include <string_view>

namespace simdnn::inline SIMDNN_ABI {

/// Immutable; may be called from many threads at once. operator() says what a call allocates.
template <class Pass>
class plan {
  using described = described_pass<Pass>;
  using functions = plan_entry_points<isa::native>;
  using table = typename Pass::operands;
  using numbers = std::make_index_sequence<table::count>;
  template <std::size_t I>
  using line = typename table::template at<I>;
  template <class Operand>
  static constexpr bool written = described::template written<Operand>;
  template <class Operand>
  using element_type =
      std::conditional_t<written<Operand>, typename Operand::type, const typename Operand::type>;
  static constexpr std::size_t no_weights = table::count, weights_line = table::weights_line;
  using prepared = typename described::prepared;

 public:
  using pass = Pass;
  using problem_type = typename Pass::problem_type;
  using algorithm_list = typename Pass::algorithm_list;

  /// Throws error if the problem breaks a rule or no algorithm that the policy allows takes it.
  explicit plan(const problem_type& p, const policy& policy = {})
      : problem_(described::checked(p)),
        prepared_(described::prepare(problem_)),
        algorithm_(choose(problem_, policy)) {
    set_shapes(numbers());
  }
  /// {name, eligible, refusal, cost} of each algorithm: algorithm_description in select.hpp.
  static auto describe(const problem_type& p, const policy& policy = {}) {
    return described::describe(described::query(described::checked(p), policy), policy);
  }

  /// The problem, with every default filled in.
  const problem_type& problem() const { return problem_; }
  /// For example "direct".
  const char* algorithm_name() const { return algorithm_.name(); }
  /// The shape of the operand with this name; an empty shape if the table has no such operand.
  shape shape_of(std::string_view operand) const {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      shape found;
      ((line<I>::name == operand ? void(found = shapes_[I]) : void()), ...);
      return found;
    }(numbers());
  }
  /// Bytes that a workspace must have for a call whose executor has this concurrency().
  index_t workspace_bytes(int workers) const {
    constexpr auto alignment = static_cast<index_t>(memory_pool::alignment);
    if constexpr (requires { Pass::workspace_bytes(prepared_or_problem(), algorithm_, workers); })
      return Pass::workspace_bytes(prepared_or_problem(), algorithm_, workers) + alignment;
    else
      return algorithm_.workspace_bytes(workers) + alignment;
  }

  /// Copies weights into the order in which this plan reads them.
  template <tensor_like W>
  auto pack(const W& weights, std::pmr::memory_resource* memory = default_memory(),
            executor_ref executor = default_executor()) const {
    static_assert(weights_line != no_weights, "this pass has no weights to pack");
    packed<typename line<weights_line>::type> result(Pass::name, algorithm_.packed_name(),
                                                     algorithm_.packed_elements(), memory);
    repack(weights, result, executor);
    return result;
  }
  /// Packs into weights that such a plan packed before, as training does after each step.
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
      functions::check(Pass::name, {&erased, 1});
      into.check(Pass::name, operand::name, algorithm_.packed_name(), algorithm_.packed_elements());
      executor = for_elements(executor, static_cast<double>(w.shape().elements()));
      const calls::timer timer;
      Pass::pack(algorithm_, w, into.data(), executor);
      stop(timer, executor, [&] {
        call_record call = record({&erased, 1});
        call.packing = true;
        call.flops = 0;
        call.bytes *= 2;
        return call;
      });
    }
  }

  /// Takes the operands in the order of the pass's table. For optional ones pass `none`; at the end
  /// they may be left out. Weights may be packed or a tensor. If the algorithm cannot read a tensor
  /// in place, each call allocates memory and packs it.
  /// After the operands, in any order and at most once each:
  ///   - an epilogue: post-ops, if the pass fuses any;
  ///   - an executor;
  ///   - a workspace: a std::span<std::byte> of workspace_bytes(). Without one, the call uses the
  ///     calling thread's arena, which grows to the largest size and is kept for later calls.
  /// Throws error if an operand's shape is not the plan's, if its strides are not as the table
  /// requires, or if an output shares memory with another operand and the table does not allow it.
  template <class... Arguments>
  auto operator()(Arguments&&... arguments) const {
    static_assert((!std::is_same_v<std::remove_cvref_t<Arguments>, policy> && ...),
                  "a plan is made with its policy; a call has none");
    return call(argument_pack<Arguments...>(arguments...));
  }
  /// The same for run_once(). A policy among the arguments is allowed here, and has no effect.
  template <class... Arguments>
  auto call(const argument_pack<Arguments...>& arguments) const {
    using pack = argument_pack<Arguments...>;
    static_assert(pack::operands() >= table::required,
                  "an operand is missing: they come first, in the order of the pass's table");
    static_assert(pack::operands() <= table::count, "this pass has fewer operands");
    static_assert(pack::template count<argument::operand>() == pack::operands(),
                  "operands come first: one stands after an epilogue, executor or workspace");
    static_assert(pack::template count<argument::epilogue>() <= (described::fuses ? 1 : 0),
                  "this pass takes no such argument: post-ops, once, are for those that fuse them");
    static_assert(pack::template count<argument::executor>() <= 1 &&
                      pack::template count<argument::workspace>() <= 1 &&
                      pack::template count<argument::policy>() <= 1,
                  "an executor, a workspace and a policy are given at most once each");
    if constexpr (pack::operands() >= table::required && pack::operands() <= table::count)
      return with_operands(numbers(), arguments);
  }

 private:
  static chosen_algorithm choose(const problem_type& p, const policy& policy) {
    const auto q = described::query(p, policy);
    if constexpr (algorithm_list::choices > 1)
      if (policy.measured != nullptr && policy.algorithm.empty()) {
        trials_of<plan> trials(p, described::text(p));
        return described::choose(
            q, functions::measured(described::describe(q, policy), policy, Pass::name, trials));
      }
    return described::choose(q, policy);
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

  // Operand I as a view (empty if it is left out), a span of views, or a pointer to packed weights.
  // `own` points to the weights that this call has packed itself, if any.
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

  // Whether a few comparisons show that operand I is correct; if not, check_exactly() decides.
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
  // Describes operand I of a call, or element `index` of a list, without its C++ type.
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
    } else {  // packed weights, or a list: check_list() and record() look at its elements
      e.shape = shapes_[I];
    }
    return e;
  }
  // Makes its own views of the operands: references would force the call's views into memory.
  template <std::size_t... I, class Pack, class Packed>
  SIMDNN_NOINLINE void check_exactly(const Pack& arguments, const Packed* own) const {
    const erased_operand all[] = {erase<I>(lowered<I>(arguments, own), !left_out<I, Pack>)...};
    functions::check(Pass::name, all);
    (check_list<I>(all, lowered<I>(arguments, own)), ...);
  }
  template <std::size_t I, class V>
  void check_list(std::span<const erased_operand> all, const V& views) const {
    if constexpr (line<I>::list) {
      erased_operand copy[table::count];
      std::copy(all.begin(), all.end(), copy);
      for (std::size_t i = 0; i < views.size(); ++i) {
        copy[I] = erase<I>(views[i], true, static_cast<int>(i));
        functions::check(Pass::name, copy);
      }
    }
  }

  template <std::size_t I, class V>
  SIMDNN_INLINE void check_packed(const V& weights) const {
    if constexpr (detail::is_packed_pointer<V>)
      weights->check(Pass::name, line<I>::name, algorithm_.packed_name(),
                     algorithm_.packed_elements());
  }

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
      // `&` instead of `&&`: one branch for all operands.
      const int ok = (... & int(quick<I, left_out<I, Pack>>(views, ranges, views...)));
      if (ok == 0) [[unlikely]]
        check_exactly<I...>(arguments, own);
      (check_packed<I>(views), ...);
      if constexpr (requires { Pass::check(problem_, views...); }) Pass::check(problem_, views...);

      const executor_ref executor =
          for_work(arguments.executor(), described::work(problem_, views...));
      const call_context context{executor, arguments.workspace()};
      const auto describe = [&] { return record<I...>(arguments, own); };
      if constexpr (described::fuses) {
        const auto epilogue = Pass::post_ops::template lower<Pass>(arguments.epilogue(), views...);
        return timed(executor, describe, [&]() SIMDNN_INLINE_LAMBDA {
          return Pass::run(prepared_or_problem(), algorithm_,
                           argument_of<I, left_out<I, Pack>>(views)..., epilogue, context);
        });
      } else {
        return timed(executor, describe, [&]() SIMDNN_INLINE_LAMBDA {
          return described::run(prepared_or_problem(), algorithm_, context,
                                argument_of<I, left_out<I, Pack>>(views)...);
        });
      }
    }(lowered<I>(arguments, own)...);
  }
  template <class Describe, class Run>
  SIMDNN_INLINE auto timed(const executor_ref& executor, const Describe& describe,
                           const Run& run) const {
    const calls::timer timer;
    if constexpr (std::is_void_v<decltype(run())>) {
      run();
      stop(timer, executor, describe);
    } else {
      auto result = run();
      stop(timer, executor, describe);
      return result;
    }
  }
  template <class Describe>
  SIMDNN_INLINE static void stop(const calls::timer& timer, const executor_ref& executor,
                                 const Describe& describe) {
    timer.stop([&](std::int64_t start) {
      constexpr auto call = [](const void* object) {
        return (*static_cast<const Describe*>(object))();
      };
      functions::report(start, executor, call, &describe);
    });
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
    double flops = 0;
    if constexpr (requires { problem_.flops(); }) flops = problem_.flops();
    return functions::record(Pass::name, described::text(problem_), Pass::isa_tag::name,
                             algorithm_name(), flops, operands);
  }

  problem_type problem_;
  [[no_unique_address]] prepared prepared_;
  chosen_algorithm algorithm_;
  shape shapes_[table::count];
};

/// Makes a plan and calls it once, for functions such as lrn_forward(). After the operands, the
/// arguments may include a policy, an epilogue, an executor and a workspace.
template <class Pass, class... Arguments>
auto run_once(const typename Pass::problem_type& p, Arguments&&... arguments) {
  const argument_pack<Arguments...> pack(arguments...);
  return plan<Pass>(p, pack.policy()).call(pack);
}

}  // namespace simdnn::inline SIMDNN_ABI
