// The Fashion-MNIST files: gzipped IDX, big-endian sizes followed by bytes.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace fashion {

inline constexpr int side = 28, pixels = side * side, classes = 10;

inline constexpr std::array<const char*, classes> class_names{
    "T-shirt", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",  "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};

/// A file is missing, or it is not what it should be.
struct data_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Grey images of 28 x 28 pixels, from 0, the white background, to 255, each with its class.
struct dataset {
  std::vector<std::uint8_t> grey;
  std::vector<std::uint8_t> labels;

  int size() const { return static_cast<int>(labels.size()); }
  std::span<const std::uint8_t> image(int i) const {
    return std::span(grey).subspan(static_cast<std::size_t>(i) * pixels, pixels);
  }
};

/// Returns the bytes after the header of an IDX file. All sizes but the first must be `item`.
inline std::vector<std::uint8_t> read_idx(const std::string& path, std::span<const int> item) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (file == nullptr)
    throw data_error(path + ": expected a readable file, got one that cannot be opened");
  const auto read = [&](void* to, std::size_t bytes) {
    if (gzread(file.get(), to, static_cast<unsigned>(bytes)) != static_cast<int>(bytes))
      throw data_error(path + ": expected a whole IDX file, got one that is damaged or too short");
  };
  const auto read_size = [&] {
    std::uint8_t b[4];
    read(b, 4);
    return b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
  };
  const int rank = static_cast<int>(item.size()) + 1;
  if (read_size() != (0x0800 | rank))
    throw data_error(path + ": expected an IDX file of bytes in " + std::to_string(rank) +
                     " dimensions, got another");
  const int count = read_size();
  std::size_t item_bytes = 1;
  for (const int size : item) {
    if (read_size() != size)
      throw data_error(path + ": expected size " + std::to_string(size) + ", got another");
    item_bytes *= static_cast<std::size_t>(size);
  }
  if (count < 0 || count > 1'000'000)
    throw data_error(path + ": expected at most 1000000 items, got " + std::to_string(count));
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count) * item_bytes);
  read(bytes.data(), bytes.size());
  return bytes;
}

/// `part` is "train" or "t10k". Throws data_error.
inline dataset read_dataset(const std::string& directory, const std::string& part) {
  constexpr int image[] = {side, side};
  const std::string path = directory + "/" + part;
  dataset d{read_idx(path + "-images-idx3-ubyte.gz", image),
            read_idx(path + "-labels-idx1-ubyte.gz", {})};
  if (d.grey.size() != d.labels.size() * pixels)
    throw data_error(path + ": expected as many labels as images, got " +
                     std::to_string(d.labels.size()));
  if (d.labels.empty()) throw data_error(path + ": expected images, got none");
  for (const std::uint8_t label : d.labels)
    if (label >= classes)
      throw data_error(path + ": expected labels of at most 9, got " + std::to_string(label));
  return d;
}

}  // namespace fashion
