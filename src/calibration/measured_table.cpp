#include "epfleet/calibration/measured_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <utility>

#include "epfleet/text/csv_reader.h"
#include "epfleet/text/output_file.h"
#include "epfleet/text/parse.h"

namespace epfleet::calibration {

MeasuredTable MeasuredTable::load(const std::string& path) {
  MeasuredTable table;
  table.path_ = path;
  text::CsvReader csv(path);
  table.header_line_ = csv.line();
  table.header_ = csv.columns();
  while (csv.next_row()) {
    Row row{csv.line_number(), std::string(csv.line()), {}, {}};
    for (std::size_t i = 0; i < csv.fields(); ++i) {
      row.fields.emplace_back(csv.text(i));
      row.columns.push_back(csv.column(i));
    }
    table.rows_.push_back(std::move(row));
  }
  if (table.rows_.empty()) {
    throw table.problem("no row follows the header",
                        "give a header line and a row per measurement");
  }
  return table;
}

std::string MeasuredTable::stem() const {
  const std::filesystem::path path(path_);
  const bool compressed = text::compression_of(path) != text::Compression::None;
  return (compressed ? path.stem() : path).stem().generic_string();
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
  const auto value = text::parse_number(text(row, column));
  if (!value) {
    throw problem(row, column, fmt::format("'{}' is not a number", text(row, column)),
                  "give a decimal number");
  }
  if (*value <= 0.0) {
    throw problem(row, column, fmt::format("'{}' is not above 0", text(row, column)),
                  "leave the row out");
  }
  return *value;
}

std::int64_t MeasuredTable::whole(std::size_t row, const std::string& column, std::int64_t least,
                                  std::int64_t most) const {
  const auto value = text::parse_whole<std::int64_t>(text(row, column));
  if (!value) {
    throw problem(row, column, fmt::format("'{}' is not a whole number", text(row, column)),
                  "give digits only");
  }
  if (*value < least || *value > most) {
    throw problem(row, column,
                  fmt::format("'{}' is not between {} and {}", text(row, column), least, most),
                  "check the column");
  }
  return *value;
}

std::vector<std::int64_t> MeasuredTable::whole_list(std::size_t row,
                                                    const std::string& column) const {
  std::istringstream words(text(row, column));
  std::vector<std::int64_t> values;
  std::string word;
  while (words >> word) {
    const auto value = text::parse_whole<std::int64_t>(word);
    if (!value || *value < 0 || *value > kMostOfShape) {
      throw problem(row, column,
                    fmt::format("'{}' is not a whole number up to {}", word, kMostOfShape),
                    "give numbers with blanks between");
    }
    values.push_back(*value);
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
