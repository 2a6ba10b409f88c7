#include <algorithm>
#include <bench/random_case.hpp>
#include <bit>
#include <limits>

namespace simdnn::bench {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
// A NaN with a payload.
constexpr std::uint32_t guard_bits = 0x7fa5c0de;

// A vector without gaps.
test::random_view vector_view(std::int64_t channels) {
  test::random_view v{.format = "x", .shape = {channels}, .strides = {1}, .elements = channels};
  v.block[0] = v.block_stride[0] = 1;
  return v;
}

}  // namespace

random_input::random_input(std::string name, const test::random_view& where, split_mix& random)
    : name_(std::move(name)), view_(where), memory_(where.elements, where.side) {
  const std::vector<test::place> places = test::places(view_);
  for (std::size_t i = 0; i < places.size(); ++i)
    memory_.data()[i] = places[i] == test::place::outside ? nan : 0;
  test::for_each_place(view_, [&](index_t at) { memory_.data()[at] = random.number(); });
  const std::vector<float> elements = test::gather(view_, memory_.data());
  dense_.assign(elements.begin(), elements.end());
  before_.assign(memory_.begin(), memory_.end());
}

bool random_input::changed() const {
  return !before_.empty() &&
         std::memcmp(before_.data(), memory_.data(), before_.size() * sizeof(float)) != 0;
}

random_output::random_output(std::string name, const test::random_view& where)
    : name_(std::move(name)),
      view_(where),
      memory_(where.elements, where.side),
      places_(test::places(where)),
      pattern_(places_.size(), std::bit_cast<float>(guard_bits)) {}

void random_output::reset() {
  std::copy(pattern_.begin(), pattern_.end(), memory_.begin());
  if (initial.empty()) return;
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (places_[i] == test::place::padding) memory_.data()[i] = 0;
  test::scatter(view_, initial.data(), memory_.data());
}

double random_output::allowed(const std::string& algorithm) const {
  return tolerance(terms, algorithm, repeats);
}

std::string random_output::damage() const {
  const index_t foreign = test::foreign_write(places_, pattern_.data(), memory_.data());
  if (foreign >= 0)
    return "writes outside of " + name_ + ", at element " + std::to_string(foreign) +
           " of its buffer";
  const index_t padding = zeroes_padding ? test::nonzero_padding(places_, memory_.data()) : -1;
  if (padding >= 0)
    return "leaves padding of " + name_ + " that is not zero, at element " +
           std::to_string(padding) + " of its buffer";
  return "";
}

random_input& random_case::add_input(const char* name, const layout& l, const shape& s,
                                     split_mix& random, test::view_freedom freedom) {
  freedom.repeats = true;
  inputs.push_back(
      std::make_unique<random_input>(name, test::make_random_view(l, s, random, freedom), random));
  return *inputs.back();
}

random_output& random_case::add_output(const char* name, const layout& l, const shape& s,
                                       split_mix& random, test::view_freedom freedom) {
  freedom.repeats = false;
  outputs.push_back(
      std::make_unique<random_output>(name, test::make_random_view(l, s, random, freedom)));
  outputs.back()->repeats = repeats();
  return *outputs.back();
}

bool random_case::repeats() const {
  return std::any_of(inputs.begin(), inputs.end(), [](const auto& in) {
    const test::random_view& v = in->view();
    for (int d = 0; d < v.shape.rank(); ++d)
      if (v.shape[d] > v.block[d] && v.strides[d] == 0) return true;
    return false;
  });
}

random_output& random_case::add_bias_gradient(std::int64_t channels) {
  outputs.push_back(std::make_unique<random_output>("diff_bias", vector_view(channels)));
  outputs.back()->repeats = repeats();
  outputs.back()->wanted.assign(static_cast<std::size_t>(channels), 0);
  return *outputs.back();
}

std::string random_case::text() const {
  std::string all = problem;
  if (!fused.empty()) all += " (" + fused + ")";
  for (const auto& i : inputs) all += "; " + i->name() + " " + i->view().str();
  for (const auto& o : outputs) all += "; " + o->name() + " " + o->view().str();
  return all;
}

fused_call add_fused(random_case& to, random_output& dst, std::int64_t channels,
                     split_mix& random) {
  enum { nothing, bias, bias_relu, sum, sum_relu, sum_in_place, mapped };
  constexpr int kinds[] = {nothing, nothing,  nothing,      bias,  bias_relu,
                           sum,     sum_relu, sum_in_place, mapped};
  const int kind = random.pick(kinds);
  fused_call f;
  const auto add = [&](const char* word) {
    to.fused.append(to.fused.empty() ? "" : "+").append(word);
  };
  const simdnn::shape& s = dst.view().shape;
  const std::int64_t plane =
      std::max<std::int64_t>(1, s.elements() / std::max<std::int64_t>(1, s[0] * channels));
  if (kind == bias || kind == bias_relu || kind == mapped) {
    to.inputs.push_back(std::make_unique<random_input>("bias", vector_view(channels), random));
    f.bias = to.inputs.back()->operand().data;
    for (std::size_t i = 0; i < dst.wanted.size(); ++i)
      dst.wanted[i] += f.bias[static_cast<std::int64_t>(i) / plane % channels];
    add("bias");
  }
  if (kind == sum || kind == sum_relu || kind == sum_in_place) {
    random_input residual("residual", dst.view(), random);
    for (std::size_t i = 0; i < dst.wanted.size(); ++i) dst.wanted[i] += residual.dense()[i];
    if (kind == sum_in_place) {
      dst.initial.assign(residual.dense().begin(), residual.dense().end());
      f.residual = dst.operand().data;
    } else {
      to.inputs.push_back(std::make_unique<random_input>(std::move(residual)));
      f.residual = to.inputs.back()->operand().data;
    }
    add(kind == sum_in_place ? "sum in place" : "sum");
  }
  if (kind == bias_relu || kind == sum_relu) {
    f.relu = true;
    for (double& x : dst.wanted) x = std::max(x, 0.0);
    add("relu");
  }
  if (kind == mapped) {
    f.mapped = true;
    for (double& x : dst.wanted) x = halve_plus_one{}(x);
    add("a function");
  }
  // Each step rounds like one more product.
  if (kind != nothing) dst.terms += 2;
  return f;
}

std::vector<double> sums(const dot_products& p) {
  std::vector<double> all(static_cast<std::size_t>(p.columns * p.rows));
  std::vector<double> column(static_cast<std::size_t>(p.depth));
  for (std::int64_t c = 0; c < p.columns; ++c) {
    p.gather(c, column.data());
    for (std::int64_t r = 0; r < p.rows; ++r) {
      const double* row = p.row(c, r);
      double sum = 0;
      for (std::int64_t k = 0; k < p.depth; ++k)
        sum += row[k] * column[static_cast<std::size_t>(k)];
      all[static_cast<std::size_t>(p.index(c, r))] = sum;
    }
  }
  return all;
}

}  // namespace simdnn::bench
