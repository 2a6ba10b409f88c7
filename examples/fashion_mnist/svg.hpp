// A minimal writer of SVG: shapes, texts, grey images. Coordinates are pixels from the top left.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fashion {

struct point {
  double x, y;
};

/// How a text is set; `anchor` is start, middle or end.
struct text_style {
  double size = 13;
  const char* anchor = "start";
  const char* colour = "#222222";
  bool bold = false;
  double turn = 0;  ///< degrees, clockwise
};

class svg {
 public:
  svg(int width, int height) {
    body_ = format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\">\n",
        width, height, width, height);
    rectangle({0, 0}, width, height, "#ffffff");
  }
  void rectangle(point at, double width, double height, std::string_view fill) {
    body_ += format("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
                    at.x, at.y, width, height, std::string(fill).c_str());
  }
  void line(std::span<const point> points, const char* colour, double width) {
    body_ += "<polyline points=\"";
    for (const point p : points) body_ += format("%.1f,%.1f ", p.x, p.y);
    body_ +=
        format("\" fill=\"none\" stroke=\"%s\" stroke-width=\"%.1f\" stroke-linejoin=\"round\"/>\n",
               colour, width);
  }
  void line(point a, point b, const char* colour, double width) {
    const point ends[] = {a, b};
    line(ends, colour, width);
  }
  void circle(point at, double radius, const char* fill) {
    body_ += format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\" stroke=\"#ffffff\"/>\n",
                    at.x, at.y, radius, fill);
  }
  /// The text must not contain any of < > &.
  void text(point at, const std::string& words, const text_style& s = {}) {
    body_ += format(
        "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" text-anchor=\"%s\" fill=\"%s\"%s%s>", at.x,
        at.y, s.size, s.anchor, s.colour, s.bold ? " font-weight=\"bold\"" : "",
        s.turn == 0 ? ""
                    : format(" transform=\"rotate(%.0f %.1f %.1f)\"", s.turn, at.x, at.y).c_str());
    body_ += words + "</text>\n";
  }
  /// A square grey image of side * side bytes, 0 drawn white, `size` pixels wide.
  void image(point at, double size, std::span<const std::uint8_t> grey, int side) {
    body_ += format(
        "<image x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
        "style=\"image-rendering:pixelated\" href=\"data:image/png;base64,",
        at.x, at.y, size, size);
    body_ += base64(png(grey, side)) + "\"/>\n";
  }
  /// Throws std::runtime_error if the file cannot be written.
  void save(const std::string& path) const {
    std::ofstream file(path, std::ios::binary);
    file << body_ << "</svg>\n";
    if (!file.flush())
      throw std::runtime_error(
          path + ": expected a path in a writable folder, got one that cannot be written");
  }

  template <class... Arguments>
  static std::string format(const char* pattern, Arguments... arguments) {
    char buffer[512];
    const int length = std::snprintf(buffer, sizeof(buffer), pattern, arguments...);
    return std::string(buffer, length < 0 ? 0 : std::min<std::size_t>(length, sizeof(buffer) - 1));
  }

 private:
  // Each pixel is written as a square of `zoom` x `zoom` pixels, for viewers that smooth images.
  static std::string png(std::span<const std::uint8_t> grey, int side) {
    constexpr int zoom = 4;
    const int width = side * zoom;
    std::string rows;
    for (int y = 0; y < width; ++y) {
      rows += '\0';  // no filter
      for (int x = 0; x < width; ++x)
        rows += static_cast<char>(255 - grey[y / zoom * side + x / zoom]);
    }
    uLongf size = compressBound(rows.size());
    std::string packed(size, '\0');
    if (compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                 reinterpret_cast<const Bytef*>(rows.data()), rows.size()) != Z_OK)
      throw std::runtime_error("zlib cannot compress an image");
    packed.resize(size);
    const std::string header =
        big_endian(width) + big_endian(width) + std::string("\x08\0\0\0\0", 5);
    return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", packed) + chunk("IEND", "");
  }
  static std::string big_endian(std::uint32_t n) {
    return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
            static_cast<char>(n)};
  }
  static std::string chunk(const std::string& type, const std::string& data) {
    const std::string all = type + data;
    const auto crc =
        crc32(0, reinterpret_cast<const Bytef*>(all.data()), static_cast<uInt>(all.size()));
    return big_endian(static_cast<std::uint32_t>(data.size())) + all +
           big_endian(static_cast<std::uint32_t>(crc));
  }
  static std::string base64(const std::string& bytes) {
    constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
      std::uint32_t group = 0;
      for (std::size_t j = 0; j < 3; ++j)
        group = group << 8 | (i + j < bytes.size() ? static_cast<std::uint8_t>(bytes[i + j]) : 0);
      for (std::size_t j = 0; j < 4; ++j)
        text += i + j <= bytes.size() ? digits[group >> (18 - 6 * j) & 63] : '=';
    }
    return text;
  }

  std::string body_;
};

}  // namespace fashion
