// A primitive is made once, when its plan is made, and is run from any number of threads.
#pragma once

#if defined(SIMDNN_WITH_ONEDNN)
#include <simdnn/onednn/memory.hpp>
#include <unordered_map>

namespace simdnn::inline SIMDNN_ABI::onednn {

/// The caller provides the scratchpad, so that a primitive keeps no state.
inline dnnl::primitive_attr attributes() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

/// The descriptor of a forward primitive. `args` are oneDNN's arguments, the same in 2.x and 3.x.
template <class Primitive, class... Args>
auto describe(const Args&... args) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine(), args..., attributes());
#else
  return
      typename Primitive::primitive_desc(typename Primitive::desc(args...), attributes(), engine());
#endif
}

/// The descriptor of a backward primitive. `forward` is the descriptor of the same operation's
/// forward primitive.
template <class Primitive, class Forward, class... Args>
auto describe_backward(const Forward& forward, const Args&... args) {
#if DNNL_VERSION_MAJOR >= 3
  return typename Primitive::primitive_desc(engine(), args..., forward, attributes());
#else
  return typename Primitive::primitive_desc(typename Primitive::desc(args...), attributes(),
                                            engine(), forward);
#endif
}

class primitive {
 public:
  primitive() = default;
  template <class Descriptor>
  primitive(const dnnl::primitive& p, const Descriptor& pd)
      : primitive_(p), scratchpad_(pd.scratchpad_desc()) {}

  index_t scratchpad_bytes() const { return static_cast<index_t>(scratchpad_.get_size()); }

  /// Runs the primitive and waits. The scratchpad must be 64-byte aligned.
  void run(std::unordered_map<int, dnnl::memory> operands, void* scratchpad) const {
    operands.insert({DNNL_ARG_SCRATCHPAD, over(scratchpad_, scratchpad)});
    primitive_.execute(stream(), operands);
    stream().wait();
  }

 private:
  dnnl::primitive primitive_;
  desc scratchpad_;
};

}  // namespace simdnn::inline SIMDNN_ABI::onednn
#endif
