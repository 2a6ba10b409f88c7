// The picture at the end: loss over the epochs, the confusion matrix and the surest mistakes.
// Colours are Okabe and Ito's, and one blue from pale to dark, which colour-blind readers can tell
// apart.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "idx.hpp"
#include "svg.hpp"

namespace fashion {

/// A test image that the network assigned to a wrong class.
struct mistake {
  int image, truth, guess;
  float probability;  ///< of the guess
};

/// The results on all test images.
struct evaluation {
  double loss = 0;
  double accuracy = 0;
  std::array<std::array<int, classes>, classes> confusion{};  ///< [truth][guess]
  std::vector<mistake> mistakes;
};

/// The course of the training from the first step on.
struct history {
  int batch = 0;
  int steps_per_epoch = 0;
  std::vector<double> losses{};     ///< of each step
  std::vector<evaluation> tests{};  ///< after each epoch
};

namespace drawing {

inline constexpr const char *blue = "#0072b2", *orange = "#d55e00", *grey = "#999999",
                            *pale = "#b3d4e8", *rule = "#e4e4e4";

inline void heading(svg& s, point at, const char* words) {
  s.text(at, words, {.size = 16, .bold = true});
}

/// Draws the loss over epochs in the box from `at`: means of a few steps in pale, of many in dark.
inline void loss_curve(svg& s, point at, double width, double height, const history& h) {
  heading(s, {at.x - 50, at.y - 24}, "Loss (cross-entropy, nats an image)");
  const auto epochs = static_cast<double>(h.tests.size());
  const auto averaged = [&](std::size_t count) {
    std::vector<std::pair<double, double>> means;  // epoch, loss
    const std::size_t each = std::max<std::size_t>(1, h.losses.size() / count);
    for (std::size_t i = 0; i + each <= h.losses.size(); i += each) {
      double sum = 0;
      for (std::size_t j = i; j < i + each; ++j) sum += h.losses[j];
      means.emplace_back(
          (static_cast<double>(i) + static_cast<double>(each) / 2) / h.steps_per_epoch,
          sum / static_cast<double>(each));
    }
    return means;
  };
  const auto fine = averaged(600), coarse = averaged(60);
  // The loss of the first steps is far above the rest, so the axis ends where 98 % of the means are
  // below.
  std::vector<double> sorted;
  for (const auto& [epoch, loss] : fine) sorted.push_back(loss);
  std::sort(sorted.begin(), sorted.end());
  const double top = std::max(0.2, std::ceil(sorted[sorted.size() * 98 / 100] * 5) / 5);

  const auto place = [&](double epoch, double loss) {
    return point{at.x + width * epoch / epochs, at.y + height * (1 - std::min(loss / top, 1.0))};
  };
  const double step = top > 1.2 ? 0.4 : top > 0.6 ? 0.2 : 0.1;
  for (int i = 0; i * step <= top + 1e-9; ++i) {
    s.line(place(0, i * step), place(epochs, i * step), rule, 1);
    s.text({at.x - 8, place(0, i * step).y + 4}, svg::format("%.1f", i * step),
           {.size = 12, .anchor = "end"});
  }
  const int every = std::max(1, static_cast<int>(epochs) / 10);
  for (int e = 0; e <= static_cast<int>(epochs); e += every)
    s.text({place(e, 0).x, at.y + height + 18}, std::to_string(e),
           {.size = 12, .anchor = "middle"});
  s.text({at.x + width / 2, at.y + height + 40}, "epochs", {.anchor = "middle"});
  s.line(place(0, 0), place(epochs, 0), grey, 1);

  const auto draw = [&](const auto& means, const char* colour, double stroke) {
    std::vector<point> points;
    for (const auto& [epoch, loss] : means) points.push_back(place(epoch, loss));
    s.line(points, colour, stroke);
  };
  draw(fine, pale, 1);
  draw(coarse, blue, 2.5);
  for (std::size_t e = 0; e < h.tests.size(); ++e)
    s.circle(place(static_cast<double>(e + 1), h.tests[e].loss), 5, orange);

  const double key = at.x + width - 190;
  s.line({key, at.y + 12}, {key + 24, at.y + 12}, blue, 2.5);
  s.text({key + 32, at.y + 16}, "training, mean");
  s.line({key, at.y + 34}, {key + 24, at.y + 34}, pale, 1.5);
  s.text({key + 32, at.y + 38}, "training, a few steps");
  s.circle({key + 12, at.y + 56}, 5, orange);
  s.text({key + 32, at.y + 60}, "test");
}

/// Draws how often each truth (row) was taken for each guess (column). A cell is darker the larger
/// its share of the row.
inline void confusion_matrix(svg& s, point at, double cell, const evaluation& e) {
  heading(s, {at.x - 92, at.y - 24}, "Confusion matrix (test images)");
  for (int truth = 0; truth < classes; ++truth) {
    int total = 0;
    for (const int count : e.confusion[truth]) total += count;
    for (int guess = 0; guess < classes; ++guess) {
      const int count = e.confusion[truth][guess];
      // The square root makes rare mistakes visible beside the many right guesses.
      const double share = total == 0 ? 0 : std::sqrt(static_cast<double>(count) / total);
      const auto mix = [&](int full) { return static_cast<int>(255 + (full - 255) * share); };
      const point corner{at.x + guess * cell, at.y + truth * cell};
      s.rectangle(corner, cell - 1, cell - 1,
                  svg::format("#%02x%02x%02x", mix(0), mix(73), mix(130)));
      if (count != 0)
        s.text({corner.x + cell / 2, corner.y + cell / 2 + 4}, std::to_string(count),
               {.size = 11, .anchor = "middle", .colour = share > 0.55 ? "#ffffff" : "#222222"});
    }
    s.text({at.x - 8, at.y + (truth + 0.5) * cell + 4}, class_names[truth],
           {.size = 12, .anchor = "end"});
    s.text({at.x + (truth + 0.5) * cell + 4, at.y + classes * cell + 12}, class_names[truth],
           {.size = 12, .anchor = "end", .turn = -45});
  }
  s.text({at.x + classes * cell / 2, at.y + classes * cell + 82}, "what the network says",
         {.anchor = "middle"});
  s.text({at.x - 92, at.y + classes * cell / 2}, "what it is", {.anchor = "middle", .turn = -90});
}

/// Draws the mistakes of which the network was most sure.
inline void mistakes(svg& s, point at, double step, int count, const dataset& data,
                     std::vector<mistake> found) {
  heading(s, {at.x, at.y - 18}, "Its surest mistakes");
  std::sort(found.begin(), found.end(), [](const mistake& a, const mistake& b) {
    return a.probability != b.probability ? a.probability > b.probability : a.image < b.image;
  });
  constexpr double size = 84;
  for (int i = 0; i < std::min<int>(count, static_cast<int>(found.size())); ++i) {
    const mistake& m = found[i];
    const double x = at.x + i * step, middle = x + size / 2;
    s.rectangle({x - 1, at.y - 1}, size + 2, size + 2, rule);
    s.image({x, at.y}, size, data.image(m.image), side);
    s.text({middle, at.y + size + 18}, svg::format("is: %s", class_names[m.truth]),
           {.size = 12, .anchor = "middle", .colour = blue, .bold = true});
    s.text({middle, at.y + size + 35}, svg::format("said: %s", class_names[m.guess]),
           {.size = 12, .anchor = "middle", .colour = orange});
    s.text({middle, at.y + size + 51}, svg::format("%.1f %% sure", 100 * m.probability),
           {.size = 11, .anchor = "middle", .colour = "#555555"});
  }
}

}  // namespace drawing

/// Writes the SVG file. Throws std::runtime_error if it cannot.
inline void draw(const std::string& path, const history& h, const dataset& test) {
  const evaluation& last = h.tests.back();
  svg s(1200, 800);
  s.text({40, 46}, "A convolutional network learns Fashion-MNIST", {.size = 22, .bold = true});
  s.text(
      {40, 72},
      svg::format("%.2f %% of %d test images right after %d epochs, batch %d, trained with simdnn",
                  100 * last.accuracy, test.size(), static_cast<int>(h.tests.size()), h.batch),
      {.size = 14, .colour = "#555555"});
  drawing::loss_curve(s, {90, 140}, 500, 350, h);
  drawing::confusion_matrix(s, {780, 140}, 36, last);
  drawing::mistakes(s, {40, 640}, 114, 10, test, last.mistakes);
  s.save(path);
}

}  // namespace fashion
