// record_collector: the call records that are made while it exists.
#pragma once

#include <simdnn/trace/call_record.hpp>
#include <string>
#include <utility>
#include <vector>

namespace test {

class record_collector {
 public:
  record_collector() : before_(simdnn::set_call_hook(&hook_)) {}
  ~record_collector() { simdnn::set_call_hook(before_); }
  record_collector(const record_collector&) = delete;

  const std::vector<simdnn::call_record>& calls() const { return calls_; }
  /// The records since the last take().
  std::vector<simdnn::call_record> take() { return std::exchange(calls_, {}); }

 private:
  static void called(const simdnn::call_record& call, void* data) {
    static_cast<std::vector<simdnn::call_record>*>(data)->push_back(call);
  }
  std::vector<simdnn::call_record> calls_;
  simdnn::call_hook hook_{called, &calls_};
  const simdnn::call_hook* before_;
};

/// "" if the record, made by a single thread, is the wanted one, except for its times.
inline std::string record_fault(const simdnn::call_record& got, simdnn::call_record wanted) {
  wanted.duration = got.duration;
  const auto text = [](const simdnn::call_record& call) {
    return call.str() + " flops=" + std::to_string(call.flops) +
           " bytes=" + std::to_string(call.bytes);
  };
  if (text(got) != text(wanted)) return text(got) + " instead of " + text(wanted);
  return got.start > 0 && got.duration >= 0 ? "" : "times of " + text(got);
}

}  // namespace test
