// The command line.
#pragma once

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fashion {

inline constexpr const char* usage =
    "fashion_mnist: trains a convolutional network on the 60,000 images of Fashion-MNIST\n"
    "  --epochs N      how often all images are seen           (5)\n"
    "  --batch N       images a step                           (64)\n"
    "  --threads N     0: as many as there are CPUs            (0)\n"
    "  --executor openmp|pool|serial                           (openmp)\n"
    "  --data DIR      the four *-ubyte.gz files               "
    "(/usr/share/datasets/fashion-mnist)\n"
    "  --picture FILE  the results, drawn                      (fashion_mnist.svg)\n"
    "  --help          this\n";

struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct options {
  int epochs = 5;
  int batch = 64;
  int threads = 0;
  std::string executor = "openmp";
  std::string data = "/usr/share/datasets/fashion-mnist";
  std::string picture = "fashion_mnist.svg";
  bool help = false;
};

/// Throws usage_error.
inline options parse(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    const auto value = [&]() -> std::string_view {
      if (++i == argc) throw usage_error(std::string(name) + ": expected a value, got none");
      return argv[i];
    };
    const auto number = [&](int least, int most) {
      const std::string_view text = value();
      int n = 0;
      const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), n);
      if (code != std::errc() || end != text.data() + text.size() || n < least || n > most)
        throw usage_error(std::string(name) + ": expected a number from " + std::to_string(least) +
                          " to " + std::to_string(most) + ", got \"" + std::string(text) + '"');
      return n;
    };
    if (name == "--epochs")
      o.epochs = number(1, 1000);
    else if (name == "--batch")
      o.batch = number(1, 10'000);
    else if (name == "--threads")
      o.threads = number(0, 1024);
    else if (name == "--executor") {
      o.executor = value();
      if (o.executor != "openmp" && o.executor != "pool" && o.executor != "serial")
        throw usage_error("--executor: expected openmp, pool or serial, got \"" + o.executor + '"');
    } else if (name == "--data")
      o.data = value();
    else if (name == "--picture")
      o.picture = value();
    else if (name == "--help")
      o.help = true;
    else
      throw usage_error("option: expected one of those below, got " + std::string(name));
  }
  return o;
}

}  // namespace fashion
