// A second translation unit with the single header, what it has for oneDNN included.
#if __has_include(<oneapi/dnnl/dnnl.hpp>)
#define SIMDNN_WITH_ONEDNN
#endif
#include <simdnn.hpp>

simdnn::tensor<float, "nc"> other() { return simdnn::tensor<float, "nc">({1, 1}); }
