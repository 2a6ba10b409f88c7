#include <unistd.h>

#include <algorithm>
#include <bench/op.hpp>
#include <bench/random_case.hpp>
#include <bench/random_check.hpp>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>
#include <stdexcept>

namespace simdnn::bench {
namespace {

struct counts {
  std::int64_t checked = 0, refused = 0, failed = 0;
  double worst = 0;  // error / tolerance of what did not fail
  std::string at;
  std::map<std::string, std::int64_t> failures;  // by variant

  void add(const counts& other) {
    checked += other.checked, refused += other.refused, failed += other.failed;
    if (other.worst > worst) worst = other.worst, at = other.at;
  }
};

// One problem by one variant.
struct outcome {
  std::string variant;
  std::string failure = {};  // in words, or empty
  bool refused = false;
  double share = 0;  // error / tolerance
};

// What is running, for the handler of signals, which may not do more than write.
char running[4096];

void on_crash(int signal) {
  const auto print = [](const char* text) {
    [[maybe_unused]] const auto written = write(STDOUT_FILENO, text, std::strlen(text));
  };
  print(signal == SIGSEGV || signal == SIGBUS ? "FAILED (accesses memory that is no operand's): "
                                              : "FAILED (crashes): ");
  print(running);
  print("\n");
  _exit(1);
}

void watch_crashes() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) std::signal(signal, on_crash);
}

const char* reproduced(direction d) {
  return to_name(d == direction::fwd_t ? direction::fwd_i : d);
}

// An error in the name of an operand is a refusal of its strides.
bool is_refusal(const error& e) {
  constexpr std::string_view operands[] = {
      "src", "dst", "weights", "diff_src", "a", "diff_dst", "diff_weights", "post::sum", "b", "c"};
  return std::find(std::begin(operands), std::end(operands), e.argument()) != std::end(operands);
}

// The worst element's error over the tolerance.
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

  void run(const kernels& code, counts& to) {
    random_case c = the_case(code);
    const int threads = static_cast<int>(random_.one_in(2) ? 1 : random_.integer(2, 3));
    const bool compare_teams = threads > 1 && random_.one_in(2);
    std::string chosen;
    std::vector<std::string> names;
    const bool all = o_.variant.empty() || o_.variant == "all";
    if (all) names.push_back("");
    for (const variant_info& v : c.variants())
      if (v.refusal.empty() && (all || v.name == o_.variant)) names.push_back(v.name);
    for (const std::string& name : names) {
      if (!name.empty() && name == chosen) continue;
      const outcome found = check(c, name, threads, compare_teams);
      if (name.empty()) chosen = found.variant;
      count(c, found, threads, to);
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
  // The options that give this problem alone.
  std::string where() const {
    return std::string(op_.name) + " " + reproduced(dir_) + " --seed " + std::to_string(o_.seed) +
           " --first " + std::to_string(index_);
  }
  std::string describe(const random_case& c, const std::string& variant, int threads) const {
    return where() + " " + (variant.empty() ? "the chosen variant" : variant) +
           (threads > 1 ? " on " + std::to_string(threads) + " threads" : "") + ": " + c.text();
  }

  outcome check(random_case& c, const std::string& name, int threads, bool compare_teams) {
    std::snprintf(running, sizeof running, "%s", describe(c, name, threads).c_str());
    outcome found{.variant = name};
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
    found.variant = c.run(name, threads);
    if (o_.plant) plant(c, found.variant);
    for (const auto& out : c.outputs) {
      const std::vector<float> got = test::gather(out->view(), out->memory().data());
      std::size_t at = 0;
      const double share = share_of(*out, got, out->allowed(found.variant), at);
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

  // Changes one element of each result by a little more than is allowed.
  void plant(random_case& c, const std::string& variant) {
    for (const auto& out : c.outputs) {
      const std::int64_t elements = out->view().shape.elements();
      if (elements == 0) continue;
      std::int64_t left = random_.integer(0, elements - 1);
      test::for_each_place(out->view(), [&](index_t at) {
        if (left-- == 0) out->memory().data()[at] += static_cast<float>(3 * out->allowed(variant));
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
    ++to.checked;
    if (!found.failure.empty()) {
      ++to.failed;
      ++to.failures[found.variant.empty() ? "(chosen)" : found.variant];
      std::printf("FAILED (%s): %s\n", found.failure.c_str(),
                  describe(c, found.variant, threads).c_str());
      std::fflush(stdout);
    } else if (found.share > to.worst) {
      to.worst = found.share, to.at = where();
    }
  }

  const options& o_;
  const op& op_;
  direction dir_;
  std::int64_t index_;
  split_mix random_;
};

void print(const char* op, const char* dir, const counts& c) {
  std::printf("%-14s %-6s checked=%lld refused=%lld failed=%lld worst=%.4f at=%s", op, dir,
              static_cast<long long>(c.checked), static_cast<long long>(c.refused),
              static_cast<long long>(c.failed), c.worst, c.at.empty() ? "none" : c.at.c_str());
  const char* separator = "; failed: ";
  for (const auto& [variant, n] : c.failures) {
    std::printf("%s%s %lld", separator, variant.c_str(), static_cast<long long>(n));
    separator = ", ";
  }
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

bool random_check(const options& o, const kernels& code) {
  watch_crashes();
  counts total;
  for (const op& the_op : ops()) {
    if (o.op_given && the_op.name != o.op) continue;
    for (const direction dir : {direction::fwd_i, direction::bwd_d, direction::bwd_w}) {
      const bool asked = dir == o.dir || (is_forward(dir) && is_forward(o.dir));
      if ((o.dir_given && !asked) || (dir != direction::fwd_i && !the_op.backward)) continue;
      counts of_pass;
      for (std::int64_t i = 0; i < o.random; ++i)
        checker(o, the_op, dir, o.first + i).run(code, of_pass);
      print(std::string(the_op.name).c_str(), to_name(dir), of_pass);
      total.add(of_pass);
    }
  }
  std::printf("checked=%lld refused=%lld failed=%lld worst=%.4f at=%s\n",
              static_cast<long long>(total.checked), static_cast<long long>(total.refused),
              static_cast<long long>(total.failed), total.worst,
              total.at.empty() ? "none" : total.at.c_str());
  return total.failed == 0;
}

}  // namespace simdnn::bench
