#include "epfleet/text/csv_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "epfleet/text/parse.h"

namespace epfleet::text {
namespace {

constexpr std::size_t kLongestRow = 65536;  // characters

}  // namespace

CsvReader::CsvReader(std::string path, std::vector<std::string> columns)
    : columns_(std::move(columns)), lines_(std::move(path), kLongestRow) {
  read_header();
}

bool CsvReader::next_line() {
  const LineReader::Got got = lines_.next();
  if (got == LineReader::Got::TooLong) {
    throw problem_at(1, "the line is longer than 65,536 characters", "is this a CSV file?");
  }
  if (got == LineReader::Got::End) {
    return false;
  }
  if (lines_.cut_last_line()) {
    throw problem_at(static_cast<int>(lines_.line().size()) + 1, "the last line has no line end",
                     "if the file is whole, end it with a newline");
  }
  return true;
}

void CsvReader::split_line() {
  fields_.clear();
  const std::string_view line = lines_.line();
  std::size_t from = 0;
  while (true) {
    const std::size_t comma = std::min(line.find(',', from), line.size());
    fields_.push_back(trimmed(line.substr(from, comma - from)));
    if (comma == line.size()) {
      return;
    }
    from = comma + 1;
  }
}

bool CsvReader::next_row() {
  do {
    if (!next_line()) {
      return false;
    }
  } while (trimmed(lines_.line()).empty() || lines_.line().front() == '#');
  split_line();
  if (width_ != 0 && fields_.size() != width_) {
    throw problem_at(static_cast<int>(lines_.line().size()) + 1,
                     fmt::format("{} fields where the header has {}", fields_.size(), width_),
                     "give every column a value");
  }
  return true;
}

void CsvReader::read_header() {
  if (!next_row()) {
    throw problem_at(0, "the file is empty",
                     fmt::format("it needs a header with the column {}", columns_.front()));
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (fields_.front().starts_with(kByteOrderMark)) {
    fields_.front().remove_prefix(kByteOrderMark.size());
  }
  width_ = fields_.size();
  for (const std::string& column : columns_) {
    const auto found = std::find(fields_.begin(), fields_.end(), column);
    if (found == fields_.end()) {
      throw problem_at(1, fmt::format("the column {} is missing", column),
                       "the first line names the columns");
    }
    if (std::find(found + 1, fields_.end(), column) != fields_.end()) {
      throw problem_at(1, fmt::format("the column {} is there twice", column),
                       "rename one of them");
    }
    position_.push_back(static_cast<std::size_t>(found - fields_.begin()));
  }
}

std::string_view CsvReader::text_of(std::size_t field) const { return fields_[position_[field]]; }

std::int64_t CsvReader::whole_number(std::size_t field) const {
  const std::string_view text = text_of(field);
  const auto value = parse_whole<std::int64_t>(text);
  if (!value && is_digits(text)) {
    throw problem(field, fmt::format("'{}' is too large", text), "give a number below 2^63");
  }
  if (!value) {
    throw problem(field, fmt::format("'{}' is not a whole number", text), "give digits only");
  }
  if (*value < 0) {
    throw problem(field, fmt::format("'{}' is negative", text), "give 0 or more");
  }
  return *value;
}

double CsvReader::number(std::size_t field) const {
  const auto value = parse_number(text_of(field));
  if (!value) {
    throw problem(field, fmt::format("'{}' is not a number", text_of(field)),
                  "give a decimal number");
  }
  return *value;
}

base::InputError CsvReader::problem(std::size_t field, std::string what, std::string remedy) const {
  const auto column = static_cast<int>(text_of(field).data() - lines_.line().data()) + 1;
  return problem_at(column, fmt::format("{}: {}", columns_[field], what), std::move(remedy));
}

base::InputError CsvReader::problem(std::string what, std::string remedy) const {
  return problem_at(1, std::move(what), std::move(remedy));
}

base::InputError CsvReader::problem_at(int column, std::string what, std::string remedy) const {
  base::Problem problem;
  problem.file = lines_.path();
  problem.line = column > 0 ? static_cast<int>(lines_.number()) : 0;
  problem.column = column;
  problem.what = std::move(what);
  problem.remedy = std::move(remedy);
  return base::InputError(std::move(problem));
}

}  // namespace epfleet::text
