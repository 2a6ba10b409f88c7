// benchdnn's problem notation: keys and numbers, such as
//     mb8_ic64ih56oc128oh56kh3ph1n"resnet:conv*3"
// Underscores separate nothing and are skipped. n and what follows is a name.
#pragma once

#include <simdnn/base/error.hpp>
#include <simdnn/base/types.hpp>
#include <simdnn/problem/spatial.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simdnn {

/// A problem text cut into its parts; the operations' problems read their fields from it.
class notation {
 public:
  /// Throws error in the name of `op` where the text is not of that form or a key occurs twice.
  notation(std::string_view text, const char* op) : op_(op), text_(text) {
    std::size_t at = 0;
    while (at < text.size()) {
      if (text[at] == '_') {
        ++at;
        continue;
      }
      const std::size_t key_begin = at;
      while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') ++at;
      const std::string key(text.substr(key_begin, at - key_begin));
      if (key.starts_with('n')) {  // no key does
        name_ = text.substr(key_begin + 1);
        std::erase(name_, '"');
        break;
      }
      const std::size_t number_begin = at;
      index_t value = 0;
      bool fits = true;
      for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
        fits = fits && !__builtin_mul_overflow(value, 10, &value) &&
               !__builtin_add_overflow(value, text[at] - '0', &value);
      if (key.empty() || at == number_begin || !fits)
        throw_error(op_, "problem", "keys and numbers are expected, such as mb8ic64ih56oc64kh3ph1",
                    "cannot be read at '" + std::string(text.substr(key_begin)) + "'");
      if (has(key))
        throw_error(op_, "problem", "a key may occur once",
                    "has '" + key + "' twice in '" + std::string(text) + "'");
      values_.emplace_back(key, value);
    }
  }

  bool has(std::string_view key) const {
    for (const auto& [name, value] : values_)
      if (name == key) return true;
    return false;
  }
  /// The number behind a key, which then counts as read.
  index_t take(const std::string& key, index_t otherwise) {
    for (auto it = values_.begin(); it != values_.end(); ++it) {
      if (it->first != key) continue;
      const index_t value = it->second;
      values_.erase(it);
      return value;
    }
    return otherwise;
  }
  /// The same, where the key must be there.
  index_t need(const std::string& key) {
    if (!has(key))
      throw_error(op_, "problem", "it must say " + key, "is '" + std::string(text_) + "'");
    return take(key, 0);
  }
  /// Throws error naming the first key that nobody read.
  void finish() const {
    if (!values_.empty())
      throw_error(op_, "problem", "this operation has no such key",
                  "has '" + values_.front().first + "' in '" + std::string(text_) + "'");
  }
  /// What stood behind n, quotes removed.
  const std::string& name() const { return name_; }

  /// 3 where the text speaks of depth, 1 where only of width, else 2.
  int spatial_rank() const {
    if (has("id") || has("od") || has("kd")) return 3;
    return has("ih") || has("oh") || has("kh") || !(has("iw") || has("ow") || has("kw")) ? 2 : 1;
  }
  /// The numbers of prefix + d, h, w; one that is missing takes its neighbour's (h from w, w from
  /// h, d from h), all missing the default.
  spatial take_spatial(int rank, const std::string& prefix, index_t otherwise) {
    const bool any = has(prefix + "d") || has(prefix + "h") || has(prefix + "w");
    if (!any) return spatial::all(rank, otherwise);
    const index_t unset = -1;
    index_t d = take(prefix + "d", unset), h = take(prefix + "h", unset),
            w = take(prefix + "w", unset);
    if (h == unset) h = w != unset ? w : d;
    if (w == unset) w = h;
    if (d == unset) d = h;
    if (rank == 1) return {w};
    if (rank == 2) return {h, w};
    return {d, h, w};
  }

 private:
  const char* op_;
  std::string_view text_;
  std::vector<std::pair<std::string, index_t>> values_;  // not a map, which compiles longer
  std::string name_;
};

}  // namespace simdnn
