#include <algorithm>
#include <bench/reference.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <vector>

namespace simdnn::bench {
namespace {

using std::int64_t;

// Up to four columns that share their rows, and the rows that are compared.
struct batch {
  std::vector<int64_t> columns;
  int64_t first_row = 0, row_step = 1, row_count = 0;
};

// Cuts ascending columns into batches.
std::vector<batch> in_batches(const dot_products& p, const std::vector<int64_t>& columns,
                              int64_t row_count) {
  std::vector<batch> list;
  for (const int64_t c : columns) {
    if (list.empty() || list.back().columns.size() == 4 ||
        p.row(c, 0) != p.row(list.back().columns.front(), 0))
      list.push_back({{}, 0, std::max<int64_t>(1, p.rows / row_count), row_count});
    list.back().columns.push_back(c);
  }
  return list;
}

std::vector<batch> choose(const dot_products& p, bool sample, std::uint64_t seed) {
  constexpr int64_t wanted = 4096, rows_a_column = 16;
  int64_t count = std::min(p.rows, rows_a_column);
  const int64_t some = (wanted + count - 1) / count;
  if (!sample || some * 2 >= p.columns) {
    std::vector<int64_t> all(static_cast<std::size_t>(p.columns));
    std::iota(all.begin(), all.end(), 0);
    if (!sample || p.columns * p.rows <= wanted)
      count = p.rows;
    else
      count = std::min(p.rows, std::max(count, (wanted + p.columns - 1) / p.columns));
    return in_batches(p, all, count);
  }
  std::mt19937_64 random(seed);
  const auto below = [&](int64_t n) {
    return static_cast<int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  std::set<int64_t> columns{0, p.columns - 1};
  // The border may have fewer columns than half of those wanted, so the tries are limited.
  for (int64_t tries = 0; static_cast<int64_t>(columns.size()) < some; ++tries) {
    const int64_t c = below(p.columns);
    columns.insert(tries % 2 == 0 && tries < 4 * some ? p.on_border(c) : c);
  }
  std::vector<batch> list = in_batches(p, {columns.begin(), columns.end()}, count);
  for (batch& b : list) b.first_row = below(p.rows);
  return list;
}

}  // namespace

comparison compare(const dot_products& p, const float* got, bool sample, std::uint64_t seed,
                   dot_function* dots) {
  comparison found;
  if (p.columns * p.rows == 0) return found;
  const std::vector<batch> list = choose(p, sample, seed);
  int64_t compared = 0;
  double largest = 0, errors = 0, squares = 0;
#pragma omp parallel for schedule(dynamic) reduction(+ : compared, errors, squares) \
    reduction(max : largest)
  for (std::size_t i = 0; i < list.size(); ++i) {
    const batch& b = list[i];
    std::vector<double> gathered(static_cast<std::size_t>(4 * p.depth));
    const double* columns[4] = {gathered.data(), gathered.data(), gathered.data(), gathered.data()};
    for (std::size_t c = 0; c < b.columns.size(); ++c) {
      columns[c] = gathered.data() + static_cast<int64_t>(c) * p.depth;
      p.gather(b.columns[c], gathered.data() + static_cast<int64_t>(c) * p.depth);
    }
    for (int64_t j = 0; j < b.row_count; ++j) {
      const int64_t r = (b.first_row + j * b.row_step) % p.rows;
      double sums[4];
      dots(p.row(b.columns[0], r), columns, p.depth, sums);
      for (std::size_t c = 0; c < b.columns.size(); ++c) {
        const int64_t at = p.index(b.columns[c], r);
        const double want = p.finish(at, sums[c]), error = std::abs(got[at] - want);
        largest =
            std::max(largest, std::isnan(error) ? std::numeric_limits<double>::infinity() : error);
        errors += error * error;
        squares += want * want;
        ++compared;
      }
    }
  }
  const double n = static_cast<double>(compared);
  return {compared, largest, std::sqrt(errors / n), std::sqrt(squares / n)};
}

double tolerance(int64_t terms, std::string_view algorithm, bool repeats) {
  const double eps = std::numeric_limits<float>::epsilon(), k = static_cast<double>(terms);
  const double factor = algorithm.find("winograd") != std::string_view::npos ? 3 : 1;
  const double growth = repeats ? std::max(1.0, std::sqrt(k)) : 1;
  return factor * growth * eps * (4.5 * 4.5 * k / (3 * std::sqrt(24.0)) + 2 * std::sqrt(k) + 1);
}

}  // namespace simdnn::bench
