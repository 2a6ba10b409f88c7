// Compiled once per ISA.
#include <array>
#include <bench/info/info.hpp>
#include <simdnn/epilogue/functions.hpp>
#include <simdnn/ops/activation/algorithms.hpp>
#include <simdnn/ops/concat/algorithms.hpp>
#include <simdnn/ops/conv/algorithms.hpp>
#include <simdnn/ops/conv_pool/bands.hpp>
#include <simdnn/ops/gemm/algorithms.hpp>
#include <simdnn/ops/inner_product/algorithms.hpp>
#include <simdnn/ops/lrn/algorithms.hpp>
#include <simdnn/ops/pooling/algorithms.hpp>
#include <simdnn/ops/reorder/algorithms.hpp>
#include <simdnn/ops/softmax/algorithms.hpp>
#include <span>

namespace simdnn::info {
namespace {

using Isa = isa::native;

// The layouts that are known by name here, by their number of dimensions; the first is the default.
constexpr std::array flat{layout("nc")};
constexpr std::array line{layout("nCw16c"), layout("nCw8c"), layout("nCw4c"), layout("ncw"),
                          layout("nwc")};
constexpr std::array plane{layout("nChw16c"), layout("nChw8c"), layout("nChw4c"), layout("nchw"),
                           layout("nhwc")};
constexpr std::array space{layout("nCdhw16c"), layout("nCdhw8c"), layout("nCdhw4c"),
                           layout("ncdhw"), layout("ndhwc")};

// The one of this name, or the first where there is none.
const layout& find_layout(int rank, const std::string& name, const char* argument) {
  const std::span<const layout> all[] = {flat, line, plane, space};
  std::string list;
  for (const layout& l : all[rank - 2]) {
    if (name.empty() || name == l.text()) return l;
    list += (list.empty() ? "" : ", ") + std::string(l.text());
  }
  throw_error("simdnn_info", argument, "one of " + list, '"' + name + '"');
}

template <class T, class List, class Query>
answer choose(const std::string& op, const std::string& problem, const std::string& layouts,
              const Query& query, const request& r) {
  const policy wanted{.accuracy = r.wanted, .allow_onednn = r.allow_onednn};
  const auto all = List::describe(query, wanted);
  const int best = List::least(all);
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
  using forward = conv::forward_algorithms<T, Isa>;
  if (r.op == "conv_pool") {
    answer a = choose<T, forward>("conv_pool_forward", p.str(), layouts,
                                  conv_pool::cut_into_bands<T, Isa>(q).convolution, r);
    std::erase_if(a.rows, [](const algorithm_row& row) { return row.name == "onednn"; });
    return a;
  }
  if (r.pass == direction::backward_data)
    return choose<T, conv::backward_data_algorithms<T, Isa>>(
        "conv_backward_data", p.str(), std::string(dst.text()) + ':' + std::string(src.text()), q,
        r);
  if (r.pass == direction::backward_weights)
    return choose<T, conv::backward_weights_algorithms<T, Isa>>("conv_backward_weights", p.str(),
                                                                layouts, q, r);
  return choose<T, forward>("conv_forward", p.str(), layouts, q, r);
}

template <class T>
answer describe_gemm(const request& r) {
  const gemm_problem p = gemm_problem::parse(r.problem);
  return choose<T, gemm::all<T, Isa>>("gemm", p.str(), "ab:ab:ab", gemm_query{p, r.wanted}, r);
}

// Its choice and pooling's look at no layout.
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

template <class T>
answer describe_op(const request& r) {
  if ((r.op == "conv_pool" || r.op == "gemm") && r.pass != direction::forward)
    throw_error("simdnn_info", "--dir", "FWD (" + r.op + " has no other)",
                r.pass == direction::backward_data ? "BWD_D" : "BWD_W");
  if (r.op == "conv_pool" && r.allow_onednn)
    throw_error("simdnn_info", "--onednn", "an op that oneDNN has", r.op);
  if (r.op == "conv" || r.op == "conv_pool") return describe_conv<T>(r);
  if (r.op == "gemm") return describe_gemm<T>(r);
  if (r.op == "inner_product") return describe_inner_product<T>(r);
  if (r.op == "pooling") return describe_pooling<T>(r);
  throw_error(
      "simdnn_info", "--op",
      "one of conv, conv_pool, gemm, inner_product, pooling, which have a choice of algorithms",
      '"' + r.op + '"');
}

answer describe(const request& r) {
  return r.in_double ? describe_op<double>(r) : describe_op<float>(r);
}

template <class List>
struct names_of;
template <class... Algorithms>
struct names_of<algorithms<Algorithms...>> {
  static constexpr std::array<const char*, sizeof...(Algorithms)> value{Algorithms::name...};
};
template <class List>
constexpr std::span<const char* const> names = names_of<List>::value;

constexpr const char* images = "`nchw`, `nhwc`, `nChw16c` ..., in 1-D to 3-D";
constexpr const char* rows_too = "`nc`, `nchw`, `nhwc`, `nChw16c` ..., up to 3-D";
constexpr const char* any = "any";
constexpr operation_row operation_rows[] = {
    {"gemm", "forward, both gradients", "`ab`, `ba` (transposed)", names<gemm::all<float, Isa>>},
    {"gemm_batch", "forward", "`abc`, `acb` (transposed)", names<gemm::all<float, Isa>>},
    {"conv", "forward", images, names<conv::forward_algorithms<float, Isa>>},
    {"conv", "backward to the data", images, names<conv::backward_data_algorithms<float, Isa>>},
    {"conv", "backward to the weights", images,
     names<conv::backward_weights_algorithms<float, Isa>>},
    {"conv_pool", "forward", "`nchw`, `nhwc`, `nChw16c` ...",
     names<conv::forward_algorithms<float, Isa>>},
    {"inner_product", "forward, both gradients", rows_too,
     names<inner_product::all<float, "nc", Isa>>},
    {"pooling", "forward, backward", images, names<pooling::all<float, "nchw", Isa>>},
    {"activation", "forward, backward", any,
     names<activation::all<function::relu, float, "nchw", Isa>>},
    {"softmax", "forward, backward", "those with channels",
     names<softmax::all<float, "nchw", Isa>>},
    {"softmax_cross_entropy", "forward, backward", "`nc`", names<softmax::all<float, "nc", Isa>>},
    {"lrn", "forward, backward", rows_too, names<lrn::all<float, "nchw", Isa>>},
    {"reorder", "forward", any, names<reordering::all<float, "nchw", "nhwc">>},
    {"concat", "forward, backward", "those with channels", names<concat::all<float, "nchw">>},
};

}  // namespace

SIMDNN_ISA_TABLE(info_kernels) = {.operations = operation_rows, .describe = describe};

}  // namespace simdnn::info
