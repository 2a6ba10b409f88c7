// benchdnn's problem notation: keys and numbers, such as
//     mb8_ic64ih56oc128oh56kh3ph1n"resnet:conv*3"
// Underscores are skipped. A key consists of small letters. What follows n is a name, so no key
// begins with n. No key is e: after a number it would read as an exponent. Some keys are not
// benchdnn's: alpha and beta of gemm, alg of pooling (the kind) and pe of windows (pad_end). All of
// them but pe follow an underscore.
#pragma once

#include <charconv>
#include <simdnn/base/error.hpp>
#include <simdnn/base/types.hpp>
#include <simdnn/problem/spatial.hpp>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace simdnn {

/// A problem's text, cut into keys and numbers, from which the problem reads its fields. Reading
/// numbers does not depend on the locale.
class notation {
 public:
  /// Throws error in the name of `op` if the text is not of that form or a key occurs twice. The
  /// text must outlive *this.
  notation(std::string_view text, const char* op) : op_(op), text_(text) {
    const char *at = text.data(), *const end = at + text.size();
    while (at != end) {
      if (*at == '_') {
        ++at;
        continue;
      }
      const char* const begin = at;
      while (at != end && *at >= 'a' && *at <= 'z') ++at;
      const std::string key(begin, at);
      if (key.starts_with('n')) {
        name_.assign(begin + 1, end);
        std::erase(name_, '"');
        break;
      }
      // A number starts with a digit or with - and a digit: from_chars would also read inf and nan.
      const char* const digit = at != end && *at == '-' ? at + 1 : at;
      double value = 0;
      std::from_chars_result number{at, std::errc::invalid_argument};
      if (!key.empty() && digit != end && *digit >= '0' && *digit <= '9')
        number = std::from_chars(at, end, value);
      if (number.ec != std::errc())
        throw_error(op_, "problem", "keys and numbers such as mb8ic64ih56oc64kh3ph1",
                    quoted({begin, end}));
      if (has(key))
        throw_error(op_, "problem", "each key once",
                    "'" + key + "' twice in '" + std::string(text) + "'");
      values_.emplace_back(key, std::string_view(at, static_cast<std::size_t>(number.ptr - at)));
      at = number.ptr;
    }
    const auto any = [&](const char* letter) {
      for (const char* const prefix : {"i", "o", "k"})
        if (has(std::string(prefix) + letter)) return true;
      return false;
    };
    rank_ = any("d") ? 3 : any("h") || !any("w") ? 2 : 1;
  }

  const char* op() const { return op_; }
  bool has(std::string_view key) const { return find(key) != values_.size(); }
  /// The same; a spatial key occurs with d, h or w after it.
  bool has(const std::string& key, bool spatial) const {
    return spatial ? has(key + "d") || has(key + "h") || has(key + "w") : has(key);
  }
  /// Throws error if the text does not have the key.
  void need(const std::string& key, bool spatial = false) const {
    if (!has(key, spatial))
      throw_error(op_, "problem", "the key " + key + (spatial ? "h" : ""), quoted(text_));
  }
  /// The integer of a key, or `otherwise` if the text does not have the key. Marks the key as read.
  index_t take(std::string_view key, index_t otherwise) { return take_number(key, otherwise); }
  /// The same for a decimal number.
  double take_decimal(std::string_view key, double otherwise) {
    return take_number(key, otherwise);
  }
  /// Throws error naming the first key that was not read.
  void finish() const {
    if (!values_.empty())
      throw_error(op_, "problem", "keys of this operation",
                  "'" + values_.front().first + "' in '" + std::string(text_) + "'");
  }
  /// The name, which follows n, without its quotes.
  const std::string& name() const { return name_; }

  /// 3 if the text has depth, 1 if it has width only, else 2.
  int spatial_rank() const { return rank_; }
  /// The numbers of prefix + d, h, w. A missing number is copied from another dimension: h from w
  /// or else d, w from h, d from h. Empty if all are missing.
  spatial take_spatial(int rank, const std::string& prefix) {
    if (!has(prefix, true)) return {};
    const bool has_d = has(prefix + "d"), has_h = has(prefix + "h"), has_w = has(prefix + "w");
    index_t d = take(prefix + "d", 0), h = take(prefix + "h", 0), w = take(prefix + "w", 0);
    if (!has_h) h = has_w ? w : d;
    if (!has_w) w = h;
    if (!has_d) d = h;
    if (rank == 1) return {w};
    if (rank == 2) return {h, w};
    return {d, h, w};
  }

 private:
  std::size_t find(std::string_view key) const {
    std::size_t i = 0;
    while (i != values_.size() && values_[i].first != key) ++i;
    return i;
  }
  template <class T>
  T take_number(std::string_view key, T otherwise) {
    const std::size_t i = find(key);
    if (i == values_.size()) return otherwise;
    const std::string_view digits = values_[i].second;
    const char* const end = digits.data() + digits.size();
    T value = 0;
    const auto [ptr, fault] = std::from_chars(digits.data(), end, value);
    if (fault != std::errc() || ptr != end)
      throw_error(op_, "problem", "a whole number below 2^63 after " + std::string(key),
                  quoted(digits));
    values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(i));
    return value;
  }

  const char* op_;
  std::string_view text_;
  std::vector<std::pair<std::string, std::string_view>> values_;  // a map takes longer to compile
  std::string name_;
  int rank_ = 2;
};

}  // namespace simdnn
