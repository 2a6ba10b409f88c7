// SqueezeNet 1.1 with its published weights, layer by layer through simdnn's operations: every
// layer against activations computed in double, the five best classes against the published ones.
//
// The data is no part of the project: SIMDNN_SHARED_DATA names its directory, shared/data/
// squeezenet_v1.1 beside the source directory unless given. Where it is absent the test is skipped.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <simdnn/ops/activation.hpp>
#include <simdnn/ops/concat.hpp>
#include <simdnn/ops/conv.hpp>
#include <simdnn/ops/pooling.hpp>
#include <simdnn/ops/reorder.hpp>
#include <simdnn/ops/softmax.hpp>
#include <simdnn/tensor/npy.hpp>
#include <sstream>

using namespace simdnn;

namespace {

// Of a layer's largest absolute value; what float with any order of summation strays by is 2e-6.
constexpr double tolerance = 2e-5;

// Ends the program with the code that ctest and Meson report as skipped where there is no data.
const std::filesystem::path& data() {
  static const std::filesystem::path directory = [] {
    const char* given = std::getenv("SIMDNN_SHARED_DATA");
    const std::filesystem::path beside =
        std::filesystem::path(__FILE__).parent_path() / "../../../shared/data/squeezenet_v1.1";
    const std::filesystem::path p = given != nullptr ? given : beside;
    if (!std::filesystem::exists(p / "topology.txt")) {
      std::cout << "skipped: no topology.txt in " << p << ", which SIMDNN_SHARED_DATA can name"
                << std::endl;
      std::exit(77);
    }
    return p;
  }();
  return directory;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, at);) words.push_back(word);
  return words;
}

// The lines of a file, cut into words, without comments.
std::vector<std::vector<std::string>> table(const std::string& name, char at) {
  std::ifstream file(data() / name);
  REQUIRE_MESSAGE(file, name);
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') rows.push_back(split(line, at));
  return rows;
}

spatial numbers(const std::vector<std::string>& words) {
  return {std::stoll(words.at(0)), std::stoll(words.at(1))};
}

template <layout L>
using activations = std::map<std::string, tensor<float, L>>;

// Of two tensors without gaps, the padding of blocks included.
template <layout L>
bool same_memory(const tensor<float, L>& a, const tensor<float, L>& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.data(), b.data(), a.elements() * sizeof(float)) == 0;
}

template <layout L>
tensor<float, L> convolve(const std::string& name, const tensor<float, L>& src,
                          const spatial& kernel, const spatial& stride, const spatial& pad,
                          index_t out) {
  const auto weights = load_npy<float, "oihw">(data() / (name + ".w.npy"));
  const auto bias = load_npy<float, "x">(data() / (name + ".b.npy"));
  const conv_problem p{.in = src.size('c'),
                       .out = out,
                       .size = {src.size('h'), src.size('w')},
                       .kernel = kernel,
                       .stride = stride,
                       .pad = pad};
  const conv_plan<float, L> plan(p, {.accuracy = accuracy::strict});
  const auto packed = plan.pack(weights);
  tensor<float, L> dst(p.dst_shape()), fused(p.dst_shape()), apart(p.dst_shape());
  plan(src, packed, dst, post::bias(bias));
  CHECK(same_memory(dst, reorder<L>(reorder<"nchw">(dst))));  // which leaves zeros in the padding

  plan(src, packed, fused, post::bias(bias) | post::relu());
  activation_forward(function::relu{}, dst, apart);
  CHECK(same_memory(fused, apart));
  return dst;
}

template <layout L>
tensor<float, L> pool(pooling_kind kind, const tensor<float, L>& src, const spatial& kernel,
                      const spatial& stride) {
  const pooling_problem p{.kind = kind,
                          .channels = src.size('c'),
                          .size = {src.size('h'), src.size('w')},
                          .kernel = kernel,
                          .stride = stride};
  tensor<float, L> dst(p.dst_shape());
  pooling_forward(p, src, dst);
  return dst;
}

// All layers of topology.txt for this photo.
template <layout L>
activations<L> run(const tensor<float, "nchw">& photo) {
  activations<L> all;
  for (const auto& row : table("topology.txt", ' ')) {
    const std::string &name = row.at(0), &type = row.at(1);
    CAPTURE(name);
    const std::vector<std::string> bottoms = split(row.at(2), ',');
    if (type == "Input") {
      all[name] = reorder<L>(photo);
      continue;
    }
    const tensor<float, L>& src = all.at(bottoms[0]);
    if (type == "Conv") {
      const auto pad = split(row.at(6), ',');
      REQUIRE((pad.at(0) == pad.at(2) && pad.at(1) == pad.at(3)));
      all[name] = convolve(name, src, numbers(split(row.at(4), ',')),
                           numbers(split(row.at(5), ',')), numbers(pad), std::stoll(row.at(7)));
    } else if (type == "ReLU") {
      activation_forward(function::relu{}, src, all[name] = tensor<float, L>(src.shape()));
    } else if (type == "MaxPool") {
      REQUIRE(row.at(6) == "0,0,0,0");
      all[name] = pool(pooling_kind::max, src, numbers(split(row.at(4), ',')),
                       numbers(split(row.at(5), ',')));
    } else if (type == "GlobalAvgPool") {
      all[name] = pool(pooling_kind::average, src, {src.size('h'), src.size('w')}, {});
    } else if (type == "Concat") {
      REQUIRE(bottoms.size() == 2);
      const tensor<float, L>& other = all.at(bottoms[1]);
      tensor<float, L> dst(
          {src.size('n'), src.size('c') + other.size('c'), src.size('h'), src.size('w')});
      concat_forward({src, other}, dst);
      all[name] = std::move(dst);
    } else {
      REQUIRE_MESSAGE(type == "Softmax", "a layer of unknown type " << type);
      softmax_forward(src, all[name] = tensor<float, L>(src.shape()));
    }
  }
  return all;
}

// The largest difference of two arrays.
template <layout L>
double distance(const tensor<float, "nchw">& actual, const tensor<float, L>& expected) {
  REQUIRE(actual.elements() == expected.elements());
  double worst = 0;
  for (index_t i = 0; i < expected.elements(); ++i) {
    const double d = std::abs(static_cast<double>(actual.data()[i]) - expected.data()[i]);
    if (!(d <= worst)) worst = d;  // NaN is the worst
  }
  return worst;
}

// Against layers.tsv, which has every layer's figures and eight samples, and the whole layers there
// are.
template <layout L>
void check_layers(const std::string& photo, const activations<L>& all) {
  auto rows = table("expected/" + photo + "/layers.tsv", '\t');
  rows.erase(rows.begin());
  CHECK(rows.size() == all.size() - 1);  // but the photo
  for (const auto& row : rows) {
    const std::string& name = row.at(0);
    CAPTURE(name);
    const auto layer = reorder<"nchw">(all.at(name));
    CHECK(layer.shape().str() == row.at(1));
    const double low = std::stod(row.at(2)), high = std::stod(row.at(3));
    const double allowed = tolerance * std::max(std::abs(low), std::abs(high));

    const index_t size = layer.shape().elements();
    double least = layer.data()[0], most = least, sum = 0, squares = 0;
    for (index_t i = 0; i < size; ++i) {
      const double x = layer.data()[i];
      least = std::min(least, x);
      most = std::max(most, x);
      sum += x;
      squares += x * x;
    }
    const auto count = static_cast<double>(size);
    CHECK(std::abs(least - low) <= allowed);
    CHECK(std::abs(most - high) <= allowed);
    CHECK(std::abs(sum / count - std::stod(row.at(4))) <= allowed);
    CHECK(std::abs(std::sqrt(squares / count) - std::stod(row.at(5))) <= allowed);
    for (index_t i = 0; i < 8; ++i)
      CHECK(std::abs(layer.data()[(2 * i + 1) * size / 16] - std::stod(row.at(6 + i))) <= allowed);

    const auto file = data() / "expected" / photo / (name + ".npy");
    if (!std::filesystem::exists(file)) continue;
    if (const auto whole = load_npy<float, "nchw">(file); name != "prob")
      CHECK(distance(layer, whole) <= allowed);
    else
      CHECK(distance(layer, whole) <= tolerance);
  }
}

std::vector<index_t> best_five(const tensor<float, "nchw">& probabilities) {
  std::vector<index_t> classes(probabilities.elements());
  for (index_t c = 0; c < probabilities.elements(); ++c) classes[c] = c;
  std::sort(classes.begin(), classes.end(), [&](index_t a, index_t b) {
    const float pa = probabilities.data()[a], pb = probabilities.data()[b];
    return pa > pb || (pa == pb && a < b);
  });
  classes.resize(5);
  return classes;
}

template <layout L>
void check_photo(const std::string& photo) {
  CAPTURE(photo);
  const auto all = run<L>(load_npy<float, "nchw">(data() / (photo + ".npy")));
  check_layers(photo, all);

  std::vector<index_t> published;
  for (const auto& row : table("expected/top5.tsv", '\t'))
    if (row.at(0) == photo) published.push_back(std::stoll(row.at(2)));
  CHECK(best_five(reorder<"nchw">(all.at("prob"))) == published);
}

template <layout L>
void check_upstream() {
  for (const char* n : {"0", "1", "2"}) {
    CAPTURE(n);
    const auto upstream = data() / "upstream";
    const auto input = load_npy<float, "nchw">(upstream / (std::string(n) + "_input.npy"));
    const auto output = load_npy<float, "nc">(upstream / (std::string(n) + "_output.npy"));
    double largest = 0;
    for (index_t i = 0; i < output.elements(); ++i)
      largest = std::max(largest, static_cast<double>(std::abs(output.data()[i])));
    CHECK(distance(reorder<"nchw">(run<L>(input).at("pool10")), output) <= tolerance * largest);
  }
}

}  // namespace

TEST_CASE("SqueezeNet's layers and best classes, nChw16c") {
  for (const char* photo : {"cat", "tabby", "coffee", "red_panda"}) check_photo<"nChw16c">(photo);
}

TEST_CASE("SqueezeNet's layers and best classes, nhwc") {
  for (const char* photo : {"cat", "tabby", "coffee", "red_panda"}) check_photo<"nhwc">(photo);
}

TEST_CASE("the vectors that were published with the weights") { check_upstream<"nChw16c">(); }
