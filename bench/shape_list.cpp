#include <bench/refuse.hpp>
#include <bench/shape_list.hpp>
#include <charconv>
#include <fstream>
#include <stdexcept>

namespace simdnn::bench {
namespace {

std::string_view trim(std::string_view s) {
  const auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!s.empty() && space(s.front())) s.remove_prefix(1);
  while (!s.empty() && space(s.back())) s.remove_suffix(1);
  return s;
}

// Removes a multiplicity such as "*3" from the end of `s`, which may be nothing else, and returns
// it. Returns 1 if there is none. `all` is for the text of the error.
int take_times(std::string_view& s, std::string_view all) {
  const std::size_t star = s.rfind('*');
  if (star == s.npos) return 1;
  const std::string_view digits = s.substr(star + 1);
  int times = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), times);
  if (fault != std::errc() || end != digits.data() + digits.size() || times < 1)
    refuse('"' + std::string(all) + "\": multiplicity after *", "a positive number",
           '"' + std::string(digits) + '"');
  s.remove_suffix(s.size() - star);
  return times;
}

}  // namespace

named_problem parse_named_problem(std::string_view text) {
  text = trim(text);
  named_problem p;
  // In benchdnn's problems the name's field is the only one with an n in its key.
  const std::size_t at = text.find('n');
  std::string_view shape = text.substr(0, at);
  while (!shape.empty() && shape.back() == '_') shape.remove_suffix(1);
  p.text = shape;
  p.name = shape;
  if (at == text.npos) return p;

  std::string_view name = text.substr(at + 1), behind;
  if (!name.empty() && name.front() == '"') {
    name.remove_prefix(1);
    const std::size_t quote = name.find('"');
    // benchdnn itself takes everything up to the end of the line as the name.
    if (quote != name.npos) {
      behind = name.substr(quote + 1);
      name = name.substr(0, quote);
    }
  }
  p.times = take_times(name, text) * take_times(behind, text);
  if (!trim(behind).empty())
    refuse('"' + std::string(text) + '"', "nothing after the name",
           '"' + std::string(behind) + '"');
  if (!name.empty()) p.name = name;
  return p;
}

std::vector<named_problem> read_shape_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) refuse(path, "a readable file", "one that cannot be opened");
  std::vector<named_problem> problems;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::string_view text = trim(std::string_view(line).substr(0, line.find('#')));
    if (text.empty()) continue;
    const std::string where = path + ":" + std::to_string(number);
    if (text.starts_with("--"))
      refuse(where, "a problem", "benchdnn's option " + std::string(text));
    try {
      problems.push_back(parse_named_problem(text));
    } catch (const std::invalid_argument& e) {
      throw std::invalid_argument(where + ": " + e.what());
    }
  }
  return problems;
}

}  // namespace simdnn::bench
