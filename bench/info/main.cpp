// simdnn_info: prints versions, facts about this machine, and simdnn's algorithms for a problem.
#include <getopt.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <bench/info/info.hpp>
#include <bench/provenance.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <simdnn/parallel/parallel_for.hpp>

namespace simdnn::info {
namespace {

constexpr const char* usage = R"(simdnn_info: versions, this machine, and what simdnn would choose

  simdnn_info                          versions, instruction sets, caches, threads, oneDNN
  simdnn_info --operations             every operation, pass and algorithm, as Markdown
  simdnn_info [OPTION...] PROBLEM...   all algorithms for problems in benchdnn's notation

  --op NAME                            conv (default), gemm, pooling ...: a pass without its _forward
  --dir FWD|BWD_D|BWD_W                default FWD; pooling's backward pass is BWD_D
  --src LAYOUT, --dst LAYOUT           default nChw16c and its like; dst as src
  --type float|double                  default float
  --isa sse42|avx2|avx512              default the best that this CPU runs
  --accuracy normal|strict             strict: nothing that rounds more than plain sums
  --onednn                             oneDNN may be chosen

For example: simdnn_info --isa avx2 mb1_ic64ih56_oc64oh56_kh3_ph1
             simdnn_info --op gemm 512x512:512x512
)";

std::string processors(double count) {
  char text[32] = "no limit";
  if (std::isfinite(count)) std::snprintf(text, sizeof text, "%.2f processors", count);
  return text;
}

// The limit in the root group of version 1. A container sees its own group as the root.
std::string cgroup_limit_of_version_1() {
  std::ifstream q("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), p("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double quota = 0, period = 0;
  if (!(q >> quota && p >> period)) return "none found";
  return processors(quota < 0 ? std::numeric_limits<double>::infinity() : quota / period);
}

std::string cache(const char* name, int level) {
  const long bytes = sysconf(level);
  if (bytes <= 0) return std::string(name) + " unknown";
  return std::string(name) + ' ' + std::to_string(bytes / 1024) + " KiB";
}

// The number of processors whose time the control groups allow this process. For version 2 this is
// the least of the limits of its group and of all groups above. A container sees its own group as
// the root.
std::string cgroup_limit() {
  std::filesystem::path group = "/";
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);)
    if (line.starts_with("0::/")) group = line.substr(3);
  bool found = false;
  double least = std::numeric_limits<double>::infinity();
  for (;; group = group.parent_path()) {
    std::ifstream file("/sys/fs/cgroup" + (group / "cpu.max").string());
    double period = 0;
    if (std::string quota; file >> quota >> period) {
      found = true;
      if (quota != "max") least = std::min(least, std::stod(quota) / period);
    }
    if (group == group.root_path()) break;
  }
  if (!found) return cgroup_limit_of_version_1();
  return processors(least);
}

int allowed_processors() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

void print_machine() {
  for (const auto& [name, value] : bench::provenance())
    std::printf("%-12s %s\n", name.c_str(), value.c_str());
  std::string compiled;
  for (const isa::compiled_table* v :
       simdnn_isa_variants(static_cast<info_kernels*>(nullptr)).tables)
    compiled += (compiled.empty() ? "" : ", ") + std::string(isa::to_name(v->isa));
  std::printf("%-12s compiled for %s; this CPU runs %s; dispatch takes %s\n", "isa",
              compiled.c_str(), isa::to_name(isa::best_supported()),
              isa::dispatch<info_kernels>().name());
  std::printf("%-12s %s, %s, %s\n", "caches", cache("L1d", _SC_LEVEL1_DCACHE_SIZE).c_str(),
              cache("L2", _SC_LEVEL2_CACHE_SIZE).c_str(),
              cache("L3", _SC_LEVEL3_CACHE_SIZE).c_str());
  std::printf("%-12s %d by default; %ld processors, %d of them allowed, control group: %s\n",
              "threads", executor_ref(default_executor()).concurrency(),
              sysconf(_SC_NPROCESSORS_ONLN), allowed_processors(), cgroup_limit().c_str());
#if defined(SIMDNN_WITH_ONEDNN)
  std::printf("%-12s built in, taken where a policy allows or names it\n", "oneDNN");
#else
  std::printf("%-12s not built in\n", "oneDNN");
#endif
}

// The algorithms of a row as a list in Markdown, without `reference`, which every row has, and
// `onednn`, which depends on the build. If a name and the one before it are equal up to the first
// underscore, this part is left out.
std::string algorithm_list(std::size_t row) {
  const auto isas = simdnn_isa_variants(static_cast<info_kernels*>(nullptr)).tables;
  const auto names = [&](const isa::compiled_table* v) {
    return static_cast<const info_kernels*>(v->table)->operations[row].algorithms;
  };
  std::string list, before;
  for (const std::string name : names(isas[0])) {
    if (name == "reference" || name == "onednn") continue;
    const std::string start = name.substr(0, name.find('_'));
    list += list.empty() ? "`" : ", `";
    list += start != name && start == before ? name.substr(start.size()) : name;
    list += '`';
    before = start;
    // If only some ISAs have the algorithm, they are named.
    std::string has;
    std::size_t count = 0;
    for (const isa::compiled_table* v : isas)
      for (const char* other : names(v))
        if (name == other) {
          has += (has.empty() ? "" : ", ") + std::string(isa::to_name(v->isa));
          ++count;
        }
    if (count != isas.size()) list += " (" + has + ')';
  }
  return list;
}

// Passes of an operation with the same algorithms share a row. A row with the algorithms of an
// earlier operation names that operation instead.
void print_operations() {
  const auto isas = simdnn_isa_variants(static_cast<info_kernels*>(nullptr)).tables;
  const auto rows = static_cast<const info_kernels*>(isas[0]->table)->operations;
  std::printf("| header | passes | layouts | algorithms |\n|---|---|---|---|\n");
  std::string passes;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    passes += (passes.empty() ? "`" : ", `") + std::string(rows[i].pass) + '`';
    if (i + 1 < rows.size() && rows[i + 1].op == std::string(rows[i].op) &&
        rows[i + 1].algorithms.data() == rows[i].algorithms.data())
      continue;
    std::size_t same = 0;
    while (rows[same].algorithms.data() != rows[i].algorithms.data()) ++same;
    const std::string list = rows[same].op == std::string(rows[i].op)
                                 ? algorithm_list(i)
                                 : "as `" + std::string(rows[same].op) + '`';
    std::printf("| `%s.hpp` | %s | %s | %s |\n", rows[i].op, passes.c_str(), rows[i].layouts,
                list.c_str());
    passes.clear();
  }
}

void print(const answer& a) {
  std::printf("%s\n", a.call.c_str());
  for (const algorithm_row& row : a.rows) {
    std::printf("  %-18s ", row.name.c_str());
    if (!row.refusal.empty())
      std::printf("refuses: %s\n", row.refusal.c_str());
    else
      std::printf("cost %10.4g%s\n", row.cost,
                  row.chosen     ? "  chosen"
                  : row.eligible ? ""
                                 : "  only by name");
  }
}

// The index of an option's value among the allowed words.
template <std::size_t N>
std::size_t one_of(const char* option, const char* value, const char* const (&words)[N]) {
  std::string list;
  for (std::size_t i = 0; i < N; ++i) {
    if (std::strcmp(value, words[i]) == 0) return i;
    list += (list.empty() ? "" : ", ") + std::string(words[i]);
  }
  throw_error("simdnn_info", option, "one of " + list, '"' + std::string(value) + '"');
}

int run(int argc, char** argv) {
  enum { help, op, dir, src, dst, type, isa_name, accuracy_name, onednn, operations };
  const option options[] = {{"help", no_argument, nullptr, help},
                            {"op", required_argument, nullptr, op},
                            {"dir", required_argument, nullptr, dir},
                            {"src", required_argument, nullptr, src},
                            {"dst", required_argument, nullptr, dst},
                            {"type", required_argument, nullptr, type},
                            {"isa", required_argument, nullptr, isa_name},
                            {"accuracy", required_argument, nullptr, accuracy_name},
                            {"onednn", no_argument, nullptr, onednn},
                            {"operations", no_argument, nullptr, operations},
                            {}};
  request r;
  std::string isa;
  for (int c; (c = getopt_long(argc, argv, "", options, nullptr)) != -1;) {
    if (c == help) {
      std::fputs(usage, stdout);
      return 0;
    }
    if (c == operations) {
      print_operations();
      return 0;
    }
    if (c == op)
      r.op = optarg;
    else if (c == dir)
      r.pass = static_cast<direction>(one_of("--dir", optarg, {"FWD", "BWD_D", "BWD_W"}));
    else if (c == src)
      r.src = optarg;
    else if (c == dst)
      r.dst = optarg;
    else if (c == type)
      r.in_double = one_of("--type", optarg, {"float", "double"}) == 1;
    else if (c == isa_name)
      isa = optarg;
    else if (c == accuracy_name)
      r.wanted = one_of("--accuracy", optarg, {"normal", "strict"}) == 1 ? accuracy::strict
                                                                         : accuracy::normal;
    else if (c == onednn)
      r.allow_onednn = true;
    else {
      std::fputs("simdnn_info: --help lists the options\n", stderr);
      return 2;
    }
  }
  if (optind == argc) print_machine();
  const auto code = isa.empty() ? simdnn::isa::dispatch<info_kernels>()
                                : simdnn::isa::dispatch<info_kernels>(isa);
  for (int i = optind; i < argc; ++i) {
    r.problem = argv[i];
    print(code->describe(r));
  }
  return 0;
}

}  // namespace
}  // namespace simdnn::info

int main(int argc, char** argv) try {
  return simdnn::info::run(argc, argv);
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
