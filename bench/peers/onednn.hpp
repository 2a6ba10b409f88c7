// Shared by the oneDNN peers: the engine, layouts, and a runner for any primitive.
#pragma once

#include <oneapi/dnnl/dnnl_version.h>

#include <bench/measure.hpp>
#include <bench/peers/peer.hpp>
#include <bench/refuse.hpp>
#include <functional>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>
#include <utility>
#if defined(_OPENMP)
#include <omp.h>
#endif

namespace simdnn::bench::onednn {

using tag = dnnl::memory::format_tag;

constexpr dnnl::cpu_isa limit(isa::id isa) {
  switch (isa) {
    case isa::id::avx512:
      return dnnl::cpu_isa::avx512_core;
    case isa::id::avx2:
      return dnnl::cpu_isa::avx2;
    default:
      return dnnl::cpu_isa::sse41;
  }
}

/// The process's engine. The first call limits its ISA; every call sets the number of threads.
inline const dnnl::engine& engine(const conditions& c) {
  static const isa::id limited = [&] {
    if (dnnl::set_max_cpu_isa(limit(c.isa)) != dnnl::status::success)
      throw std::runtime_error("onednn: it was used before its instruction set could be limited");
    return c.isa;
  }();
  if (limited != c.isa) refuse("onednn", "one instruction set in a process", "a second");
#if defined(_OPENMP)
  omp_set_num_threads(c.threads);
#endif
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

inline dnnl::memory::desc describe(const dims& sizes, tag t) {
  return {sizes, dnnl::memory::data_type::f32, t};
}

/// Dense, first dimension outermost.
inline tag plain(const dims& sizes) {
  constexpr tag tags[] = {tag::a, tag::ab, tag::abc, tag::abcd, tag::abcde, tag::abcdef};
  return tags[sizes.size() - 1];
}

/// The layouts for one, two and three spatial dimensions.
inline tag blocked16(const dims& src) {
  constexpr tag tags[] = {tag::aBc16b, tag::aBcd16b, tag::aBcde16b};
  return tags[src.size() - 3];
}
inline tag blocked8(const dims& src) {
  constexpr tag tags[] = {tag::aBc8b, tag::aBcd8b, tag::aBcde8b};
  return tags[src.size() - 3];
}
inline tag channels_last(const dims& src) {
  constexpr tag tags[] = {tag::acb, tag::acdb, tag::acdeb};
  return tags[src.size() - 3];
}

/// A copy of dense data in another layout.
inline dnnl::memory load(const float* data, const dims& sizes, const dnnl::memory::desc& md,
                         const dnnl::engine& e, dnnl::stream& s) {
  dnnl::memory from(describe(sizes, plain(sizes)), e, const_cast<float*>(data)), to(md, e);
  dnnl::reorder(from, to).execute(s, from, to);
  s.wait();
  return to;
}

/// A primitive with its operands, scratchpad included. It runs through the C interface, because the
/// C++ one builds an argument vector for each call.
class primitive_runner final : public runner {
 public:
  struct operand {
    int argument;
    dnnl::memory memory;
  };

  primitive_runner(const dnnl::engine& e, dnnl::stream s, const dnnl::primitive& p,
                   std::vector<operand> operands, int result, dims sizes, std::string name)
      : engine_(e),
        stream_(std::move(s)),
        primitive_(p),
        operands_(std::move(operands)),
        sizes_(std::move(sizes)),
        name_(std::move(name)) {
    for (operand& o : operands_) {
      if (o.argument == result) result_ = o.memory;
      arguments_.push_back({o.argument, o.memory.get()});
    }
  }
  void run() override {
    const dnnl_status_t status = dnnl_primitive_execute(
        primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()), arguments_.data());
    if (status != dnnl_success) throw std::runtime_error("onednn: execution failed");
    stream_.wait();
  }
  void fetch(float* data) override {
    dnnl::memory to(describe(sizes_, plain(sizes_)), engine_, data);
    dnnl::reorder(result_, to).execute(stream_, result_, to);
    stream_.wait();
  }
  std::string implementation() const override { return name_; }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::vector<operand> operands_;
  std::vector<dnnl_exec_arg_t> arguments_;
  dnnl::memory result_;
  dims sizes_;
  std::string name_;
};

/// Attributes for a user scratchpad and, if `relu` is set, relu on the result.
inline dnnl::primitive_attr attributes(bool relu) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (relu) {
    dnnl::post_ops ops;
#if DNNL_VERSION_MAJOR >= 3
    ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
#else
    ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
#endif
    attr.set_post_ops(ops);
  }
  return attr;
}

inline bool is_reference(const std::string& implementation) {
  return implementation.find("ref") != std::string::npos;
}

/// The fastest of the runners that these functions make; a function may return null. An
/// implementation that is the library's reference is used only if there is no other, and is not
/// timed: it may take minutes.
inline std::unique_ptr<runner> fastest(
    const std::vector<std::function<std::unique_ptr<runner>()>>& candidates) {
  std::unique_ptr<runner> best, reference;
  double best_time = 0;
  for (const auto& make : candidates) {
    std::unique_ptr<runner> r = make();
    if (r == nullptr) continue;
    if (is_reference(r->implementation())) {
      if (reference == nullptr) reference = std::move(r);
      continue;
    }
    const double time = quick_time([&] { r->run(); });
    if (best == nullptr || time < best_time) {
      best = std::move(r);
      best_time = time;
    }
  }
  return best != nullptr ? std::move(best) : std::move(reference);
}

}  // namespace simdnn::bench::onednn
