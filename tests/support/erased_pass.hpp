// erased_pass: a pass (plan/plan.hpp) as data and function pointers, for checks that are no templates.
// Here is all that is compiled for each pass: its table, the construction of its plans and one call.
#pragma once

#include <array>
#include <memory>
#include <simdnn/plan/plan.hpp>

#include "support/placed_operand.hpp"

namespace test {

/// A plan<Pass>, with the weights that it packed last.
class erased_plan {
 public:
  virtual ~erased_plan() = default;
  /// Does nothing if the pass has no weights.
  virtual void pack(std::span<const erased_view> operands, simdnn::executor_ref executor) = 0;
  /// Returns what the pass does, 0 if that is nothing. An empty workspace stands for the thread's arena.
  virtual double run(std::span<const erased_view> operands, simdnn::executor_ref executor,
                     std::span<std::byte> workspace) const = 0;
  virtual index_t workspace_bytes(int workers) const = 0;

  std::vector<simdnn::shape> shapes;  ///< of the operands
  std::string text;                   ///< of the problem in call records
  double flops = 0;
};

struct erased_pass {
  struct algorithm {
    std::string name;
    bool automatic, takes_problem;
  };
  const char* op;
  const char* isa;
  std::span<const operand_facts> operands;
  bool completes_records;  ///< by a rule of its own
  std::vector<algorithm> (*algorithms)(const void* problem);
  /// Throws error as plan's constructor does. An empty name: the plan's own choice.
  std::unique_ptr<erased_plan> (*make)(const void* problem, const std::string& algorithm);
};

template <class Pass>
class erasure {
  using table = typename Pass::operands;
  using problem_type = typename Pass::problem_type;
  using numbers = std::make_index_sequence<table::count>;
  template <std::size_t I>
  using line = typename table::template at<I>;

  static constexpr bool forward = [] {
    if constexpr (requires { Pass::way; }) return Pass::way == simdnn::direction::forward;
    return true;
  }();
  template <std::size_t I>
  static constexpr bool written =
      line<I>::role == simdnn::role::out || line<I>::role == simdnn::role::inout ||
      (line<I>::role == simdnn::role::saved && forward);

  template <std::size_t I, std::size_t... J>
  static constexpr operand_facts facts_of(std::index_sequence<J...>) {
    using operand = line<I>;
    static_assert(!operand::list, "passes of lists have tests of their own");
    operand_facts f{operand::name,
                    operand::role,
                    written<I>,
                    operand::optional,
                    operand::has_shape,
                    !operand::any,
                    operand::usual_layout,
                    operand::needs,
                    -1,
                    0,
                    &element_kind_of<typename operand::type>};
    ((f.like = operand::template is_like<line<J>::expected_name> ? static_cast<int>(J) : f.like),
     ...);
    ((f.may_replace |=
      operand::template may_replace<line<J>::expected_name> ? std::size_t{1} << J : 0),
     ...);
    return f;
  }
  template <std::size_t... I>
  static constexpr auto make_facts(std::index_sequence<I...>) {
    return std::array<operand_facts, table::count>{facts_of<I>(numbers())...};
  }
  static constexpr auto facts = make_facts(numbers());
  static constexpr std::size_t weights_line = [] {
    std::size_t at = 0;
    while (at < table::count && facts[at].role != simdnn::role::weights) ++at;
    return at;
  }();
  static constexpr bool has_weights = weights_line < table::count;

  template <std::size_t I>
  static auto view_of(const erased_view& v) {
    using T = typename line<I>::type;
    using view = simdnn::view<std::conditional_t<written<I>, T, const T>, line<I>::usual_layout>;
    return v.shape.rank() == 0 ? view() : view(reinterpret_cast<T*>(v.data), v.shape, v.strides);
  }
  template <std::size_t I>
  static simdnn::shape shape_of(const problem_type& p) {
    if constexpr (line<I>::has_shape)
      return line<I>::shape(p);
    else
      return Pass::trial_shape(p, I);
  }
  static auto no_weights() {
    if constexpr (has_weights)
      return simdnn::packed<typename line<weights_line>::type>();
    else
      return simdnn::none;
  }

  class typed_plan : public erased_plan {
   public:
    typed_plan(const problem_type& p, const std::string& algorithm)
        : plan_(p, {.algorithm = algorithm}) {
      describe(numbers());
    }
    void pack(std::span<const erased_view> operands, simdnn::executor_ref executor) override {
      if constexpr (has_weights)
        weights_ = plan_.pack(view_of<weights_line>(operands[weights_line]),
                              simdnn::default_memory(), executor);
    }
    double run(std::span<const erased_view> operands, simdnn::executor_ref executor,
               std::span<std::byte> workspace) const override {
      return run(operands, executor, workspace, numbers());
    }
    index_t workspace_bytes(int workers) const override { return plan_.workspace_bytes(workers); }

   private:
    template <std::size_t I>
    decltype(auto) argument(std::span<const erased_view> operands) const {
      if constexpr (I == weights_line)
        return (weights_);
      else
        return view_of<I>(operands[I]);
    }
    template <std::size_t... I>
    double run(std::span<const erased_view> operands, simdnn::executor_ref executor,
               std::span<std::byte> workspace, std::index_sequence<I...>) const {
      const auto call = [&] { return plan_(argument<I>(operands)..., executor, workspace); };
      if constexpr (std::is_void_v<decltype(call())>)
        return call(), 0;
      else
        return call();
    }
    template <std::size_t... I>
    void describe(std::index_sequence<I...>) {
      const problem_type& p = plan_.problem();
      shapes = {shape_of<I>(p)...};
      if constexpr (requires { Pass::text(p); })
        text = Pass::text(p);
      else
        text = p.str();
      if constexpr (requires { p.flops(); }) flops = p.flops();
    }

    simdnn::plan<Pass> plan_;
    decltype(no_weights()) weights_ = no_weights();
  };

  static std::vector<erased_pass::algorithm> algorithms(const void* problem) {
    std::vector<erased_pass::algorithm> all;
    for (const auto& d : simdnn::plan<Pass>::describe(*static_cast<const problem_type*>(problem)))
      all.push_back({d.name, d.eligible, d.refusal == nullptr});
    return all;
  }
  static std::unique_ptr<erased_plan> make(const void* problem, const std::string& algorithm) {
    return std::make_unique<typed_plan>(*static_cast<const problem_type*>(problem), algorithm);
  }

 public:
  static constexpr erased_pass pass{Pass::name, Pass::isa_tag::name, facts,
                                    requires {&Pass::complete;
}, &algorithms, &make
};  // namespace test
}
;

}  // namespace test
