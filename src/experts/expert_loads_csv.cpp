#include "epfleet/experts/expert_loads_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "epfleet/base/error.h"
#include "epfleet/text/line_reader.h"
#include "epfleet/text/parse.h"

namespace epfleet::experts {
namespace {

using text::LineReader;

// Collects what is wrong with the lines of a file, so that all of it is said at once.
class Problems {
 public:
  explicit Problems(const LineReader& lines) : lines_(lines) {}
  void add(std::size_t column, std::string what, std::string remedy) {
    all_.push_back({lines_.path(), static_cast<int>(lines_.number()), static_cast<int>(column), "",
                    std::move(what), std::move(remedy)});
  }
  void throw_any() {
    if (!all_.empty()) {
      throw base::InputError(std::move(all_));
    }
  }

 private:
  const LineReader& lines_;
  std::vector<base::Problem> all_;
};

// A row of loads; none for a first line of words.
std::vector<double> read_row(std::string_view line, bool may_be_header, Problems& problems) {
  std::vector<double> row;
  std::size_t at = 0;
  while (at <= line.size()) {
    const std::size_t comma = std::min(line.find(',', at), line.size());
    const std::string_view field = text::trimmed(line.substr(at, comma - at));
    const auto value = text::parse_number(field);
    if (!value || *value < 0.0) {
      const bool word = !field.empty() && std::isalpha(static_cast<unsigned char>(field[0])) != 0;
      if (may_be_header && word && field != "nan" && field != "inf") {
        return {};
      }
      problems.add(at + 1, fmt::format("'{}' is not a load", field),
                   "write numbers >= 0, one an expert");
    }
    row.push_back(value.value_or(0.0));
    at = comma + 1;
  }
  return row;
}

}  // namespace

ExpertLoads read_expert_loads(const std::string& path) {
  LineReader lines(path);
  Problems problems(lines);
  ExpertLoads loads;
  bool first = true;
  for (auto got = lines.next(); got != LineReader::Got::End; got = lines.next()) {
    if (got == LineReader::Got::TooLong) {
      problems.add(1, "the line is too long for a row of loads", "is this a CSV file?");
      continue;
    }
    if (text::trimmed(lines.line()).empty() || lines.line().front() == '#') {
      continue;
    }
    std::vector<double> row = read_row(lines.line(), first, problems);
    first = false;
    if (row.empty()) {
      continue;
    }
    if (!loads.empty() && row.size() != loads.front().size()) {
      problems.add(0, fmt::format("has {} loads, not {}", row.size(), loads.front().size()),
                   "every layer has the same experts");
    }
    loads.push_back(std::move(row));
  }
  problems.throw_any();
  if (loads.empty()) {
    throw base::InputError(
        {.file = path, .what = "has no layers", .remedy = "write a row a layer"});
  }
  return loads;
}

}  // namespace epfleet::experts
