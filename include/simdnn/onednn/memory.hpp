// simdnn's memory orders as oneDNN's descriptors; float only.
#pragma once

#if defined(SIMDNN_WITH_ONEDNN)
#include <simdnn/base/types.hpp>
#include <simdnn/onednn/engine.hpp>

namespace simdnn::inline SIMDNN_ABI::onednn {

using dims = dnnl::memory::dims;
using desc = dnnl::memory::desc;

/// A dense descriptor with the first dimension outermost.
inline desc plain(const dims& sizes) {
  dims strides(sizes.size());
  dnnl::memory::dim run = 1;
  for (std::size_t d = sizes.size(); d-- > 0; run *= sizes[d]) strides[d] = run;
  return {sizes, dnnl::memory::data_type::f32, strides};
}

/// A descriptor; the primitive chooses its memory order.
inline desc any(const dims& sizes) {
  return {sizes, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any};
}

/// Whether images may have channels in blocks of this size; 1 means a plain layout.
constexpr bool has_block(index_t block) {
  return block == 1 || block == 4 || block == 8 || block == 16;
}

/// {n, c, [d,] h, w}: nchw, nhwc (`channels_last`), or channels in blocks of 4, 8 or 16.
inline desc image(const dims& sizes, index_t block, bool channels_last) {
  using tag = dnnl::memory::format_tag;
  const bool deep = sizes.size() == 5;
  const auto of = [&](tag t) { return desc(sizes, dnnl::memory::data_type::f32, t); };
  switch (block) {
    case 4:
      return of(deep ? tag::nCdhw4c : tag::nChw4c);
    case 8:
      return of(deep ? tag::nCdhw8c : tag::nChw8c);
    case 16:
      return of(deep ? tag::nCdhw16c : tag::nChw16c);
    default:
      return channels_last ? of(deep ? tag::ndhwc : tag::nhwc) : plain(sizes);
  }
}

/// Wraps the caller's memory. oneDNN's memory objects know no const; memory that is only read stays
/// unchanged.
inline dnnl::memory over(const desc& d, const void* data) {
  return {d, engine(), const_cast<void*>(data)};
}

/// Copies elements into another memory order.
inline void reorder(const desc& from, const void* src, const desc& to, void* dst) {
  dnnl::memory s = over(from, src), d = over(to, dst);
  dnnl::reorder(s, d).execute(stream(), s, d);
  stream().wait();
}

}  // namespace simdnn::inline SIMDNN_ABI::onednn
#endif
