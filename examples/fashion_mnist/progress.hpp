// The program's output while it trains: a moving bar on a terminal, otherwise one line per epoch.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

namespace fashion {

/// The progress of one epoch.
class progress {
 public:
  progress(int epoch, int epochs, int images)
      : epoch_(epoch), epochs_(epochs), images_(images), terminal_(isatty(STDOUT_FILENO) == 1) {}

  /// Called after each step.
  void step(int images, double loss) {
    seen_ += images;
    loss_sum_ += loss * images;
    if (terminal_ && (seconds() - drawn_ > 0.1)) draw();
  }
  /// Called after the last step. The mean loss stays on the screen.
  void finish() {
    if (terminal_) {
      draw();
      std::printf("\n");
    } else {
      std::printf("epoch %d/%d  loss %.4f  %.0f images/s  %.1f s\n", epoch_, epochs_, loss(),
                  rate(), seconds());
    }
    std::fflush(stdout);
  }

 private:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  double loss() const { return loss_sum_ / std::max(seen_, 1); }
  double rate() const { return seen_ / std::max(seconds(), 1e-9); }

  void draw() {
    constexpr int width = 30;
    drawn_ = seconds();
    const int full = static_cast<int>(static_cast<long>(width) * seen_ / images_);
    const std::string bar = std::string(full, '#') + std::string(width - full, '.');
    std::printf("\repoch %d/%d [%s] %3d %%  loss %.4f  %.0f images/s   ", epoch_, epochs_,
                bar.c_str(), static_cast<int>(100L * seen_ / images_), loss(), rate());
    std::fflush(stdout);
  }

  int epoch_, epochs_, images_;
  bool terminal_;
  int seen_ = 0;
  double loss_sum_ = 0, drawn_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace fashion
