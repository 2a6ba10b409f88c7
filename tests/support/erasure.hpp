// erasure<Pass>::pass: a pass as an erased_pass. Only this is compiled for each pass: its table, the
// construction of its problems and plans, and one call.
#pragma once

#include <algorithm>
#include <array>
#include <simdnn/plan/plan.hpp>
#include <simdnn/problem/random.hpp>
#include <simdnn/problem/tensor_problem.hpp>

#include "support/erased_pass.hpp"

namespace test {

template <class Pass>
class erasure {
  using table = typename Pass::operands;
  using problem_type = typename Pass::problem_type;
  using numbers = std::make_index_sequence<table::count>;
  template <std::size_t I>
  using line = typename table::template at<I>;

  template <std::size_t I>
  static constexpr bool written = simdnn::described_pass<Pass>::template written<line<I>>;

  template <std::size_t I, std::size_t... J>
  static constexpr operand_facts facts_of(std::index_sequence<J...>) {
    using operand = line<I>;
    operand_facts f{operand::name,
                    operand::role,
                    written<I>,
                    operand::optional,
                    operand::list,
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
  static constexpr std::size_t weights_line = table::weights_line;
  static constexpr bool has_weights = weights_line < table::count;

  // A list has two parts of one tensor: its channels, cut between blocks.
  template <std::size_t I>
  static auto view_of(const erased_view& v) {
    using T = typename line<I>::type;
    constexpr simdnn::layout format = line<I>::usual_layout;
    using view = simdnn::view<std::conditional_t<written<I>, T, const T>, format>;
    const view whole =
        v.shape.rank() == 0 ? view() : view(reinterpret_cast<T*>(v.data), v.shape, v.strides);
    if constexpr (line<I>::list) {
      constexpr int c = format.dim('c');
      const index_t channels = whole.size(c),
                    first = std::min(channels, simdnn::round_up(channels / 2, format.block(c)));
      const index_t rest = channels - first;
      return std::array{whole.part(c, 0, first), whole.part(c, rest > 0 ? first : 0, rest)};
    } else {
      return whole;
    }
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
    typed_plan(const problem_type& p, const simdnn::policy& policy) : plan_(p, policy) {
      describe(numbers());
      algorithm = plan_.algorithm_name();
    }
    void pack(std::span<const erased_view> operands, simdnn::executor_ref executor) override {
      if constexpr (has_weights)
        weights_ = plan_.pack(view_of<weights_line>(operands[weights_line]),
                              simdnn::default_memory(), executor);
    }
    double run(std::span<const erased_view> operands, simdnn::executor_ref executor,
               std::span<std::byte> workspace) const override {
      if constexpr (optional_line < table::count)
        if (operands[optional_line].shape.rank() == 0)
          return call<true>(operands, executor, workspace, numbers());
      return call<false>(operands, executor, workspace, numbers());
    }
    index_t workspace_bytes(int workers) const override { return plan_.workspace_bytes(workers); }

   private:
    // What is left out is `none` in a call, which is another type: each choice is compiled.
    static constexpr std::size_t optional_line = [] {
      std::size_t at = 0;
      while (at < table::count && !facts[at].optional) ++at;
      return at;
    }();
    template <std::size_t I, bool LeftOut>
    decltype(auto) argument(std::span<const erased_view> operands) const {
      static_assert(I <= optional_line || !facts[I].optional, "at most one optional operand");
      if constexpr (I == weights_line)
        return (weights_);
      else if constexpr (I == optional_line && LeftOut)
        return (simdnn::none);
      else
        return view_of<I>(operands[I]);
    }
    template <bool LeftOut, std::size_t... I>
    double call(std::span<const erased_view> operands, simdnn::executor_ref executor,
                std::span<std::byte> workspace, std::index_sequence<I...>) const {
      const auto run = [&] {
        return plan_(argument<I, LeftOut>(operands)..., executor, workspace);
      };
      if constexpr (std::is_void_v<decltype(run())>)
        return run(), 0;
      else
        return run();
    }
    template <std::size_t... I>
    void describe(std::index_sequence<I...>) {
      const problem_type& p = plan_.problem();
      shapes = {shape_of<I>(p)...};
      indices = {line<I>::indices(p)...};
      if constexpr (requires { Pass::terms(p); }) terms = std::max<index_t>(1, Pass::terms(p));
      text = simdnn::described_pass<Pass>::text(p);
      if constexpr (requires { p.flops(); }) flops = p.flops();
      if constexpr (requires { Pass::trial_batch; }) flops *= Pass::trial_batch;
    }

    simdnn::plan<Pass> plan_;
    decltype(no_weights()) weights_ = no_weights();
  };

  static std::vector<erased_pass::algorithm> algorithms(const void* problem,
                                                        const simdnn::policy& policy) {
    std::vector<erased_pass::algorithm> all;
    for (const auto& d :
         simdnn::plan<Pass>::describe(*static_cast<const problem_type*>(problem), policy))
      all.push_back({d.name, d.eligible, d.refusal == nullptr, d.refusal ? d.refusal : ""});
    return all;
  }
  static std::unique_ptr<erased_plan> make(const void* problem, const simdnn::policy& policy) {
    return std::make_unique<typed_plan>(*static_cast<const problem_type*>(problem), policy);
  }

  static simdnn::shape replaced(const simdnn::shape& s, int dimension, index_t size) {
    simdnn::shape other;
    for (int d = 0; d < s.rank(); ++d) other.push_back(d == dimension ? size : s[d]);
    return other;
  }
  static erased_problem own(const problem_type& p) {
    return std::make_shared<const problem_type>(p);
  }
  static erased_problem parse(const std::string& text, index_t batch) {
    problem_type p = simdnn::described_pass<Pass>::parse(text);
    if (batch > 0) {
      if constexpr (requires { p.batch; }) p.batch = batch;
      if constexpr (requires { p.sizes.rank(); }) p.sizes = replaced(p.sizes, 0, batch);
    }
    return own(p);
  }
  static bool legal(const problem_type& p) {
    try {
      simdnn::described_pass<Pass>::checked(p);
      return true;
    } catch (const simdnn::error&) {
      return false;
    }
  }
  static erased_problem smallest() {
    problem_type p;
    if constexpr (simdnn::problems::lists_fields<problem_type>) {
      p = simdnn::problems::smallest_problem<problem_type>(spatial_rank);
      // A rule of the operation's own may ask for a larger image.
      if constexpr (requires { p.size.rank; })
        while (!legal(p) && p.size[0] < 8)
          p.size = simdnn::spatial::all(spatial_rank, p.size[0] + 1);
    } else {
      for (int d = 0; d < line<0>::usual_layout.rank(); ++d) p.sizes.push_back(1);
    }
    return own(p);
  }
  static erased_problem random(test::random& r) {
    const auto integer = [&](index_t low, index_t high) { return r.integer(low, high); };
    for (int left = 10000; left > 0; --left) {
      problem_type p;
      // Channels fill several blocks of a layout; other sizes are small.
      if constexpr (simdnn::problems::lists_fields<problem_type>) {
        p = simdnn::random_problem<problem_type>(integer, {.greatest = 7});
        if constexpr (requires { p.channels; }) p.channels = r.integer(1, 40);
      } else {
        const simdnn::layout& layout = line<0>::usual_layout;
        for (int d = 0; d < layout.rank(); ++d)
          p.sizes.push_back(r.integer(1, d == layout.dim('c') ? 40 : 7));
      }
      if (legal(p)) return own(p);  // else it has another number of spatial dimensions
    }
    simdnn::throw_error(Pass::name, "problem", "a legal one among 10000 that were drawn", "none");
  }
  static std::vector<erased_problem> empty(const void* problem) {
    const auto& p = *static_cast<const problem_type*>(problem);
    std::vector<erased_problem> all;
    const auto add = [&](const problem_type& one) {
      if (legal(one)) all.push_back(own(one));  // some sizes must not be 0
    };
    if constexpr (simdnn::problems::lists_fields<problem_type>)
      problem_type::fields([&](auto member, const simdnn::field& f) {
        problem_type one = p;
        if constexpr (std::is_same_v<decltype(one.*member), index_t&>)
          if (f.least == 0 && f.usual == simdnn::field::none) one.*member = 0, add(one);
      });
    else
      for (int d = 0; d < p.sizes.rank(); ++d) {
        problem_type one = p;
        one.sizes = replaced(p.sizes, d, 0);
        add(one);
      }
    return all;
  }
  static constexpr int spatial_rank = [] {
    int rank = 0;
    for (const char letter : {'d', 'h', 'w'}) rank += line<0>::usual_layout.dim(letter) >= 0;
    return rank;
  }();

  static constexpr bool completes_records = requires { &Pass::complete; };
  static constexpr bool memory_bound = requires { Pass::memory_bound; };

 public:
  static constexpr erased_pass pass{Pass::name,
                                    simdnn::described_pass<Pass>::way(),
                                    Pass::isa_tag::name,
                                    facts,
                                    completes_records,
                                    memory_bound,
                                    &algorithms,
                                    &make,
                                    &parse,
                                    &smallest,
                                    &random,
                                    &empty};
};

/// The passes of an operation's list.
template <class... Passes>
std::span<const erased_pass* const> erase_all(simdnn::pass_list<Passes...>) {
  static constexpr const erased_pass* all[] = {&erasure<Passes>::pass...};
  return all;
}

}  // namespace test
