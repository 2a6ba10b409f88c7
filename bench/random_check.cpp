#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bench/op.hpp>
#include <bench/random_case.hpp>
#include <bench/random_check.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

namespace simdnn::bench {
namespace {

// Plain data, because it is shared with the process that runs the kernels.
struct counts {
  std::int64_t checked = 0, refused = 0, failed = 0;
  double worst = 0;  // error / tolerance of what did not fail
  char at[96] = "none";
  struct {
    char algorithm[32] = "";
    std::int64_t failed = 0;
  } by_algorithm[32];

  void add(const counts& other) {
    checked += other.checked, refused += other.refused, failed += other.failed;
    if (other.worst > worst) worst = other.worst, std::memcpy(at, other.at, sizeof at);
  }
  void add_failure(const char* algorithm) {
    ++checked, ++failed;
    for (auto& v : by_algorithm) {
      if (v.failed == 0)
        std::memcpy(v.algorithm, algorithm,
                    std::min(std::strlen(algorithm), sizeof v.algorithm - 1));
      if (std::strcmp(v.algorithm, algorithm) != 0) continue;
      ++v.failed;
      return;
    }
  }
};

// The position in the check of a pass. Kernels run in a process of their own; after a crash another
// process continues with the next run.
struct progress {
  counts found;
  std::int64_t index = 0;
  int algorithm = 0;  // index of the problem's run; -1 while the problem is made
  char name[32] = "";
};
constexpr int crashed = 3;
progress* current = nullptr;

// One problem by one algorithm.
struct outcome {
  std::string algorithm;
  std::string failure = {};  // in words, or empty
  bool refused = false;
  double share = 0;  // error / tolerance
};

// Describes the current run, for the signal handler, which may do nothing but write.
char running[4096];

void on_crash(int signal) {
  // Several threads may get here.
  static std::atomic_flag taken;
  while (taken.test_and_set()) pause();
  const auto print = [](const char* text) {
    [[maybe_unused]] const auto written = write(STDOUT_FILENO, text, std::strlen(text));
  };
  print(signal == SIGSEGV || signal == SIGBUS ? "FAILED (accesses memory that is no operand's): "
                                              : "FAILED (crashes): ");
  print(running);
  print("\n");
  current->found.add_failure(current->name);
  _exit(crashed);
}

void watch_crashes() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) std::signal(signal, on_crash);
}

const char* reproduced(direction d) {
  return to_name(d == direction::fwd_t ? direction::fwd_i : d);
}

// An error that names an operand is a refusal of its strides.
bool is_refusal(const error& e) {
  constexpr std::string_view operands[] = {
      "src", "dst", "weights", "diff_src", "a", "diff_dst", "diff_weights", "post::sum", "b", "c"};
  return std::find(std::begin(operands), std::end(operands), e.argument()) != std::end(operands);
}

// The largest error of an element divided by the tolerance; `at` becomes the element's index.
double share_of(const random_output& o, const std::vector<float>& got, double allowed,
                std::size_t& at) {
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(double{got[i]} - o.wanted[i]);
    const double share =
        std::isnan(error) ? std::numeric_limits<double>::infinity() : error / allowed;
    if (share > worst) worst = share, at = i;
  }
  return worst;
}

class checker {
 public:
  checker(const options& o, const op& the_op, direction dir, std::int64_t index)
      : o_(o), op_(the_op), dir_(dir), index_(index), random_(seed()) {}

  /// Starts with this run; run 0 is the chosen algorithm.
  void run(const kernels& code, int first_run) {
    current->index = index_, current->algorithm = -1;
    random_case c = the_case(code);
    const int threads = static_cast<int>(random_.one_in(2) ? 1 : random_.integer(2, 3));
    const bool compare_teams = threads > 1 && random_.one_in(2);
    std::string chosen;
    std::vector<std::string> names;
    const bool all = o_.algorithm.empty() || o_.algorithm == "all";
    if (all) names.push_back("");
    for (const algorithm_info& v : c.algorithms())
      if (v.refusal.empty() && (all || v.name == o_.algorithm)) names.push_back(v.name);
    for (std::size_t i = static_cast<std::size_t>(first_run); i < names.size(); ++i) {
      if (i > 0 && names[i] == chosen) continue;
      current->algorithm = static_cast<int>(i);
      std::snprintf(current->name, sizeof current->name, "%s",
                    names[i].empty() ? "(chosen)" : names[i].c_str());
      const outcome found = check(c, names[i], threads, compare_teams);
      if (i == 0) chosen = found.algorithm;
      count(c, found, threads, current->found);
    }
  }

 private:
  std::uint64_t seed() const {
    split_mix mixed(o_.seed);
    std::uint64_t all = mixed.bits();
    for (const char letter : op_.name)
      all = split_mix(all ^ static_cast<unsigned char>(letter)).bits();
    all = split_mix(all ^ static_cast<std::uint64_t>(is_forward(dir_) ? direction::fwd_i : dir_))
              .bits();
    return split_mix(all ^ static_cast<std::uint64_t>(index_)).bits();
  }
  random_case the_case(const kernels& code) {
    std::snprintf(running, sizeof running, "%s while its problem is made", where().c_str());
    return op_.random(code, dir_, random_);
  }
  // The options that select this problem alone.
  std::string where() const {
    return std::string(op_.name) + " " + reproduced(dir_) + " --seed " + std::to_string(o_.seed) +
           " --first " + std::to_string(index_);
  }
  std::string describe(const random_case& c, const std::string& algorithm, int threads) const {
    return where() + " " + (algorithm.empty() ? "the chosen algorithm" : algorithm) +
           (threads > 1 ? " on " + std::to_string(threads) + " threads" : "") + ": " + c.text();
  }

  outcome check(random_case& c, const std::string& name, int threads, bool compare_teams) {
    std::snprintf(running, sizeof running, "%s", describe(c, name, threads).c_str());
    outcome found{.algorithm = name};
    try {
      run_once(c, name, threads, found);
      if (found.failure.empty() && !found.refused && compare_teams) {
        std::vector<std::vector<float>> several;
        for (const auto& out : c.outputs)
          several.emplace_back(out->memory().begin(), out->memory().end());
        for (const auto& out : c.outputs) out->reset();
        c.run(name, 1);
        for (std::size_t i = 0; i < several.size(); ++i)
          if (!several[i].empty() && std::memcmp(several[i].data(), c.outputs[i]->memory().data(),
                                                 several[i].size() * sizeof(float)) != 0)
            found.failure = "has other bits on one thread";
      }
    } catch (const error& e) {
      found.refused = is_refusal(e);
      if (!found.refused) found.failure = std::string("throws \"") + e.what() + '"';
    } catch (const std::exception& e) {
      found.failure = std::string("throws \"") + e.what() + '"';
    }
    return found;
  }

  void run_once(random_case& c, const std::string& name, int threads, outcome& found) {
    for (const auto& out : c.outputs) out->reset();
    found.algorithm = c.run(name, threads);
    if (o_.plant) plant(c, found.algorithm);
    for (const auto& out : c.outputs) {
      const std::vector<float> got = test::gather(out->view(), out->memory().data());
      std::size_t at = 0;
      const double share = share_of(*out, got, out->allowed(found.algorithm), at);
      found.share = std::max(found.share, share);
      if (!(share <= 1) && found.failure.empty()) {
        char text[160];
        std::snprintf(text, sizeof text,
                      "%s is wrong at (%s): %.9g, expected %.9g, error %.3g of tolerance",
                      out->name().c_str(), index_text(out->view().shape, at).c_str(),
                      double{got[at]}, out->wanted[at], share);
        found.failure = text;
      }
      if (found.failure.empty()) found.failure = out->damage();
    }
    for (const auto& in : c.inputs)
      if (in->changed() && found.failure.empty()) found.failure = "writes to " + in->name();
  }

  // Changes one element of each result by three times the allowed error.
  void plant(random_case& c, const std::string& algorithm) {
    for (const auto& out : c.outputs) {
      const std::int64_t elements = out->view().shape.elements();
      if (elements == 0) continue;
      std::int64_t left = random_.integer(0, elements - 1);
      test::for_each_place(out->view(), [&](index_t at) {
        if (left-- == 0)
          out->memory().data()[at] += static_cast<float>(3 * out->allowed(algorithm));
      });
    }
  }

  static std::string index_text(const shape& s, std::size_t at) {
    std::string text;
    auto rest = static_cast<std::int64_t>(at);
    for (int d = s.rank() - 1; d >= 0; rest /= s[d--])
      text.insert(0, std::to_string(rest % s[d]) + (text.empty() ? "" : ","));
    return text;
  }

  void count(const random_case& c, const outcome& found, int threads, counts& to) const {
    if (found.refused) {
      ++to.refused;
      return;
    }
    std::int64_t elements = 0;
    for (const auto& out : c.outputs) elements += out->view().shape.elements();
    if (o_.plant && elements == 0) return;
    if (!found.failure.empty()) {
      to.add_failure(found.algorithm.empty() ? "(chosen)" : found.algorithm.c_str());
      std::printf("FAILED (%s): %s\n", found.failure.c_str(),
                  describe(c, found.algorithm, threads).c_str());
      std::fflush(stdout);
      return;
    }
    ++to.checked;
    if (found.share > to.worst) {
      to.worst = found.share;
      std::snprintf(to.at, sizeof to.at, "%s", where().c_str());
    }
  }

  const options& o_;
  const op& op_;
  direction dir_;
  std::int64_t index_;
  split_mix random_;
};

void print(const std::string& heading, const counts& c) {
  std::printf("%schecked=%lld refused=%lld failed=%lld worst=%.4f at=%s", heading.c_str(),
              static_cast<long long>(c.checked), static_cast<long long>(c.refused),
              static_cast<long long>(c.failed), c.worst, c.at);
  const char* separator = "; failed: ";
  for (const auto& v : c.by_algorithm) {
    if (v.failed == 0) break;
    std::printf("%s%s %lld", separator, v.algorithm, static_cast<long long>(v.failed));
    separator = ", ";
  }
  std::printf("\n");
  std::fflush(stdout);
}

// Checks all problems of one pass.
counts check_pass(const options& o, const op& the_op, direction dir, const kernels& code) {
  *current = progress();
  current->index = o.first;
  std::int64_t stuck = -1;
  for (int first_run = 0;;) {
    const pid_t child = fork();
    if (child == 0) {
      watch_crashes();
      const std::int64_t start = current->index;
      for (std::int64_t i = start; i < o.first + o.random; ++i)
        checker(o, the_op, dir, i).run(code, i == start ? first_run : 0);
      std::fflush(stdout);
      _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child)
      throw std::runtime_error("--random: no process for the kernels");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return current->found;
    // If making a problem fails, an earlier kernel may have damaged memory: it is made once more in
    // a new process.
    const bool again = current->algorithm < 0 && current->index != stuck;
    if (current->algorithm < 0) stuck = current->index;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != crashed || (current->algorithm < 0 && !again))
      throw std::runtime_error("--random: the process of the kernels ended at " +
                               std::string(the_op.name) + " " + to_name(dir) + " --first " +
                               std::to_string(current->index));
    first_run = current->algorithm + 1;
  }
}

}  // namespace

bool random_check(const options& o, const kernels& code) {
  void* const shared =
      mmap(nullptr, sizeof(progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::bad_alloc();
  current = new (shared) progress;
  std::fflush(stdout);
  counts total;
  for (const op& the_op : ops()) {
    if (o.op_given && the_op.name != o.op) continue;
    for (const direction dir : {direction::fwd_i, direction::bwd_d, direction::bwd_w}) {
      const bool asked = dir == o.dir || (is_forward(dir) && is_forward(o.dir));
      if ((o.dir_given && !asked) || (dir != direction::fwd_i && !the_op.backward)) continue;
      const counts found = check_pass(o, the_op, dir, code);
      std::string heading(the_op.name);
      heading.resize(15, ' ');
      heading.append(to_name(dir)).append("  ");
      print(heading, found);
      total.add(found);
    }
  }
  print("", total);
  return total.failed == 0;
}

}  // namespace simdnn::bench
