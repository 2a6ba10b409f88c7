#include <doctest/doctest.h>
#include <unistd.h>

#include <simdnn/tensor/npy.hpp>

#include "support/compare.hpp"
#include "support/random.hpp"

using namespace simdnn;

namespace {

// A file of this test's own, gone at its end.
class temporary {
 public:
  temporary()
      : path_(std::filesystem::temp_directory_path() /
              ("simdnn_npy_" + std::to_string(getpid()) + ".npy")) {}
  ~temporary() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }
  void write(const std::string& dictionary, index_t bytes) const {
    std::ofstream file(path_, std::ios::binary);
    file << npy::magic << static_cast<char>(dictionary.size()) << '\0' << dictionary
         << std::string(bytes, '\0');
  }

 private:
  std::filesystem::path path_;
};

// The message with the file's name taken out.
template <layout L, class T = float>
std::string refusal(const temporary& file) {
  std::string text = test::message([&] { load_npy<T, L>(file.path()); });
  if (const auto at = text.find(file.path()); at != std::string::npos)
    text.replace(at, file.path().size(), "FILE");
  return text;
}

}  // namespace

TEST_CASE("what was saved is loaded") {
  const temporary file;
  const auto x = test::random_tensor<float, "nchw">({2, 3, 4, 5}, 1);
  save_npy(file.path(), x);
  CHECK(test::same_bits(load_npy<float, "nchw">(file.path()), x));
  CHECK(std::filesystem::file_size(file.path()) == 128 + 2 * 3 * 4 * 5 * 4);

  const auto hwc = test::random_tensor<double, "nhwc">({2, 3, 4, 5}, 2);
  save_npy(file.path(), hwc.part(1, 1, 2));
  CHECK(test::same_bits(load_npy<double, "nhwc">(file.path()), hwc.part(1, 1, 2)));
  CHECK(load_npy<double, "nchw">(file.path()).shape() ==
        shape{2, 4, 5, 2});  // its axes as they stand

  tensor<float, "x"> row(shape{3});
  row(2) = 7;
  save_npy(file.path(), row);
  CHECK(test::same_bits(load_npy<float, "x">(file.path()), row));
  save_npy(file.path(), tensor<float, "ab">({0, 4}));
  CHECK(load_npy<float, "ab">(file.path()).shape() == shape{0, 4});
}

TEST_CASE("numpy's own header is read") {
  const temporary file;
  // As numpy 1.24 writes it.
  const std::string head = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  file.write(head + std::string(117 - head.size(), ' ') + "\n", 24);
  CHECK(load_npy<float, "ab">(file.path()).shape() == shape{2, 3});
}

TEST_CASE("bad files are named, with the reason") {
  const temporary file;
  CHECK(refusal<"ab">(file) ==
        "load_npy: FILE: expected a readable file, got one that cannot be opened");
  std::ofstream(file.path()) << "P5 28 28 255 ";
  CHECK(refusal<"ab">(file) ==
        "load_npy: FILE: expected a file that starts with \\x93NUMPY and version 1.0, got another");
  file.write("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 48);
  CHECK(refusal<"ab">(file) == "load_npy: FILE: expected elements of type '<f4', got '<f8'");
  CHECK(refusal<"nchw", double>(file) ==
        "load_npy: FILE: expected 4 dimensions for layout nchw, got shape (2, 3)");
  file.write("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 24);
  CHECK(refusal<"ab">(file) == "load_npy: FILE: expected C order, got Fortran order");
  file.write("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 23);
  CHECK(refusal<"ab">(file) ==
        "load_npy: FILE: expected 24 bytes of elements for shape (2, 3), got 23");
  file.write("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 23);
  CHECK(refusal<"ab">(file).find("expected a size below 2^63") != std::string::npos);
  file.write("{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3), }", 24);
  CHECK(refusal<"ab">(file) ==
        "load_npy: FILE: expected a shape of sizes that are at least 0, got (2, -3)");
  file.write("{'descr': '<f4', 'shape': (2, 3), }", 24);
  CHECK(refusal<"ab">(file) ==
        "load_npy: FILE: expected a header with fortran_order, got one without");
  file.write("{'descr': '<f4", 24);
  std::filesystem::resize_file(file.path(), 15);
  CHECK(refusal<"ab">(file) ==
        "load_npy: FILE: expected a header of 14 bytes, got one that ends early");
  CHECK(test::message([&] { save_npy("/no/such/folder/x.npy", tensor<float, "ab">({1, 1})); }) ==
        "save_npy: /no/such/folder/x.npy: expected a path in a writable folder, got one that "
        "cannot be written");
}
