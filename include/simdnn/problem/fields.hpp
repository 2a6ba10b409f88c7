// A problem lists its fields once. Its checks, its text, its hash and random problems follow from
// the list.
//
//     struct lrn_problem {
//       index_t batch = 1;
//       spatial size = {};
//       double alpha = 1;
//       template <class F>
//       static constexpr void fields(F&& f) {
//         using P = lrn_problem;
//         f(&P::batch, {.name = "batch", .key = "mb", .least = 0});
//         f(&P::size, {.name = "size", .key = "i", .least = 1, .needed = true});
//         f(&P::alpha, {.name = "alpha", .key = "alpha", .usual = 1, .brief = true});
//       }
//     };
//     static_assert(problems::members<lrn_problem>() == problems::listed<lrn_problem>());
//
// The text has the order of the list. Rules between fields are code in checked(). A field has type
// index_t, double, spatial or an enum; in the text, an enum is a number.
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>
#include <simdnn/base/error.hpp>
#include <simdnn/problem/notation.hpp>
#include <simdnn/problem/spatial.hpp>
#include <string>
#include <string_view>
#include <type_traits>

namespace simdnn {

/// The description of one field of a problem.
struct field {
  static constexpr double none = std::numeric_limits<double>::infinity();

  const char* name;        ///< of the member, for errors
  const char* key = "";    ///< in the text; d, h or w follow it if the field is spatial; "": no key
  double least = -none;    ///< smallest legal value
  double greatest = none;  ///< largest legal value; spatial numbers are below 2^31 in any case
  double usual = none;     ///< default; an empty spatial field has it in each dimension
  bool needed = false;     ///< the text must have it; a spatial field must not be empty
  bool brief = false;      ///< the text leaves it out if it has its usual value
  index_t subtracted = 0;  ///< the text has the value minus this: benchdnn's dilation starts at 0
};

namespace problems {

/// A type that lists its fields.
template <class P>
concept lists_fields = requires { P::fields([](auto, const field&) {}); };

// Converts to every member's type. For unevaluated code only.
struct anything {
  template <class T>
  constexpr operator T() const;
};

/// Number of members of the aggregate P.
template <class P, class... Any>
consteval int members() {
  if constexpr (requires { P{Any{}..., anything{}}; })
    return members<P, Any..., anything>();
  else
    return sizeof...(Any);
}

/// Number of fields that P lists.
template <class P>
consteval int listed() {
  int count = 0;
  P::fields([&](auto, const field&) { ++count; });
  return count;
}

/// Number of spatial dimensions; 0 if the problem has no size.
template <class P>
constexpr int rank_of(const P& p) {
  if constexpr (requires { p.size.rank; })
    return p.size.rank;
  else
    return 0;
}

/// Calls g(number) for each number of a field; a number is an index_t or a double.
template <class T, class G>
constexpr void for_each_number(const T& x, G&& g) {
  if constexpr (std::is_same_v<T, spatial>)
    for (int d = 0; d < x.rank; ++d) g(x[d]);
  else if constexpr (std::is_enum_v<T>)
    g(static_cast<index_t>(x));
  else
    g(x);
}

// The texts do not depend on the locale, and reading them gives the same numbers again.
inline std::string text(index_t x) { return std::to_string(x); }
inline std::string text(double x) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof(digits), x).ptr};
}
inline std::string text(const spatial& x) { return x.empty() ? "none" : x.str(); }
template <class E>
  requires std::is_enum_v<E>
std::string text(E x) {
  return text(static_cast<index_t>(x));
}

template <class T>
[[noreturn]] SIMDNN_NOINLINE void refuse(const char* op, const field& f, bool less, double bound,
                                         const T& actual) {
  std::string expected = std::is_same_v<T, spatial> ? "each at " : "at ";
  expected.append(less ? "least " : "most ");
  expected.append(std::is_same_v<T, double> ? text(bound) : text(static_cast<index_t>(bound)));
  throw_error(op, f.name, expected, text(actual));
}

/// Throws error in the name of op if a number of the field is out of its bounds.
template <class T>
void check(const field& f, const T& x, const char* op) {
  constexpr double spatial_limit = std::numeric_limits<std::int32_t>::max();
  const double greatest =
      std::is_same_v<T, spatial> && f.greatest > spatial_limit ? spatial_limit : f.greatest;
  for_each_number(x, [&](auto number) {
    const auto value = static_cast<double>(number);
    if (value < f.least) refuse(op, f, true, f.least, x);
    if (value > greatest) refuse(op, f, false, greatest, x);
  });
}

/// Throws error naming the first field that is out of its bounds, or that has not as many spatial
/// dimensions as size.
template <lists_fields P>
void check(const P& p, const char* op) {
  P::fields([&](auto member, const field& f) {
    const auto& x = p.*member;
    if constexpr (std::is_same_v<decltype(x), const spatial&>) {
      const int rank = rank_of(p);
      if (f.needed && x.empty()) throw_error(op, f.name, "one to three numbers", "none");
      if (x.rank != rank)
        throw_error(op, f.name, std::to_string(rank) + " numbers, as many as size has",
                    x.empty() ? "none" : std::to_string(x.rank) + " (" + x.str() + ")");
    }
    check(f, x, op);
  });
}

/// Fills empty spatial fields with their usual numbers.
template <lists_fields P>
constexpr void fill(P& p) {
  P::fields([&](auto member, const field& f) {
    auto& x = p.*member;
    if constexpr (std::is_same_v<decltype(x), spatial&>)
      if (f.usual != field::none) x = x.or_all(rank_of(p), static_cast<index_t>(f.usual));
  });
}

/// Appends a field to a problem's text.
template <class T>
void put(std::string& to, const field& f, const T& x) {
  if constexpr (std::is_same_v<T, spatial>) {
    for (int d = 0; d < x.rank; ++d)
      to.append(f.key).append(1, "dhw"[3 - x.rank + d]).append(text(x[d] - f.subtracted));
  } else if constexpr (std::is_same_v<T, index_t>) {
    to.append(f.key).append(text(x - f.subtracted));
  } else {
    to.append("_").append(f.key).append(text(x));
  }
}

/// All fields with a key, in benchdnn's notation. The output sizes, if there are any, have key o
/// and come before the kernel.
template <lists_fields P>
std::string print(const P& p, const spatial& outputs = {}) {
  std::string to;
  P::fields([&](auto member, const field& f) {
    const std::string_view key = f.key;
    if (key.empty()) return;
    if (key == "k") put(to, {.name = "output", .key = "o"}, outputs);
    const auto& x = p.*member;
    bool usual = f.brief;
    for_each_number(x, [&](auto number) { usual &= static_cast<double>(number) == f.usual; });
    if (!usual) put(to, f, x);
  });
  return to;
}

/// Reads a field if the text has its key; otherwise x is unchanged. Throws error if the field is
/// out of its bounds.
template <class T>
void read(notation& t, const field& f, T& x) {
  const bool is_spatial = std::is_same_v<T, spatial>;
  if (f.needed) t.need(f.key, is_spatial);
  if (!t.has(f.key, is_spatial)) return;
  const auto restored = [&](index_t number) {
    index_t sum = 0;
    return __builtin_add_overflow(number, f.subtracted, &sum) ? number : sum;
  };
  if constexpr (std::is_same_v<T, spatial>) {
    x = t.take_spatial(t.spatial_rank(), f.key);
    for (int d = 0; d < x.rank; ++d) x[d] = restored(x[d]);
  } else if constexpr (std::is_same_v<T, double>) {
    x = t.take_decimal(f.key, x);
  } else {
    const index_t number = restored(t.take(f.key, 0));
    check(f, number, t.op());
    x = static_cast<T>(number);
  }
  check(f, x, t.op());
}

/// Reads all fields with a key. Fields that the text does not have are unchanged in p.
template <lists_fields P>
void read(notation& t, P& p) {
  P::fields([&](auto member, const field& f) {
    if (*f.key != '\0') read(t, f, p.*member);
  });
}

/// Reads a problem's text, whose fields may be in any order. Fields that it does not have are taken
/// from `usual`. If `name` is not null, it receives what follows n. Throws error in the name of op.
template <lists_fields P>
P parse(std::string_view text, const char* op, std::string* name, P usual) {
  notation t(text, op);
  read(t, usual);
  t.finish();
  if (name != nullptr) *name = t.name();
  return usual.checked(op);
}

}  // namespace problems

/// Equal problems have equal hashes. Problems that differ in one number have different hashes.
template <problems::lists_fields P>
constexpr std::size_t hash_value(const P& p) {
  std::uint64_t hash = 0x243f6a8885a308d3;
  const auto mix = [&](auto number) {
    std::uint64_t bits = 0;
    if constexpr (std::is_same_v<decltype(number), double>)
      bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);  // -0.0 equals 0.0
    else
      bits = static_cast<std::uint64_t>(number);
    hash = (hash ^ bits) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 32;
  };
  P::fields([&](auto member, const field&) {
    const auto& x = p.*member;
    if constexpr (std::is_same_v<decltype(x), const spatial&>) mix(x.rank);
    problems::for_each_number(x, mix);
  });
  return hash;
}

/// For std::unordered_map<conv_problem, V, problem_hash>.
struct problem_hash {
  template <problems::lists_fields P>
  constexpr std::size_t operator()(const P& p) const {
    return hash_value(p);
  }
};

}  // namespace simdnn
