#include <bench/isa_cells.hpp>
#include <bench/op_name.hpp>
#include <bench/pass.hpp>
#include <set>
#include <sstream>

namespace simdnn::bench {
namespace {

// The size of all operands of a call together. L1 and L2 fit the caches of CPUs since Haswell,
// which have at least 32 KiB and 256 KiB.
struct size_class {
  const char* name;
  std::int64_t bytes;
  bool full_only;
};
constexpr size_class sizes[] = {{"L1", 24 << 10, false},
                                {"L2", 192 << 10, false},
                                {"L3", 4 << 20, true},
                                {"memory", 64 << 20, false}};

// Problems of one kind, one per size class.
struct family {
  std::string_view op;
  const char* name;
  const char* problems[std::size(sizes)];
};
constexpr family families[] = {
    {"conv",
     "3x3",
     {"mb1_ic16ih8_oc16oh8_kh3_ph1", "mb1_ic64ih14_oc64oh14_kh3_ph1",
      "mb4_ic128ih28_oc128oh28_kh3_ph1", "mb8_ic32ih112_oc32oh112_kh3_ph1"}},
    {"conv",
     "1x1",
     {"mb1_ic32ih8_oc32oh8_kh1", "mb1_ic128ih14_oc128oh14_kh1", "mb4_ic256ih28_oc256oh28_kh1",
      "mb16_ic64ih56_oc64oh56_kh1"}},
    {"conv",
     "5x5",
     {"mb1_ic16ih5_oc16oh5_kh5_ph2", "mb1_ic32ih14_oc32oh14_kh5_ph2",
      "mb4_ic32ih56_oc32oh56_kh5_ph2", "mb4_ic32ih112_oc32oh112_kh5_ph2"}},
    {"conv",
     "1x3",
     {"mb1_ic16ih8_oc16oh8_kh1kw3_ph0pw1", "mb1_ic64ih17_oc64oh17_kh1kw3_ph0pw1",
      "mb4_ic64ih56_oc64oh56_kh1kw3_ph0pw1", "mb8_ic32ih112_oc32oh112_kh1kw3_ph0pw1"}},
    {"conv",
     "3x1",
     {"mb1_ic16ih8_oc16oh8_kh3kw1_ph1pw0", "mb1_ic64ih17_oc64oh17_kh3kw1_ph1pw0",
      "mb4_ic64ih56_oc64oh56_kh3kw1_ph1pw0", "mb8_ic32ih112_oc32oh112_kh3kw1_ph1pw0"}},
    {"conv",
     "1x7",
     {"mb1_ic16ih8_oc16oh8_kh1kw7_ph0pw3", "mb1_ic64ih17_oc64oh17_kh1kw7_ph0pw3",
      "mb4_ic64ih56_oc64oh56_kh1kw7_ph0pw3", "mb4_ic32ih112_oc32oh112_kh1kw7_ph0pw3"}},
    {"conv",
     "7x1",
     {"mb1_ic16ih8_oc16oh8_kh7kw1_ph3pw0", "mb1_ic64ih17_oc64oh17_kh7kw1_ph3pw0",
      "mb4_ic64ih56_oc64oh56_kh7kw1_ph3pw0", "mb4_ic32ih112_oc32oh112_kh7kw1_ph3pw0"}},
    {"conv",
     "depthwise",
     {"g32mb1_ic32ih8_oc32oh8_kh3_ph1", "g128mb1_ic128ih14_oc128oh14_kh3_ph1",
      "g256mb1_ic256ih56_oc256oh56_kh3_ph1", "g64mb4_ic64ih112_oc64oh112_kh3_ph1"}},
    {"conv",
     "few_channels",
     {"mb1_ic3ih16_oc16oh8_kh7_sh2_ph3", "mb1_ic3ih56_oc32oh28_kh7_sh2_ph3",
      "mb2_ic3ih224_oc32oh112_kh7_sh2_ph3", "mb4_ic3ih224_oc64oh112_kh7_sh2_ph3"}},
    {"gemm",
     "square",
     {"40x40:40x40", "144x144:144x144", "576x576:576x576", "1152x1152:1152x1152"}},
    {"inner_product",
     "layer",
     {"mb8ic64oc64", "mb16ic256oc128", "mb32ic1024oc1024", "mb32ic4096oc1024"}},
};

// LABEL=PROBLEM of each operation, in the order of operations.txt.
constexpr const char* benched_problems[] = {
#define SIMDNN_OPERATION(name, layouts, problems) problems,
#include <operations.inc>
#undef SIMDNN_OPERATION
};

struct pass {
  const char* name;
  direction dir;
};
constexpr pass passes[] = {{"forward", direction::fwd_i},
                           {"backward_data", direction::bwd_d},
                           {"backward_weights", direction::bwd_w}};

using compiled = isa::dispatched<kernels>;

std::unique_ptr<workload> make_workload(const op& o, const pass& p, const char* problem,
                                        const compiled& code, int threads) {
  return o.make(
      o, problem,
      {.dir = p.dir, .where = {.threads = threads, .isa = code.isa(), .code = &code.table()}});
}

// The algorithms that take the problem and are not in `seen`, to which they are added. If there is
// none, the algorithm that simdnn chooses.
std::vector<std::string> new_algorithms(const workload& w, std::set<std::string>& seen) {
  std::vector<std::string> found;
  for (const algorithm_info& v : w.algorithms(false))
    if (v.refusal.empty() && v.name != "reference" && v.name != "onednn" &&
        seen.insert(v.name).second)
      found.push_back(v.name);
  if (found.empty()) found.push_back(w.make_simdnn({})->implementation());
  return found;
}

const char* name_of(simdnn::direction way) { return passes[static_cast<int>(way)].name; }

// A call of a pass, with its problem and operands.
class pass_call final : public call {
 public:
  static std::unique_ptr<call> make(const test::erased_pass& pass, test::erased_problem problem,
                                    const std::string& algorithm, int threads) {
    auto owned = std::make_unique<operands>(pass, std::move(problem));
    auto r = std::make_unique<pass_runner>(owned->calls, policy{.algorithm = algorithm}, threads);
    return std::unique_ptr<call>(new pass_call(std::move(owned), std::move(r)));
  }
  void run() override { runner_->run(); }

 private:
  struct operands {
    operands(const test::erased_pass& pass, test::erased_problem p)
        : problem(std::move(p)), calls(pass, problem.get(), traits) {}
    test::erased_problem problem;
    test::pass_traits traits;
    test::pass_calls calls;
  };
  pass_call(std::unique_ptr<operands> o, std::unique_ptr<pass_runner> r)
      : call(r->flops(), r->bytes()), operands_(std::move(o)), runner_(std::move(r)) {}

  std::unique_ptr<operands> operands_;
  std::unique_ptr<pass_runner> runner_;
};

__attribute__((noinline)) long increment(long x) {
  asm volatile("" : "+r"(x));  // the caller cannot know the value
  return x + 1;
}

class cell_list {
 public:
  cell_list(std::span<const compiled> isas, int all_threads, bool full)
      : isas_(isas), threads_{1}, full_(full) {
    if (all_threads > 1) threads_.push_back(all_threads);
  }

  void add_calls() {
    const std::span<const call_maker> makers = isas_.back()->calls();
    for (std::size_t i = 0; i < makers.size(); ++i) {
      const auto add_size = [&](const char* size, std::int64_t bytes) {
        add(
            makers[i].name + std::string("/") + size, makers[i].limit,
            [=](const compiled& code, int threads) {
              return code->calls()[i].make(bytes, threads);
            },
            makers[i].one_thread);
      };
      if (makers[i].only_size != nullptr)
        add_size(makers[i].only_size, 0);
      else
        for_each_size([&](std::size_t s) { add_size(sizes[s].name, sizes[s].bytes); });
    }
  }

  // Rows for each pass of operations.txt: its problems, with the largest batch that fits the size,
  // and the smallest problem, whose time is the cost of a call.
  void add_operations() {
    const std::span<const registered_operation> operations = isas_.back()->operations();
    for (std::size_t i = 0; i < operations.size(); ++i)
      for (std::size_t j = 0; j < operations[i].passes().size(); ++j) {
        const test::erased_pass& pass = *operations[i].passes()[j];
        const auto same = [=](const compiled& code) -> const test::erased_pass& {
          return *code->operations()[i].passes()[j];
        };
        const std::string start = std::string(op_name(pass.op)) + '/' + name_of(pass.way) + '/';
        std::istringstream problems(benched_problems[i]);
        for (std::string problem; problems >> problem;) {
          const std::size_t equals = problem.find('=');
          const std::string text = problem.substr(equals + 1);
          const auto one = pass.make(pass.parse(text, 1).get(), {}),
                     two = pass.make(pass.parse(text, 2).get(), {});
          // Weights do not grow with the batch.
          const double bytes = bytes_of(pass, one->shapes),
                       more = bytes_of(pass, two->shapes) - bytes;
          const std::string& algorithm = one->algorithm;
          const std::string row = start + problem.substr(0, equals) + '/' + algorithm + '/';
          for_each_size([&](std::size_t s) {
            const double images = (static_cast<double>(sizes[s].bytes) - bytes) / more;
            const auto batch = static_cast<std::int64_t>(std::max(images, 0.0)) + 1;
            add(row + sizes[s].name, pass.memory_bound ? bound::memory : bound::arithmetic,
                [=](const compiled& code, int threads) {
                  return pass_call::make(same(code), same(code).parse(text, batch), algorithm,
                                         threads);
                });
          });
        }
        static constexpr int repeats = 100;
        const std::string algorithm = pass.make(pass.smallest().get(), {})->algorithm;
        add(start + "smallest/" + algorithm + "/call", bound::latency,
            [=](const compiled& code, int threads) {
              return make_call(
                  repeats, 0,
                  [c = pass_call::make(same(code), same(code).smallest(), algorithm, threads)] {
                    for (int k = 0; k < repeats; ++k) c->run();
                  });
            });
      }
  }

  // Rows for a direct call and for a call through the ISA's table.
  void add_dispatch() {
    constexpr int repeats = 1000;
    add("dispatch/call/increment/direct/registers", bound::latency, [](const compiled&, int) {
      return make_call(repeats, 0, [x = 0L]() mutable {
        for (int i = 0; i < repeats; ++i) x = increment(x);
      });
    });
    add("dispatch/call/increment/table/registers", bound::latency, [](const compiled& code, int) {
      return make_call(repeats, 0, [code, x = 0L]() mutable {
        for (int i = 0; i < repeats; ++i) x = code->increment(x);
      });
    });
  }

  // A row for each algorithm that no earlier family had.
  void add_families(const op& o, const pass& p) {
    std::set<std::string> seen[std::size(sizes)];
    for (const family& f : families) {
      if (f.op != o.name) continue;
      for_each_size([&](std::size_t s) {
        // No algorithm refuses a problem for its size. Large operands take long to make, so the L2
        // problem stands for larger ones.
        const char* asked = f.problems[std::min(s, std::size_t{1})];
        for (const std::string& algorithm :
             new_algorithms(*make_workload(o, p, asked, isas_.back(), 1), seen[s])) {
          const std::string row = std::string(o.name) + '/' + p.name + '/' + f.name + '/' +
                                  algorithm + '/' + sizes[s].name;
          const char* problem = f.problems[s];
          add(row, bound::arithmetic, [=](const compiled& code, int threads) {
            std::unique_ptr<workload> w = make_workload(o, p, problem, code, threads);
            std::unique_ptr<runner> r = w->make_simdnn({algorithm});
            const double flops = w->flops(), bytes = w->bytes();
            return make_call(flops, bytes, [w = std::move(w), r = std::move(r)] { r->run(); });
          });
        }
      });
    }
  }

  std::vector<cell> take() { return std::move(cells_); }

 private:
  template <class F>
  void for_each_size(F f) const {
    for (std::size_t s = 0; s < std::size(sizes); ++s)
      if (full_ || !sizes[s].full_only) f(s);
  }

  // One cell for each ISA and number of threads (only 1 if threads do not matter), which calls
  // make(code, threads).
  template <class Make>
  void add(const std::string& row, bound limit, Make make, bool one_thread = false) {
    const bool has_peak = limit == bound::arithmetic && !row.starts_with("machine/");
    for (const int threads : one_thread || limit == bound::latency ? std::vector{1} : threads_)
      for (const compiled& isa : isas_) {
        cells_.push_back({row + "/threads:" + std::to_string(threads) + '/' + isa.name(),
                          limit,
                          [=] { return make(isa, threads); },
                          {}});
        if (has_peak) cells_.back().peak = [=] { return isa->fma_peak(threads); };
      }
  }

  std::span<const compiled> isas_;
  std::vector<int> threads_;
  bool full_;
  std::vector<cell> cells_;
};

}  // namespace

std::vector<cell> make_cells(std::span<const isa::dispatched<kernels>> isas, int all_threads,
                             bool full) {
  cell_list list(isas, all_threads, full);
  list.add_calls();
  list.add_operations();
  list.add_dispatch();
  for (const op& o : ops())
    for (const pass& p : passes)
      if (o.backward || is_forward(p.dir)) list.add_families(o, p);
  return list.take();
}

}  // namespace simdnn::bench
