#include <bench/options.hpp>
#include <bench/refuse.hpp>
#include <charconv>
#include <string_view>

namespace simdnn::bench {

const char* const usage =
    R"(simdnn_bench: speed and correctness of simdnn's operations, beside other libraries

  simdnn_bench --op conv --dir FWD_I --shapes FILE...   problems from files, one a line
  simdnn_bench --op conv --dir FWD_I PROBLEM...         problems in benchdnn's notation

  --op NAME                        default conv; simdnn_info --operations lists all
  --dir FWD_I|FWD_T|BWD_D|BWD_W    default FWD_I
  --batch N                        instead of the problems' own
  --threads N                      default 1
  --executor openmp|pool           simdnn's threads, default openmp
  --neighbours N                   how much speed openmp, pool and the peer keep beside N busy processes
  --command TEXT                   with --neighbours, without problems: runs a shell command beside them
  --isa sse42|avx2|avx512          for both sides; default the best that this CPU runs
  --algorithm auto|NAME|all          default auto: simdnn chooses
  --fixed                          simdnn's code for problems known at compile time; without problems all of
                                   them; forward, 1 thread
  --choice                         the chosen algorithm beside the fastest that could be chosen, in turns
  --accuracy strict|normal         strict: no algorithm that rounds more than plain sums
  --post-ops none|bias|relu|bias+relu   fused on both sides, forward only; default none
  --peer onednn|openblas|eigen|none     default: the first of these that has the op
  --peer best                      per problem the faster of onednn and openblas
  --peer sum                       a sum over as much memory as inner_product's weights take
  --peer serial                    simdnn itself on one thread: the ratio is the speed-up
  --mode perf|check                default perf; check compares with sums in double, or the algorithm reference
  --errors                         perf rows show both sides' errors against sums in double
  --random N                       check mode: N random problems with random layouts and strides of
                                   each op and pass, or of those given, by every algorithm
  --seed S                         of the random problems, default 0
  --first I                        the random problems from index I on, default 0
  --plant                          check mode, random problems: changes one element of each result by
                                   a little, which must be found
  --seconds S                      measuring time per problem, default 0.4
  --json FILE                      Google Benchmark's schema
)";

const char* to_name(direction d) {
  constexpr const char* names[] = {"FWD_I", "FWD_T", "BWD_D", "BWD_W"};
  return names[static_cast<int>(d)];
}

namespace {

template <class Number>
Number number(std::string_view option, std::string_view text, Number least) {
  Number value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || value < least)
    refuse(std::string(option), "a number of at least " + std::to_string(least),
           '"' + std::string(text) + '"');
  return value;
}

// The index of `text` among `names`.
template <std::size_t N>
std::size_t one_of(std::string_view option, std::string_view text,
                   const std::string_view (&names)[N]) {
  std::string all;
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == text) return i;
    all += (all.empty() ? "" : ", ") + std::string(names[i]);
  }
  refuse(std::string(option), "one of " + all, '"' + std::string(text) + '"');
}

}  // namespace

options parse_options(int argc, const char* const* argv) {
  options o;
  bool has_seed = false, has_executor = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (!option.starts_with("--")) {
      o.problems.push_back(parse_named_problem(option));
      continue;
    }
    bool* const flag = option == "--help"     ? &o.help
                       : option == "--choice" ? &o.choice
                       : option == "--fixed"  ? &o.fixed
                       : option == "--errors" ? &o.errors
                       : option == "--plant"  ? &o.plant
                                              : nullptr;
    if (flag != nullptr) {
      *flag = true;
      continue;
    }
    const auto value = [&]() -> std::string_view {
      if (i + 1 == argc) refuse(std::string(option), "a value", "none");
      return argv[++i];
    };
    if (option == "--shapes") {
      std::vector<named_problem> list = read_shape_file(std::string(value()));
      o.problems.insert(o.problems.end(), list.begin(), list.end());
      for (; i + 1 < argc && !std::string_view(argv[i + 1]).starts_with("--"); ++i) {
        list = read_shape_file(argv[i + 1]);
        o.problems.insert(o.problems.end(), list.begin(), list.end());
      }
    } else if (option == "--op") {
      o.op = value(), o.op_given = true;
    } else if (option == "--dir") {
      o.dir = static_cast<direction>(one_of(option, value(), {"FWD_I", "FWD_T", "BWD_D", "BWD_W"}));
      o.dir_given = true;
    } else if (option == "--batch") {
      o.batch = number<std::int64_t>(option, value(), 1);
    } else if (option == "--threads") {
      o.threads = number(option, value(), 1);
    } else if (option == "--executor") {
      o.pool = one_of(option, value(), {"openmp", "pool"}) == 1, has_executor = true;
    } else if (option == "--neighbours") {
      o.neighbours = number(option, value(), 0);
    } else if (option == "--command") {
      o.command = value();
    } else if (option == "--isa") {
      o.isa = value();
    } else if (option == "--algorithm") {
      o.algorithm = value();
      if (o.algorithm == "auto") o.algorithm.clear();
    } else if (option == "--accuracy") {
      o.strict = one_of(option, value(), {"normal", "strict"}) == 1;
    } else if (option == "--post-ops") {
      const std::size_t which = one_of(option, value(), {"none", "bias", "relu", "bias+relu"});
      o.with_bias = which % 2 == 1, o.with_relu = which >= 2;
    } else if (option == "--peer") {
      o.peer = value();
    } else if (option == "--mode") {
      o.check = one_of(option, value(), {"perf", "check"}) == 1;
    } else if (option == "--random") {
      o.random = number<std::int64_t>(option, value(), 1);
    } else if (option == "--seed") {
      o.seed = number<std::uint64_t>(option, value(), 0), has_seed = true;
    } else if (option == "--first") {
      o.first = number<std::int64_t>(option, value(), 0), has_seed = true;
    } else if (option == "--seconds") {
      o.seconds = number(option, value(), 0.0);
    } else if (option == "--json") {
      o.json = value();
    } else {
      refuse("option", "one that --help lists", std::string(option));
    }
  }
  if (o.fixed && (o.choice || !o.algorithm.empty() || !is_forward(o.dir) || o.threads != 1))
    refuse("--fixed", "a forward pass on one thread, without --algorithm and --choice",
           "another request");
  if (o.random > 0 &&
      (!o.check || o.choice || o.fixed || o.strict || o.with_bias || o.with_relu || o.batch > 0 ||
       o.threads != 1 || o.pool || !o.problems.empty() || !o.json.empty()))
    refuse("--random",
           "--mode check and of the others only --op, --dir, --isa, --algorithm, --seed, --first "
           "and --plant",
           "another request");
  if (o.random == 0 && (has_seed || o.plant))
    refuse("--seed, --first, --plant", "--random beside them", "none");
  if (o.neighbours >= 0 && (o.check || o.choice || o.fixed || o.errors || !o.json.empty() ||
                            has_executor || o.algorithm == "all" || o.peer == "serial"))
    refuse("--neighbours",
           "one algorithm, without --mode check, --choice, --fixed, --errors, --json, --executor "
           "and --peer serial",
           "another request");
  if (!o.command.empty() && (o.neighbours < 0 || !o.problems.empty()))
    refuse("--command", "--neighbours beside it and no problems", "another request");
  if (o.problems.empty() && !o.help && !o.fixed && o.random == 0 && o.command.empty())
    refuse("problems", "--shapes FILE or problems such as mb8_ic64ih56_oc64oh56_kh3_ph1", "none");
  if (o.choice && ((!o.algorithm.empty() && o.algorithm != "all") || o.check || !o.json.empty()))
    refuse("--choice", "all algorithms, without --mode check and --json", "another request");
  if ((o.with_bias || o.with_relu) && !is_forward(o.dir))
    refuse("--post-ops", "--dir FWD_I or FWD_T", to_name(o.dir));
  return o;
}

}  // namespace simdnn::bench
