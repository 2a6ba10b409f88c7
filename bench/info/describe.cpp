// Compiled once per ISA.
#include <array>
#include <bench/info/info.hpp>
#include <bench/op_name.hpp>
#include <simdnn/simdnn.hpp>
#include <span>

namespace simdnn::info {
namespace {

using Isa = isa::native;

// The layouts that --src and --dst may name, by number of dimensions; the first is the default.
constexpr std::array flat{layout("nc")};
constexpr std::array line{layout("nCw16c"), layout("nCw8c"), layout("nCw4c"), layout("ncw"),
                          layout("nwc")};
constexpr std::array plane{layout("nChw16c"), layout("nChw8c"), layout("nChw4c"), layout("nchw"),
                           layout("nhwc")};
constexpr std::array space{layout("nCdhw16c"), layout("nCdhw8c"), layout("nCdhw4c"),
                           layout("ncdhw"), layout("ndhwc")};

// The layout of this name, or the first one if the name is empty.
const layout& find_layout(int rank, const std::string& name, const char* argument) {
  const std::span<const layout> all[] = {flat, line, plane, space};
  std::string list;
  for (const layout& l : all[rank - 2]) {
    if (name.empty() || name == l.text()) return l;
    list += (list.empty() ? "" : ", ") + std::string(l.text());
  }
  throw_error("simdnn_info", argument, "one of " + list, '"' + name + '"');
}

// Algorithms: a list or entry points.
template <class T, class Algorithms, class Query>
answer choose(const std::string& op, const std::string& problem, const std::string& layouts,
              const Query& query, const request& r) {
  const policy wanted{.accuracy = r.wanted, .allow_onednn = r.allow_onednn};
  const auto all = Algorithms::describe(query, wanted);
  const int best = cheapest(all);
  const char* const type = std::is_same_v<T, float> ? " float " : " double ";
  answer a{op + ' ' + problem + type + layouts + ' ' + Isa::name, {}};
  for (int i = 0; i < static_cast<int>(all.size()); ++i)
    a.rows.push_back({all[i].name, all[i].eligible, all[i].refusal == nullptr ? "" : all[i].refusal,
                      all[i].cost, i == best});
  return a;
}

template <class T>
answer describe_conv(const request& r) {
  const conv_problem p = conv_problem::parse(r.problem);
  const layout& src = find_layout(p.rank() + 2, r.src, "--src");
  const layout& dst = find_layout(p.rank() + 2, r.dst.empty() ? r.src : r.dst, "--dst");
  const std::string layouts = std::string(src.text()) + ':' + std::string(dst.text());
  const conv::query q = conv::make_query(src, dst, p, r.pass, r.wanted);
  using functions = conv::entry_points<T, Isa>;
  if (r.op == "conv_pool") {
    answer a = choose<T, functions>("conv_pool_forward", p.str(), layouts,
                                    conv_pool::cut_into_bands<T, Isa>(q).convolution, r);
    std::erase_if(a.rows, [](const algorithm_row& row) { return row.name == "onednn"; });
    return a;
  }
  if (r.pass == direction::backward_data)
    return choose<T, functions>("conv_backward_data", p.str(),
                                std::string(dst.text()) + ':' + std::string(src.text()), q, r);
  return choose<T, functions>(
      r.pass == direction::forward ? "conv_forward" : "conv_backward_weights", p.str(), layouts, q,
      r);
}

template <class Pass>
answer describe_gemm_pass(const request& r) {
  const gemm_problem p = gemm_problem::parse(r.problem);
  return choose<typename Pass::operands::template at<0>::type, described_pass<Pass>>(
      Pass::name, p.str(), "ab:ab:ab", Pass::query(p, {.accuracy = r.wanted}), r);
}
template <class T>
answer describe_gemm(const request& r) {
  if (r.pass == direction::backward_data)
    return describe_gemm_pass<gemm::backward_data<T, "ab", "ab", "ab", Isa>>(r);
  if (r.pass == direction::backward_weights)
    return describe_gemm_pass<gemm::backward_weights<T, "ab", "ab", "ab", Isa>>(r);
  return describe_gemm_pass<gemm::forward<T, "ab", "ab", Isa>>(r);
}

// The choice for inner_product and pooling does not depend on layouts: one list serves them all.
template <class T>
answer describe_inner_product(const request& r) {
  const inner_product_problem p = inner_product_problem::parse(r.problem);
  constexpr const char* ops[] = {"inner_product_forward", "inner_product_backward_data",
                                 "inner_product_backward_weights"};
  const layout& src = find_layout(p.src_shape().rank(), r.src, "--src");
  return choose<T, inner_product::all<T, "nc", Isa>>(ops[static_cast<int>(r.pass)], p.str(),
                                                     std::string(src.text()) + ":nc",
                                                     inner_product::query{p, r.pass, r.wanted}, r);
}

template <class T>
answer describe_pooling(const request& r) {
  const pooling_problem p = pooling_problem::parse(r.problem);
  const layout& src = find_layout(p.rank() + 2, r.src, "--src");
  const layout& dst = find_layout(p.rank() + 2, r.dst.empty() ? r.src : r.dst, "--dst");
  return choose<T, pooling::all<T, "nchw", Isa>>(
      r.pass == direction::forward ? "pooling_forward" : "pooling_backward",
      p.str() + "_n" + to_name(p.kind), std::string(src.text()) + ':' + std::string(dst.text()), p,
      r);
}

// Any pass, with the layouts of its operation's list of passes.
template <class Pass>
void describe_pass(const request& r, answer& a) {
  using problem_type = typename Pass::problem_type;
  if (bench::op_name(Pass::name) != r.op || described_pass<Pass>::way() != r.pass) return;
  const problem_type p = described_pass<Pass>::checked(described_pass<Pass>::parse(r.problem));
  std::string layouts;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    ((layouts +=
      (I > 0 ? ":" : "") + std::string(Pass::operands::template at<I>::usual_layout.text())),
     ...);
  }(std::make_index_sequence<Pass::operands::count>());
  if (r.in_double) throw_error("simdnn_info", "--type", "float with " + r.op, "double");
  if (!(r.src + r.dst).empty())
    throw_error("simdnn_info", r.src.empty() ? "--dst" : "--src", "none with " + r.op,
                r.src.empty() ? r.dst : r.src);
  a = choose<float, described_pass<Pass>>(Pass::name, described_pass<Pass>::text(p), layouts,
                                          described_pass<Pass>::query(p, {.accuracy = r.wanted}),
                                          r);
}
template <class... Passes>
void describe_passes(pass_list<Passes...>, const request& r, answer& a) {
  (describe_pass<Passes>(r, a), ...);
}

// The operations for which the command line chooses the type and, except for gemm, layouts.
struct described_op {
  const char* name;
  answer (*in_float)(const request&);
  answer (*in_double)(const request&);
};
constexpr described_op described_ops[] = {
    {"conv", describe_conv<float>, describe_conv<double>},
    {"conv_pool", describe_conv<float>, describe_conv<double>},
    {"gemm", describe_gemm<float>, describe_gemm<double>},
    {"inner_product", describe_inner_product<float>, describe_inner_product<double>},
    {"pooling", describe_pooling<float>, describe_pooling<double>},
};

answer describe(const request& r) {
  if (r.op == "conv_pool" && r.allow_onednn)
    throw_error("simdnn_info", "--onednn", "an op that oneDNN has", r.op);
  bool known = false, has = false;
  const auto look = [&]<class... Passes>(pass_list<Passes...>) {
    known = known || ((bench::op_name(Passes::name) == r.op) || ...);
    has =
        has ||
        ((bench::op_name(Passes::name) == r.op && described_pass<Passes>::way() == r.pass) || ...);
  };
#define SIMDNN_OPERATION(name, ...) look(name##_passes());
#include <operations.inc>
#undef SIMDNN_OPERATION
  if (!known) throw_error("simdnn_info", "--op", "a name of --operations", '"' + r.op + '"');
  if (!has)
    throw_error("simdnn_info", "--dir", "a pass that " + r.op + " has",
                r.pass == direction::forward         ? "FWD"
                : r.pass == direction::backward_data ? "BWD_D"
                                                     : "BWD_W");
  for (const described_op& d : described_ops)
    if (d.name == r.op) return r.in_double ? d.in_double(r) : d.in_float(r);
  answer a;
#define SIMDNN_OPERATION(name, ...) describe_passes(name##_passes(), r, a);
#include <operations.inc>
#undef SIMDNN_OPERATION
  return a;
}

template <class List>
struct names_of;
template <class... Algorithms>
struct names_of<algorithms<Algorithms...>> {
  static constexpr std::array<const char*, sizeof...(Algorithms)> value{Algorithms::name...};
};
template <class List>
constexpr std::span<const char* const> names = names_of<List>::value;

template <class... Passes>
constexpr auto rows_of(const char* op, const char* layouts, pass_list<Passes...>) {
  return std::array{
      operation_row{op, Passes::name, layouts, names<typename Passes::algorithm_list>}...};
}
template <std::size_t... N>
constexpr auto join(const std::array<operation_row, N>&... parts) {
  std::array<operation_row, (N + ...)> all{};
  std::size_t at = 0;
  const auto add = [&](const auto& part) {
    for (const operation_row& row : part) all[at++] = row;
  };
  (add(parts), ...);
  return all;
}
constexpr auto operation_rows = join(
#define SIMDNN_OPERATION(name, layouts, problems) rows_of(#name, layouts, name##_passes()),
#include <operations.inc>
#undef SIMDNN_OPERATION
    std::array<operation_row, 0>());

}  // namespace

SIMDNN_ISA_TABLE(info_kernels) = {.operations = operation_rows, .describe = describe};

}  // namespace simdnn::info
