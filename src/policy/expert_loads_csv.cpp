#include "epfleet/policy/expert_loads_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <fstream>

#include "epfleet/base/error.h"

namespace epfleet::policy {
namespace {

base::Problem problem(const std::string& file, int line, int column, std::string what,
                      std::string remedy) {
  return {file, line, column, "", std::move(what), std::move(remedy)};
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  const auto last = text.find_last_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

// A number >= 0, or nothing.
bool read_number(const std::string& text, double& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size() &&
         std::isfinite(value) && value >= 0.0;
}

// A row of loads; none for a first line of words. Problems are added.
std::vector<double> read_row(const std::string& line, const std::string& file, int number,
                             bool may_be_header, std::vector<base::Problem>& problems) {
  std::vector<double> row;
  std::size_t at = 0;
  while (at <= line.size()) {
    const std::size_t comma = std::min(line.find(',', at), line.size());
    const std::string field = trimmed(line.substr(at, comma - at));
    double value = 0.0;
    if (!read_number(field, value)) {
      const bool word = !field.empty() && std::isalpha(static_cast<unsigned char>(field[0])) != 0;
      if (may_be_header && word && field != "nan" && field != "inf") {
        return {};
      }
      problems.push_back(problem(file, number, static_cast<int>(at) + 1,
                                 fmt::format("'{}' is not a load", field),
                                 "write numbers >= 0, one an expert"));
    }
    row.push_back(value);
    at = comma + 1;
  }
  return row;
}

}  // namespace

ExpertLoads read_expert_loads(const std::string& path) {
  std::ifstream file(path);
  std::vector<base::Problem> problems;
  if (!file) {
    throw base::InputError(problem(path, 0, 0, "cannot be read", "check the path"));
  }
  ExpertLoads loads;
  std::string line;
  bool first = true;
  for (int number = 1; std::getline(file, line); ++number) {
    if (trimmed(line).empty() || line[0] == '#') {
      continue;
    }
    std::vector<double> row = read_row(line, path, number, first, problems);
    first = false;
    if (row.empty()) {
      continue;
    }
    if (!loads.empty() && row.size() != loads.front().size()) {
      problems.push_back(problem(
          path, number, 0, fmt::format("has {} loads, not {}", row.size(), loads.front().size()),
          "every layer has the same experts"));
    }
    loads.push_back(std::move(row));
  }
  if (!problems.empty()) {
    throw base::InputError(std::move(problems));
  }
  if (loads.empty()) {
    throw base::InputError(problem(path, 0, 0, "has no layers", "write a row a layer"));
  }
  return loads;
}

}  // namespace epfleet::policy
