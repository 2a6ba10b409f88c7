#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <simdnn/plan/entry_points.hpp>
#include <simdnn/plan/select.hpp>
#include <simdnn/plan/tuning_cache.hpp>
#include <sstream>
#include <thread>

#include "support/compare.hpp"
#include "support/threads.hpp"

using namespace simdnn;

namespace {

// A file in a folder of this test's own.
class scratch_file {
 public:
  scratch_file()
      : folder_(std::filesystem::temp_directory_path() /
                ("simdnn_tuning_" + std::to_string(getpid()))) {
    std::filesystem::create_directory(folder_);
  }
  ~scratch_file() { std::filesystem::remove_all(folder_); }
  std::string path() const { return (folder_ / "cache.txt").string(); }
  void write(const std::string& text) const { std::ofstream(path(), std::ios::binary) << text; }
  std::string text() const {
    std::stringstream s;
    s << std::ifstream(path()).rdbuf();
    return s.str();
  }

 private:
  std::filesystem::path folder_;
};

const std::string head = "simdnn tuning cache, version 1\n";

// Two algorithms whose trials take what the test says, a query being a size.
struct quick {
  static constexpr const char* name = "quick";
  static constexpr bool automatic = true;
  static const char* refuses(int) { return nullptr; }
  static double cost(int) { return 2; }
  explicit quick(int) {}
};
struct slow : quick {
  static constexpr const char* name = "slow";
  static double cost(int) { return 1; }
  using quick::quick;
};
struct small : quick {
  static constexpr const char* name = "small";
  static const char* refuses(int size) { return size > 10 ? "sizes above 10" : nullptr; }
  static double cost(int) { return 3; }
  using quick::quick;
};
struct onednn : quick {
  static constexpr const char* name = "onednn";
  static constexpr bool automatic = false;
  using quick::quick;
};
using all = algorithms<slow, quick, small, onednn>;

std::atomic<int> runs{0}, makings{0};

struct nap final : trial_run {
  explicit nap(int us) : microseconds(us) {}
  void operator()() override {
    std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  }
  int microseconds;
};
struct sleeps final : trials {
  std::string key() const override { return "words " + std::to_string(size); }
  std::unique_ptr<trial_run> run_of(const policy& one) override {
    if (!made) ++makings;
    made = true;
    if (one.algorithm == failing || failing == "all")
      throw_error("op", "algorithm", "success", "a failure");
    ++runs;
    return std::make_unique<nap>(one.algorithm == fastest ? 100 : 2000);
  }
  int size = 0;
  std::string fastest, failing;
  bool made = false;
};
policy measured(int size, const policy& wanted, const std::string& fastest,
                const std::string& failing = "none") {
  sleeps s;
  s.size = size, s.fastest = fastest, s.failing = failing;
  return plan_entry_points<isa::native>::measured(all::describe(size, wanted), wanted, "op", s);
}
const std::string key = "op words 20 threads=1 normal own";

}  // namespace

TEST_CASE("the fastest of several runs") {
  std::vector<std::unique_ptr<trial_run>> runs;
  for (const int ms : {6, 5, 3, 30}) runs.push_back(std::make_unique<nap>(1000 * ms));
  CHECK(fastest(runs) == 2);
  runs.pop_back();
  std::swap(runs[0], runs[2]);
  CHECK(fastest(runs) == 0);
}

TEST_CASE("a measured policy times once what may be chosen, and keeps the fastest") {
  tuning_cache cache;
  const policy wanted{.measured = &cache, .executor = serial{}};
  runs = makings = 0;
  CHECK(measured(20, wanted, "quick").algorithm == "quick");
  CHECK(runs == 2);  // small refuses, onednn is not allowed
  CHECK(makings == 1);
  CHECK(cache.measured() == 1);
  CHECK(cache.entries() == std::map<std::string, std::string>{{key, "quick"}});
  CHECK(measured(20, wanted, "slow").algorithm == "quick");
  CHECK(makings == 1);
  CHECK(measured(3, wanted, "small").algorithm == "small");
  CHECK(runs == 5);
  // Another key each: threads, accuracy, what is allowed.
  const test::threads two{2};
  CHECK(measured(20, {.measured = &cache, .executor = two}, "slow").algorithm == "slow");
  CHECK(
      measured(20, {.accuracy = accuracy::strict, .measured = &cache, .executor = serial{}}, "slow")
          .algorithm == "slow");
  CHECK(measured(20, {.allow_onednn = true, .measured = &cache, .executor = serial{}}, "onednn")
            .algorithm == "onednn");
  CHECK(cache.measured() == 5);
  CHECK(cache.entries().count("op words 20 threads=2 normal own") == 1);
  CHECK(cache.entries().count("op words 20 threads=1 strict own") == 1);
  CHECK(cache.entries().count("op words 20 threads=1 normal onednn") == 1);
}

TEST_CASE("a name, or no cache: nothing is measured") {
  tuning_cache cache;
  makings = 0;
  CHECK(measured(20, {.algorithm = "small", .measured = &cache}, "slow").algorithm == "small");
  CHECK(measured(20, {}, "slow").algorithm.empty());
  CHECK(makings == 0);
  CHECK(cache.entries().empty());
}

TEST_CASE(
    "an entry that is not known here is measured anew; an algorithm that cannot run is left out") {
  const scratch_file file;
  for (const char* unknown : {"turbo", "small", "onednn"}) {
    file.write(head + key + ": " + unknown + "\n");
    tuning_cache cache(file.path());
    CHECK(cache.measured() == 0);
    CHECK(measured(20, {.measured = &cache, .executor = serial{}}, "quick").algorithm == "quick");
    CHECK(cache.measured() == 1);
    CHECK(cache.entries().at(key) == "quick");
  }
  tuning_cache cache;
  CHECK(measured(20, {.measured = &cache, .executor = serial{}}, "quick", "quick").algorithm ==
        "slow");
  CHECK(test::message([&] { measured(7, {.measured = &cache}, "quick", "all"); }) ==
        "op: algorithm: expected success, got a failure");
}

TEST_CASE("a hand-made entry is taken") {
  const scratch_file file;
  file.write(head + key + ": slow\n");
  tuning_cache cache(file.path());
  makings = 0;
  CHECK(measured(20, {.measured = &cache, .executor = serial{}}, "quick").algorithm == "slow");
  CHECK(makings == 0);
}

TEST_CASE("saving and loading") {
  const scratch_file file;
  tuning_cache cache;
  const policy wanted{.measured = &cache, .executor = serial{}};
  measured(20, wanted, "quick");
  measured(3, wanted, "small");
  cache.save(file.path());
  CHECK(file.text() == head + key + ": quick\nop words 3 threads=1 normal own: small\n");
  tuning_cache other;
  measured(20, {.measured = &other, .executor = serial{}}, "slow");
  measured(30, {.measured = &other, .executor = serial{}}, "slow");
  other.load(file.path());
  CHECK(other.entries() ==
        std::map<std::string, std::string>{{key, "quick"},
                                           {"op words 3 threads=1 normal own", "small"},
                                           {"op words 30 threads=1 normal own", "slow"}});
  tuning_cache().save(file.path());
  CHECK(tuning_cache(file.path()).entries().empty());
  CHECK(test::message([&] { cache.save(file.path() + "/no/folder"); }).find("cannot be written") !=
        std::string::npos);
}

TEST_CASE("a file that is no cache adds nothing") {
  const scratch_file file;
  const auto says = [&](const std::string& text, const std::string& what) {
    file.write(text);
    tuning_cache cache;
    const std::string message = test::message([&] { cache.load(file.path()); });
    CAPTURE(message);
    CHECK(message == "tuning_cache: '" + file.path() +
                         "': expected a file that save() wrote, got one " + what);
    CHECK(cache.entries().empty());
  };
  const std::string start = "that does not start with 'simdnn tuning cache, version 1'";
  says("", start);
  says("\n", start);
  says("{\"context\": {}}\n", start);
  says(std::string("\x7f"
                   "ELF\0\1\2",
                   7),
       start);
  says("simdnn tuning cache, version 2\n", "of version 2");
  says(head + "a: b\nc\n", "whose line 3 is not 'key: algorithm'");
  says(head + "a: b\n: c\n", "whose line 3 is not 'key: algorithm'");
  says(head + "a: b\nc: \n", "whose line 3 is not 'key: algorithm'");
  says(head + "a: b\n\n", "whose line 3 is not 'key: algorithm'");
  says(head + "a: b\na: c\n", "whose line 3 repeats a key");
  says(head + "a: b\nc: dire", "whose line 3 has no end");
  tuning_cache cache;
  CHECK(test::message([&] { cache.load(file.path() + ".absent"); }).find("cannot be opened") !=
        std::string::npos);
}

TEST_CASE("many threads measure a problem once") {
  tuning_cache cache;
  runs = makings = 0;
  {
    std::vector<std::jthread> team;
    for (int t = 0; t < 4; ++t)
      team.emplace_back([&] { measured(20, {.measured = &cache, .executor = serial{}}, "quick"); });
  }
  CHECK(makings == 1);
  CHECK(runs == 2);
  CHECK(cache.measured() == 1);
}
