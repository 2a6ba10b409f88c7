// The driver: for each problem it sets up simdnn and a peer and times them in turns, or checks
// simdnn against a reference: sums in double, or the operation's algorithm `reference`.
#include <algorithm>
#include <bench/measure.hpp>
#include <bench/neighbours.hpp>
#include <bench/op.hpp>
#include <bench/options.hpp>
#include <bench/pass.hpp>
#include <bench/random_check.hpp>
#include <bench/refuse.hpp>
#include <bench/report.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <functional>
#include <limits>

namespace simdnn::bench {
namespace {

// Larger problems are checked on a sample, if the judge takes samples, and `--algorithm all` leaves
// out the algorithm `reference`.
constexpr double large_flops = 1e9;
// The peer that is simdnn itself on one thread: its ratios are speed-ups.
constexpr std::string_view serial = "serial";

op find_op(const options& o, const kernels& code) {
  const std::vector<op> registered = registered_ops(code);
  std::vector<op> all(ops().begin(), ops().end());
  all.insert(all.end(), registered.begin(), registered.end());
  for (const op& candidate : all) {
    if (candidate.name != o.op || (!candidate.backward && o.dir != direction::fwd_i)) continue;
    if (!candidate.fusable && (o.with_bias || o.with_relu))
      refuse("--post-ops", "none with " + o.op, "some");
    if (candidate.random == nullptr && o.random > 0)
      refuse("--random", "conv, inner_product or gemm FWD_I", o.op + ' ' + to_name(o.dir));
    return candidate;
  }
  std::string known;
  for (const op& one : registered) known += (known.empty() ? "" : ", ") + std::string(one.name);
  refuse("--op", "one of " + known, '"' + o.op + '"');
}

// Returns null if there is no peer.
const peer* choose_peer(const options& o, const op& the_op) {
  if (o.check || o.choice || o.peer == "none" || o.peer == serial) return nullptr;
  if (!o.peer.empty()) {
    const peer& asked = find_peer(o.peer);
    if (!the_op.has(the_op, asked)) refuse("--peer", "one that has " + o.op, o.peer);
    return &asked;
  }
  for (const peer& p : peers())
    if (the_op.has(the_op, p)) return &p;
  return nullptr;
}

// The choices to be measured: one, or every algorithm that takes the problem. Refusals are printed;
// if the named algorithm refuses, the list is empty.
std::vector<choice> choices(const options& o, const named_problem& p, const workload& w) {
  if (o.algorithm.empty())
    return {{.algorithm = {}, .strict = o.strict, .fixed = o.fixed, .pool = o.pool}};
  std::vector<choice> list;
  std::string known;
  for (const algorithm_info& v : w.algorithms(o.strict)) {
    known += (known.empty() ? "" : ", ") + v.name;
    if (o.algorithm != "all" && o.algorithm != v.name) continue;
    if (o.algorithm == "all" && v.name == "reference" &&
        std::max(w.flops(), w.bytes()) > large_flops)
      continue;
    if (v.refusal.empty())
      list.push_back({.algorithm = v.name, .strict = o.strict, .pool = o.pool});
    else
      std::printf("%-38s %-12s refuses: %s\n", p.name.c_str(), v.name.c_str(), v.refusal.c_str());
    if (o.algorithm == v.name) return list;
  }
  if (o.algorithm != "all") refuse("--algorithm", "one of " + known, '"' + o.algorithm + '"');
  return list;
}

std::vector<float> result_of(const workload& w, runner& r) {
  std::vector<float> result(static_cast<std::size_t>(w.outputs()));
  r.fetch(result.data());
  return result;
}

double relative_error(const std::vector<float>& got, const std::vector<float>& wanted) {
  double error = 0, largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double d = std::abs(double{got[i]} - double{wanted[i]});
    error = std::isnan(d) ? std::numeric_limits<double>::infinity() : std::max(error, d);
    largest = std::max(largest, std::abs(double{wanted[i]}));
  }
  return largest > 0 ? error / largest : error;
}

comparison judged(const workload& w, const judge& wanted, runner& r, bool sample) {
  return wanted.compare(result_of(w, r).data(), sample);
}

// Measures in turns with the multiply-add loop and the peer, if there is one. Each side runs after
// the loop, at the clock that the loop leaves.
perf_row measure(const named_problem& p, const options& o, const kernels& code, const workload& w,
                 const choice& c, runner* peer, double pause) {
  const std::unique_ptr<runner> own = w.make_simdnn(c);
  perf_row row{.problem = p,
               .algorithm = own->implementation(),
               .peer_implementation = {},
               .flops = w.flops()};
  const auto loop = [&] { code.multiply_add(o.threads); };
  std::vector<std::function<void()>> sides{[&] { own->run(); }, loop};
  if (peer != nullptr) sides.insert(sides.end(), {[&] { peer->run(); }, loop});
  const turn_times t = time_turns(sides, {.seconds = o.seconds, .pause = pause});
  row.time = t.times[0];
  row.percent_of_peak = 100 * row.flops / (code.multiply_add_flops * o.threads) * t.ratios[1];
  const std::unique_ptr<judge> wanted = o.errors ? w.make_judge() : nullptr;
  if (peer != nullptr) {
    row.peer_time = t.times[2], row.ratio = t.ratios[2];
    row.peer_implementation = peer->implementation();
    row.error = relative_error(result_of(w, *own), result_of(w, *peer));
    if (wanted != nullptr) row.peer_found = judged(w, *wanted, *peer, true);
  }
  if (wanted != nullptr) row.found = judged(w, *wanted, *own, true);
  return row;
}

// Measures the chosen algorithm, which is the first in the row, and all others that could be
// chosen.
choice_row measure_choice(const named_problem& p, const options& o, const workload& w) {
  std::vector<std::unique_ptr<runner>> runners;
  runners.push_back(w.make_simdnn({.algorithm = {}, .strict = o.strict, .pool = o.pool}));
  for (const algorithm_info& v : w.algorithms(o.strict))
    if (v.automatic && v.refusal.empty() && v.name != runners.front()->implementation())
      runners.push_back(w.make_simdnn({.algorithm = v.name, .strict = o.strict, .pool = o.pool}));
  std::vector<std::function<void()>> sides;
  for (const auto& r : runners) sides.push_back([&r] { r->run(); });
  const turn_times t = time_turns(sides, {.seconds = o.seconds, .hopeless = 3});
  choice_row row{.problem = p, .rivals = {}};
  for (std::size_t i = 0; i < runners.size(); ++i)
    row.rivals.push_back({runners[i]->implementation(), t.times[i], t.ratios[i]});
  return row;
}

check_row check(const named_problem& p, const workload& w, const choice& c) {
  const std::unique_ptr<runner> own = w.make_simdnn(c);
  // The second run shows if an algorithm adds to the result of the first one.
  own->run();
  own->run();
  const std::unique_ptr<judge> wanted = w.make_judge();
  const bool sample = w.flops() > large_flops;
  check_row row{.problem = p,
                .algorithm = own->implementation(),
                .found = judged(w, *wanted, *own, sample),
                .tolerance = wanted->tolerance(own->implementation()),
                .fault = {}};
  if (row.algorithm.find("winograd") != std::string::npos) {
    const std::unique_ptr<runner> direct = w.make_simdnn({"direct", c.strict});
    direct->run();
    row.direct_rms = judged(w, *wanted, *direct, sample).rms_error;
  }
  return row;
}

// The speed-up of the FMA loop: the median over pairs measured in turns, as for problems.
double speed_up(const kernels& code, int threads) {
  std::vector<double> ratios;
  for (int i = 0; i < 9; ++i) {
    const double all = code.fma_peak(threads);
    ratios.push_back(all / code.fma_peak(1));
  }
  return median(ratios);
}

// The problems of the command line. With --fixed and none given, all that are known at compile
// time.
std::vector<named_problem> problems(const options& o, const op& the_op, const kernels& code) {
  if (!o.fixed) return o.problems;
  if (the_op.fixed == nullptr) refuse("--fixed", "an op with problems known at compile time", o.op);
  if (!o.problems.empty()) return o.problems;
  std::vector<named_problem> list;
  for (const std::string& text : the_op.fixed(code)) list.push_back(parse_named_problem(text));
  return list;
}

int run(const options& o) {
  if (!o.command.empty()) return run_beside_neighbours(o);
  const auto code = o.isa.empty() ? isa::dispatch<kernels>() : isa::dispatch<kernels>(o.isa);
  const op the_op = find_op(o, code.table());
  const peer* the_peer = choose_peer(o, the_op);
  if (o.random > 0) return random_check(o, code.table()) ? 0 : 1;
  const std::vector<named_problem> list = problems(o, the_op, code.table());
  request r{.dir = o.dir,
            .batch = o.batch,
            .with_bias = o.with_bias,
            .with_relu = o.with_relu,
            .fixed = o.fixed,
            .where = {}};
  r.where = {.threads = o.threads, .isa = code.isa(), .code = &code.table()};

  if (o.neighbours >= 0) return compare_beside_neighbours(o, list, the_op, the_peer, r);

  context c{.isa = code.name(),
            .peer = the_peer != nullptr ? std::string(the_peer->name)
                    : o.peer.empty()    ? "none"
                                        : o.peer,
            .threads = o.threads};
  std::printf("# %s %s isa=%s threads=%d peer=%s", o.op.c_str(), to_name(o.dir), c.isa.c_str(),
              c.threads, c.peer.c_str());
  if (!o.check) {
    for (int i = 0; i < 10; ++i) c.peak_gflops = std::max(c.peak_gflops, code->fma_peak(o.threads));
    c.triad_gbytes = code->triad(o.threads);
    std::printf(" fma_peak=%.1f GFLOP/s", c.peak_gflops);
    if (o.threads > 1) std::printf(" (%.3f of 1 thread's)", speed_up(code.table(), o.threads));
    std::printf(" triad=%.1f GB/s", c.triad_gbytes);
  }
  std::printf("\n");
  o.check    ? print_check_heading()
  : o.choice ? print_choice_heading()
             : print_perf_heading(o.errors);

  // OpenMP's threads and those of a peer would disturb each other while they spin.
  const double pause = the_peer != nullptr && o.threads > 1 && !the_peer->shares_threads ? 0.05 : 0;
  std::vector<perf_row> timed, fastest;
  std::vector<check_row> checked;
  std::vector<choice_row> judged;
  bool failed = false;
  for (const named_problem& p : list) {
    try {
      const std::unique_ptr<workload> w = the_op.make(the_op, p.text, r);
      if (o.choice) {
        judged.push_back(measure_choice(p, o, *w));
        print(judged.back());
        continue;
      }
      const std::unique_ptr<runner> theirs = the_peer != nullptr ? w->make_peer(*the_peer)
                                             : o.peer == serial
                                                 ? w->make_simdnn({o.algorithm, o.strict, 1})
                                                 : nullptr;
      const std::vector<choice> wanted = choices(o, p, *w);
      const std::size_t first = timed.size();
      for (const choice& chosen : wanted) {
        if (o.check) {
          checked.push_back(check(p, *w, chosen));
          print(checked.back());
        } else {
          timed.push_back(measure(p, o, code.table(), *w, chosen, theirs.get(), pause));
          print(timed.back());
        }
      }
      if (timed.size() > first)
        fastest.push_back(
            *std::min_element(timed.begin() + static_cast<std::ptrdiff_t>(first), timed.end(),
                              [](const auto& a, const auto& b) { return a.time < b.time; }));
    } catch (const std::exception& e) {
      failed = true;
      checked.push_back({.problem = p, .algorithm = o.algorithm, .found = {}, .fault = e.what()});
      print(checked.back());
    }
  }
  if (!o.json.empty())
    o.check ? write_json(o.json, o, c, checked) : write_json(o.json, o, c, timed);
  std::printf("%s\n", (o.check    ? check_total(checked)
                       : o.choice ? choice_total(judged)
                                  : perf_total(fastest))
                          .c_str());
  for (const check_row& row : checked) failed |= row.failed();
  return failed ? 1 : 0;
}

}  // namespace
}  // namespace simdnn::bench

int main(int argc, char** argv) try {
  const simdnn::bench::options o = simdnn::bench::parse_options(argc, argv);
  if (o.help) {
    std::printf("%s", simdnn::bench::usage);
    return 0;
  }
  return simdnn::bench::run(o);
} catch (const std::exception& e) {
  std::fprintf(stderr, "simdnn_bench: %s\n", e.what());
  return 2;
}
