// chrome_trace: a timeline of all calls in the Trace Event Format, which Perfetto (ui.perfetto.dev)
// and chrome://tracing display.
//
//     chrome_trace trace;             // collects from here on
//     ...
//     trace.save("trace.json");
#pragma once

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>
#include <simdnn/base/error.hpp>
#include <simdnn/trace/call_record.hpp>
#include <thread>
#include <vector>

namespace simdnn::inline SIMDNN_ABI {

/// Collects the records of all threads during its lifetime and passes them, and warnings, on to the
/// previous hook.
/// Traces must be destroyed in the reverse order of construction, and after the end of all calls
/// that began during their lifetime.
class chrome_trace {
 public:
  chrome_trace() {
    const std::lock_guard lock(mutex_);  // makes calls of the hook wait until before_ is set
    // A warning is reported once, so this hook takes it only if the previous one wants it.
    const call_hook* const previous = isa::program().hook.load(std::memory_order_acquire);
    if (previous != nullptr && previous->warned != nullptr) hook_.warned = warned;
    before_ = set_call_hook(&hook_);
  }
  ~chrome_trace() { set_call_hook(before_); }
  chrome_trace(const chrome_trace&) = delete;
  chrome_trace& operator=(const chrome_trace&) = delete;

  /// Number of calls collected so far.
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return events_.size();
  }

  /// The trace of all calls so far, as JSON: one complete event per call, in the row of its thread,
  /// named after operation and algorithm. Times are in microseconds since the first call's start.
  std::string str() const {
    const std::lock_guard lock(mutex_);
    std::int64_t first = events_.empty() ? 0 : events_.front().call.start;
    for (const event& e : events_) first = std::min(first, e.call.start);
    std::string text = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[";
    for (const event& e : events_)
      text.append(&e == &events_.front() ? "\n" : ",\n").append(to_text(e, first));
    return text + "\n]}\n";
  }

  /// Throws error if the file cannot be written.
  void save(const std::string& path) const {
    std::ofstream file(path);
    file << str();
    file.close();
    if (!file)
      throw_error("chrome_trace", "'" + path + "'", "a path in a writable folder",
                  "one that cannot be written");
  }

 private:
  struct event {
    call_record call;
    std::size_t thread;
  };

  static void called(const call_record& call, void* data) {
    auto& self = *static_cast<chrome_trace*>(data);
    const call_hook* before;
    {
      const std::lock_guard lock(self.mutex_);
      before = self.before_;
      const std::size_t next = self.threads_.size() + 1;
      const auto thread = self.threads_.try_emplace(std::this_thread::get_id(), next).first->second;
      self.events_.push_back({call, thread});
    }
    if (before != nullptr) before->called(call, before->data);
  }

  static void warned(const char* text, void* data) {
    const auto& self = *static_cast<const chrome_trace*>(data);
    const call_hook* before;
    {
      const std::lock_guard lock(self.mutex_);
      before = self.before_;
    }
    if (before != nullptr && before->warned != nullptr) before->warned(text, before->data);
  }

  // Record texts contain nothing that JSON must escape.
  static std::string to_text(const event& e, std::int64_t first) {
    const call_record& call = e.call;
    const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
    const auto microseconds = [](std::int64_t nanoseconds) {
      return call_record::decimal(static_cast<double>(nanoseconds) * 1e-3, 3);
    };
    const std::string op = std::string(call.op) + (call.packing ? "/pack" : "");
    return "{\"ph\":\"X\",\"pid\":1,\"tid\":" + std::to_string(e.thread) +
           ",\"ts\":" + microseconds(call.start - first) +
           ",\"dur\":" + microseconds(call.duration) + ",\"cat\":" + quoted(op) +
           ",\"name\":" + quoted(op + ' ' + call.algorithm) +
           ",\"args\":{\"problem\":" + quoted(call.problem) + ",\"type\":" + quoted(call.type) +
           ",\"layouts\":" + quoted(call.layouts) + ",\"isa\":" + quoted(call.isa) +
           ",\"threads\":" + std::to_string(call.threads) +
           ",\"GFLOP/s\":" + call_record::decimal(call.gflops(), 3) +
           ",\"GB/s\":" + call_record::decimal(call.gbytes(), 3) + "}}";
  }

  mutable std::mutex mutex_;
  std::vector<event> events_;
  std::map<std::thread::id, std::size_t> threads_;
  call_hook hook_{called, this};
  const call_hook* before_ = nullptr;
};

}  // namespace simdnn::inline SIMDNN_ABI
