// tuning_cache: remembers for each problem which algorithm was measured to be the fastest. A policy
// refers to a cache (policy.hpp). Plans look their algorithm up in it, and measure (measure.hpp) if
// there is no entry.
//
// Its file is text: a line with the format and its version, then one line per entry,
//     conv_forward float nChw16c nChw16c avx512 threads=1 normal own mb8ic64ih56...: winograd
// sorted by key. Entries are about speed only, and are valid for the kind of machine that they were
// measured on.
#pragma once

#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <simdnn/base/error.hpp>
#include <simdnn/plan/policy.hpp>
#include <string>

namespace simdnn {

/// May be called from many threads at once.
class tuning_cache final : public algorithm_memory {
 public:
  tuning_cache() = default;
  /// Calls load(path).
  explicit tuning_cache(const std::string& path) { load(path); }

  /// Adds a file's entries, which replace those of the same key. Throws error and adds nothing if
  /// the file cannot be read, was not written by save(), or has an unknown version or a bad line.
  void load(const std::string& path) {
    std::ifstream file(path);
    const auto fail = [&](const std::string& which) {
      throw_error("tuning_cache", "'" + path + "'", "a file that save() wrote", "one " + which);
    };
    std::string line;
    if (!file) fail("that cannot be opened");
    if (!std::getline(file, line) || line.substr(0, line.rfind(' ') + 1) != format)
      fail("that does not start with '" + std::string(format) + version + "'");
    if (line != std::string(format) + version)
      fail("of version " + line.substr(line.rfind(' ') + 1));
    std::map<std::string, std::string> read;
    for (int number = 2; std::getline(file, line); ++number) {
      const std::size_t colon = line.find(": ");
      const auto in_line = [&](const char* is) {
        fail("whose line " + std::to_string(number) + " " + is);
      };
      if (file.eof()) in_line("has no end");
      if (colon == 0 || colon == std::string::npos || colon + 2 == line.size())
        in_line("is not 'key: algorithm'");
      if (!read.emplace(line.substr(0, colon), line.substr(colon + 2)).second)
        in_line("repeats a key");
    }
    if (file.bad()) fail("that cannot be read to its end");
    const std::lock_guard lock(mutex_);
    for (auto& [key, algorithm] : read) entries_[key] = algorithm;
  }

  /// Writes all entries. It writes a second file and then renames it, so that nobody reads half a
  /// file. Throws error if the file cannot be written.
  void save(const std::string& path) const {
    const std::string beside = path + ".new";
    std::ofstream file(beside);
    file << format << version << '\n';
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [key, algorithm] : entries_) file << key << ": " << algorithm << '\n';
    }
    file.close();
    if (!file || std::rename(beside.c_str(), path.c_str()) != 0)
      throw_error("tuning_cache", "'" + path + "'", "a path in a writable folder",
                  "one that cannot be written");
  }

  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }
  /// find() and keep() are called between lock() and unlock().
  std::string find(const std::string& key) const override {
    const auto at = entries_.find(key);
    return at != entries_.end() ? at->second : "";
  }
  void keep(const std::string& key, const std::string& algorithm) override {
    entries_[key] = algorithm;
    ++measured_;
  }

  /// Number of entries that were measured, not loaded. If it is 0, there is nothing to save().
  int measured() const {
    const std::lock_guard lock(mutex_);
    return measured_;
  }
  std::map<std::string, std::string> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }

 private:
  static constexpr const char* format = "simdnn tuning cache, version ";
  static constexpr const char* version = "1";

  mutable std::mutex mutex_;
  std::map<std::string, std::string> entries_;
  int measured_ = 0;
};

}  // namespace simdnn
