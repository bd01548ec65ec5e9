#include "epfleet/calibration/measured_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace epfleet::calibration {
namespace {

struct Field {
  std::string text;
  int column = 1;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string::npos ? std::string{}
                                    : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Commas inside double quotes do not divide; the quotes are dropped.
std::vector<Field> split(const std::string& line) {
  std::vector<Field> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      quoted = !quoted;
    } else if (line[i] == ',' && !quoted) {
      fields.push_back({"", static_cast<int>(i) + 2});
    } else {
      fields.back().text += line[i];
    }
  }
  for (Field& field : fields) {
    field.text = trimmed(field.text);
  }
  return fields;
}

std::string read_all(const std::string& path) {
  if (std::filesystem::is_directory(path)) {
    throw base::InputError(
        base::Problem{.file = path, .what = "is a folder", .remedy = "name a CSV file"});
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw base::InputError(
        base::Problem{.file = path,
                      .what = fmt::format("cannot be read: {}", std::strerror(errno)),
                      .remedy = "check the name"});
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) {
    throw base::MachineError(fmt::format("{}: reading failed", path));
  }
  return text.str();
}

}  // namespace

MeasuredTable MeasuredTable::load(const std::string& path) {
  MeasuredTable table;
  table.path_ = path;
  std::istringstream lines(read_all(path));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') {
      line.pop_back();
    }
    if (trimmed(line).empty() || line.front() == '#') {
      continue;
    }
    if (table.header_.empty() && line.starts_with("\xef\xbb\xbf")) {  // byte order mark
      line.erase(0, 3);
    }
    Row row{number, line, {}, {}};
    for (Field& field : split(line)) {
      row.fields.push_back(std::move(field.text));
      row.columns.push_back(field.column);
    }
    if (table.header_.empty()) {
      table.header_line_ = line;
      table.header_ = std::move(row.fields);
    } else if (row.fields.size() != table.header_.size()) {
      throw table.problem_at(
          number, static_cast<int>(line.size()) + 1,
          fmt::format("{} fields where the header has {}", row.fields.size(), table.header_.size()),
          "give every column a value");
    } else {
      table.rows_.push_back(std::move(row));
    }
  }
  if (table.rows_.empty()) {
    throw table.problem(table.header_.empty() ? "the file is empty" : "no row follows the header",
                        "give a header line and a row per measurement");
  }
  return table;
}

std::string MeasuredTable::stem() const {
  return std::filesystem::path(path_).stem().generic_string();
}

bool MeasuredTable::has(const std::string& column) const {
  return std::ranges::find(header_, column) != header_.end();
}

std::size_t MeasuredTable::index(const std::string& column) const {
  const auto found = std::ranges::find(header_, column);
  if (found == header_.end()) {
    throw problem_at(1, 0, fmt::format("the column {} is missing", column),
                     fmt::format("the header has {}", fmt::join(header_, ", ")));
  }
  return static_cast<std::size_t>(found - header_.begin());
}

const std::string& MeasuredTable::text(std::size_t row, const std::string& column) const {
  return rows_[row].fields[index(column)];
}

double MeasuredTable::positive(std::size_t row, const std::string& column) const {
  const std::string& field = text(row, column);
  double value = 0.0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value)) {
    throw problem(row, column, fmt::format("'{}' is not a number", field), "give a decimal number");
  }
  if (value <= 0.0) {
    throw problem(row, column, fmt::format("'{}' is not above 0", field), "leave the row out");
  }
  return value;
}

std::int64_t MeasuredTable::whole(std::size_t row, const std::string& column,
                                  std::int64_t least) const {
  const std::string& field = text(row, column);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) {
    throw problem(row, column, fmt::format("'{}' is not a whole number", field),
                  "give digits only");
  }
  constexpr std::int64_t kMost = 1'000'000'000'000;  // far above any shape, far below overflow
  if (value < least || value > kMost) {
    throw problem(row, column, fmt::format("'{}' is not between {} and 10^12", field, least),
                  "check the column");
  }
  return value;
}

std::vector<std::int64_t> MeasuredTable::whole_list(std::size_t row,
                                                    const std::string& column) const {
  std::istringstream words(text(row, column));
  std::vector<std::int64_t> values;
  std::string word;
  while (words >> word) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || value < 0) {
      throw problem(row, column, fmt::format("'{}' is not a whole number", word),
                    "give numbers with blanks between");
    }
    values.push_back(value);
  }
  return values;
}

base::InputError MeasuredTable::problem(std::size_t row, const std::string& column,
                                        std::string what, std::string remedy) const {
  return problem_at(rows_[row].line, rows_[row].columns[index(column)],
                    fmt::format("{}: {}", column, what), std::move(remedy));
}

base::InputError MeasuredTable::problem(std::string what, std::string remedy) const {
  return problem_at(0, 0, std::move(what), std::move(remedy));
}

base::InputError MeasuredTable::problem_at(int line, int column, std::string what,
                                           std::string remedy) const {
  return base::InputError(
      base::Problem{path_, line, column, "", std::move(what), std::move(remedy)});
}

}  // namespace epfleet::calibration
