// Reads and writes numpy's .npy files of version 1.0, in C order, '<f4' as float and '<f8' as
// double: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <bit>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <simdnn/tensor/tensor.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace simdnn {

static_assert(std::endian::native == std::endian::little);

namespace npy {

template <class T>
inline constexpr const char* type_name = nullptr;
template <>
inline constexpr const char* type_name<float> = "<f4";
template <>
inline constexpr const char* type_name<double> = "<f8";

inline constexpr std::string_view magic{"\x93NUMPY\x01\x00", 8};

template <class T, layout L>
constexpr void require() {
  static_assert(type_name<T> != nullptr, "npy files hold float or double here");
  static_assert(L.plain(), "npy files hold plain layouts: reorder from or to a blocked one");
}

/// The dictionary in the header of a file.
class header {
 public:
  header(std::string text, const char* op, const std::string& path)
      : text_(std::move(text)), op_(op), path_(path) {}

  /// The text after 'key': what is inside its quotes or parentheses, else up to the comma or brace.
  std::string value(const std::string& key) const {
    const std::size_t at = text_.find("'" + key + "':");
    std::size_t begin =
        at == std::string::npos ? at : text_.find_first_not_of(' ', at + key.size() + 3);
    if (begin == std::string::npos) fail("a header with " + key, "one without");
    const char open = text_[begin];
    if (open == '\'' || open == '(') ++begin;
    const std::size_t end = text_.find_first_of(open == '\''  ? "'"
                                                : open == '(' ? ")"
                                                              : ",}",
                                                begin);
    if (end == std::string::npos) fail("a header with " + key, "one that ends early");
    return text_.substr(begin, end - begin);
  }
  /// The sizes of 'shape', outermost first.
  std::vector<index_t> sizes() const {
    std::vector<index_t> result;
    const std::string text = value("shape");
    const char *at = text.data(), *end = at + text.size();
    while (at != end) {
      if (*at == ' ' || *at == ',') {
        ++at;
        continue;
      }
      index_t size = 0;
      const auto [next, code] = std::from_chars(at, end, size);
      if (code != std::errc() || size < 0)
        fail("a shape of sizes that are at least 0", "(" + text + ")");
      result.push_back(size);
      at = next;
    }
    return result;
  }
  [[noreturn]] void fail(const std::string& expected, const std::string& actual) const {
    throw_error(op_, path_, expected, actual);
  }

 private:
  std::string text_;
  const char* op_;
  std::string path_;
};

inline std::string shape_text(const std::vector<index_t>& sizes) {
  std::string text = "(";
  for (const index_t s : sizes) text += std::to_string(s) + (sizes.size() == 1 ? "," : ", ");
  if (sizes.size() > 1) text.resize(text.size() - 2);
  return text + ")";
}

}  // namespace npy

/// The array in a file. Its axes are the layout's dimensions in memory order: shape (N, H, W, C) is
/// read as "nhwc". Throws error, naming the file, if the file cannot be read, is not an npy file of
/// version 1.0, has another element type, is in Fortran order, has another number of axes or has
/// fewer elements than its shape says.
template <class T, layout L>
tensor<T, L> load_npy(const std::string& path,
                      std::pmr::memory_resource* memory = default_memory()) {
  npy::require<T, L>();
  constexpr const char* op = "load_npy";
  std::ifstream file(path, std::ios::binary);
  if (!file) throw_error(op, path, "a readable file", "one that cannot be opened");
  char start[10] = {};
  file.read(start, sizeof(start));
  if (!file || std::string_view(start, 8) != npy::magic)
    throw_error(op, path, "a file that starts with \\x93NUMPY and version 1.0", "another");
  const auto length =
      static_cast<unsigned char>(start[8]) + 256 * static_cast<unsigned char>(start[9]);
  std::string text(static_cast<std::size_t>(length), ' ');
  file.read(text.data(), length);
  const npy::header head(text, op, path);
  if (!file) head.fail("a header of " + std::to_string(length) + " bytes", "one that ends early");
  if (const std::string type = head.value("descr"); type != npy::type_name<T>)
    head.fail("elements of type '" + std::string(npy::type_name<T>) + "'", "'" + type + "'");
  if (head.value("fortran_order") != "False") head.fail("C order", "Fortran order");
  const std::vector<index_t> sizes = head.sizes();
  if (static_cast<int>(sizes.size()) != L.rank())
    head.fail(std::to_string(L.rank()) + " dimensions for layout " + std::string(L.text()),
              "shape " + npy::shape_text(sizes));
  shape s;
  for (int d = 0; d < L.rank(); ++d)
    for (int at = 0; at < L.rank(); ++at)
      if (L.outer_dim(at) == d) s.push_back(sizes.data()[at]);
  const index_t bytes = checked_mul(s.elements(), sizeof(T), op, "shape");
  // Checked before the tensor is allocated: a wrong shape may ask for any amount of memory.
  const auto there = static_cast<index_t>(std::filesystem::file_size(path)) - 10 - length;
  if (there < bytes)
    head.fail(std::to_string(bytes) + " bytes of elements for shape " + npy::shape_text(sizes),
              std::to_string(there));
  tensor<T, L> result(s, memory);
  file.read(reinterpret_cast<char*>(result.data()), bytes);
  if (!file) head.fail("a readable file", "one that cannot be read");
  return result;
}

/// Writes a tensor or view, which may be strided. The file's axes are the layout's dimensions in
/// memory order. Throws error if the file cannot be written.
template <tensor_like X>
void save_npy(const std::string& path, const X& x) {
  using T = std::remove_const_t<typename X::value_type>;
  constexpr layout L = X::format;
  npy::require<T, L>();
  const view<const T, L> v = x.as_view();
  std::vector<index_t> sizes;
  for (int at = 0; at < L.rank(); ++at) sizes.push_back(v.size(L.outer_dim(at)));

  std::string head = "{'descr': '" + std::string(npy::type_name<T>) +
                     "', 'fortran_order': False, 'shape': " + npy::shape_text(sizes) + ", }";
  // Padded, so that elements start at a multiple of 64.
  head.resize((head.size() + 11 + 63) / 64 * 64 - 11, ' ');
  head += '\n';

  std::vector<T> elements;
  elements.reserve(static_cast<std::size_t>(v.shape().elements()));
  const auto walk = [&](const auto& self, int at, index_t offset) -> void {
    if (at == L.rank()) {
      elements.push_back(v.data()[offset]);
      return;
    }
    for (index_t i = 0; i < sizes.data()[at]; ++i)
      self(self, at + 1, offset + i * v.stride(L.outer_dim(at)));
  };
  walk(walk, 0, 0);

  std::ofstream file(path, std::ios::binary);
  const char length[2] = {static_cast<char>(head.size() % 256),
                          static_cast<char>(head.size() / 256)};
  file.write(npy::magic.data(), npy::magic.size());
  file.write(length, 2);
  file.write(head.data(), static_cast<std::streamsize>(head.size()));
  file.write(reinterpret_cast<const char*>(elements.data()),
             static_cast<std::streamsize>(elements.size() * sizeof(T)));
  file.close();
  if (!file)
    throw_error("save_npy", path, "a path in a writable folder", "one that cannot be written");
}

}  // namespace simdnn
