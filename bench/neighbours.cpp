#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bench/measure.hpp>
#include <bench/neighbours.hpp>
#include <bench/report.hpp>
#include <bench/team.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <simdnn/parallel/parallel_for.hpp>
#include <stdexcept>
#include <thread>

namespace simdnn::bench {
namespace {

void sleep_seconds(double s) { std::this_thread::sleep_for(std::chrono::duration<double>(s)); }
// After this pause no thread of another side spins any more.
constexpr double pause = 0.05;
constexpr int turns = 5;

struct side {
  std::string name;
  std::unique_ptr<runner> run;
  std::vector<double> quiet, busy, kept;  // seconds per call, and quiet / busy, of each turn
};

// Seconds per call over all calls that begin within `seconds`, so that a sample has many of the
// scheduler's time slices.
double sample(runner& r, double seconds) {
  sleep_seconds(pause);
  r.run();  // starts the side's threads
  const double start = now();
  int calls = 0;
  double end = start;
  while (calls == 0 || end - start < seconds) r.run(), ++calls, end = now();
  return (end - start) / calls;
}

// Microseconds that a call without work takes, when calls follow one another.
double empty_call(const team& t) {
  std::vector<double> samples;
  for (int i = 0; i < 100; ++i)
    samples.push_back(time_calls(
        [&] { parallel_for(t, t.concurrency(), [](index_t, index_t, index_t) {}); }, 100));
  sleep_seconds(pause);
  return median(samples) * 1e6;
}

std::vector<side> make_sides(const workload& w, const options& o, const peer* p) {
  std::vector<side> sides;
  const auto add = [&](std::string name, std::unique_ptr<runner> r) {
    sides.push_back({std::move(name), std::move(r), {}, {}, {}});
  };
  for (const bool pooled : {false, true})
    add(pooled ? "pool" : "openmp",
        w.make_simdnn({.algorithm = o.algorithm, .strict = o.strict, .pool = pooled}));
  if (p != nullptr) add(std::string(p->name), w.make_peer(*p));
  return sides;
}

// Quiet and busy samples alternate, so that a change of the clock frequency affects both.
void measure(std::vector<side>& sides, const busy_processes& neighbours, double seconds) {
  for (int turn = 0; turn < turns; ++turn) {
    for (side& s : sides) s.quiet.push_back(sample(*s.run, seconds));
    neighbours.go();
    for (side& s : sides) {
      s.busy.push_back(sample(*s.run, seconds));
      s.kept.push_back(s.quiet.back() / s.busy.back());
    }
    neighbours.stop();
  }
}

}  // namespace

busy_processes::busy_processes(int count) {
  try {
    for (int i = 0; i < count; ++i) start_one();
  } catch (...) {
    end();
    throw;
  }
}
busy_processes::~busy_processes() { end(); }

void busy_processes::start_one() {
  const pid_t parent = getpid(), child = fork();
  if (child < 0) throw std::runtime_error("--neighbours: expected a new process, got none");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // also if the parent crashes
    if (getppid() != parent) _exit(0);
    ::raise(SIGSTOP);
    for (volatile unsigned n = 0;;) n = n + 1;
  }
  processes_.push_back(child);
  waitpid(child, nullptr, WUNTRACED);
}
void busy_processes::end() const {
  for (const pid_t p : processes_) {
    kill(p, SIGKILL);
    waitpid(p, nullptr, 0);
  }
}
void busy_processes::go() const {
  for (const pid_t p : processes_) kill(p, SIGCONT);
}
void busy_processes::stop() const {
  for (const pid_t p : processes_) {
    kill(p, SIGSTOP);
    waitpid(p, nullptr, WUNTRACED);
  }
}

int compare_beside_neighbours(const options& o, const std::vector<named_problem>& problems,
                              const op& the_op, const peer* the_peer, const request& r) {
  const busy_processes neighbours(o.neighbours);
  const int cpus = usable_cpus();
  const double fair = std::min(1.0, static_cast<double>(cpus) / (o.threads + o.neighbours));
  std::printf("# %s %s isa=%s threads=%d empty call: openmp=%.2f us pool=%.2f us\n", o.op.c_str(),
              to_name(o.dir), isa::to_name(r.where.isa), o.threads,
              empty_call(make_team(o.threads)), empty_call(make_team(o.threads, true)));
  std::printf("%-38s %-8s %11s %11s %6s %8s\n", "name", "side", "quiet ms", "busy ms", "rate",
              "of fair");

  std::vector<std::string> names;
  std::vector<double> logs;
  int measured = 0;
  bool failed = false;
  for (const named_problem& p : problems) try {
      const std::unique_ptr<workload> w = the_op.make(the_op, p.text, r);
      std::vector<side> sides = make_sides(*w, o, the_peer);
      measure(sides, neighbours, o.seconds / 2);
      logs.resize(sides.size());
      names.clear();
      ++measured;
      for (std::size_t i = 0; i < sides.size(); ++i) {
        const side& s = sides[i];
        const double kept = median(s.kept);
        logs[i] += std::log(kept / fair);
        names.push_back(s.name);
        std::printf("%-38s %-8s %11.4f %11.4f %6.3f %8.3f\n", p.name.c_str(), s.name.c_str(),
                    median(s.quiet) * 1e3, median(s.busy) * 1e3, kept, kept / fair);
      }
      std::fflush(stdout);
    } catch (const std::exception& e) {
      neighbours.stop();
      failed = true;
      std::printf("%-38s FAILED: %s\n", p.name.c_str(), e.what());
    }
  std::printf("neighbours=%d cpus=%d fair=%.3f", o.neighbours, cpus, fair);
  for (std::size_t i = 0; i < names.size(); ++i)
    std::printf(" %s=%.3f", names[i].c_str(), std::exp(logs[i] / measured));
  std::printf("\n");
  return failed ? 1 : 0;
}

int run_beside_neighbours(const options& o) {
  const busy_processes neighbours(o.neighbours);
  neighbours.go();
  const int status = std::system(o.command.c_str());  // NOLINT: the user's own command
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace simdnn::bench
