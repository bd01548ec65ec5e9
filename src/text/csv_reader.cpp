#include "epfleet/text/csv_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "epfleet/text/parse.h"

namespace epfleet::text {

CsvReader::CsvReader(std::string path, std::vector<std::string> needed,
                     std::vector<std::string> optional, CsvForm form)
    : form_(std::move(form)), columns_(std::move(needed)), lines_(std::move(path)) {
  if (form_.header) {
    read_header(optional);
  }
}

bool CsvReader::next_line() {
  const LineReader::Got got = lines_.next();
  line_number_ = static_cast<int>(lines_.number());
  if (got == LineReader::Got::TooLong) {
    throw problem_at(1, "the line is longer than 4 MiB", "is this a CSV file?");
  }
  if (got == LineReader::Got::End) {
    return false;
  }
  line_ = lines_.line();
  if (form_.ends_with_line && lines_.cut_last_line()) {
    throw problem_at(static_cast<int>(line_.size()) + 1, "the last line has no line end",
                     "if the file is whole, end it with a newline");
  }
  return true;
}

bool CsvReader::next_row() {
  const std::int64_t last_row = lines_.number();
  do {
    if (!next_line()) {
      return false;
    }
    if (lines_.number() > last_row + kMostIdleLines) {
      throw problem_at(1, "a million empty lines and comments follow one another",
                       "is this a CSV file?");
    }
  } while (is_blank(line_) || line_.front() == '#');
  const int first_line = line_number_;
  row_.split(line_);
  if (row_.is_open()) {
    joined_.assign(line_);
    do {  // to cut the fields anew at every line would take too long
      if (joined_.size() > kLongestLine || !next_line()) {
        line_number_ = first_line;
        throw problem_at(row_.column(row_.size() - 1), "the quote is not closed",
                         "end the field with a quote");
      }
      joined_.append("\n").append(line_);
    } while (CsvRow::stays_open(line_));
    line_ = joined_;
    row_.split(line_);
  }
  line_number_ = first_line;
  if (width_ != 0 && row_.size() != width_) {
    throw problem_at(static_cast<int>(line_.size()) + 1,
                     fmt::format("{} fields where the header has {}", row_.size(), width_),
                     "give every column a value");
  }
  return true;
}

std::optional<std::size_t> CsvReader::place_of(const std::string& column) const {
  std::optional<std::size_t> place;
  for (std::size_t i = 0; i < row_.size(); ++i) {
    if (row_[i] == column) {
      if (place) {
        throw problem_at(1, fmt::format("the column {} is there twice", column),
                         "rename one of them");
      }
      place = i;
    }
  }
  return place;
}

void CsvReader::read_header(const std::vector<std::string>& optional) {
  if (!next_row()) {
    line_number_ = 0;
    throw problem_at(0, "the file is empty",
                     columns_.empty()
                         ? "it needs a header line"
                         : fmt::format("it needs a header with the column {}", columns_.front()));
  }
  width_ = row_.size();
  if (columns_.empty()) {
    for (std::size_t i = 0; i < width_; ++i) {
      columns_.emplace_back(row_[i]);
      place_.emplace_back(i);
    }
    return;
  }
  for (const std::string& column : columns_) {
    place_.push_back(place_of(column));
    if (!place_.back()) {
      throw problem_at(1, fmt::format("the column {} is missing", column),
                       "the first line names the columns");
    }
  }
  for (const std::string& column : optional) {
    columns_.push_back(column);
    place_.push_back(place_of(column));
  }
  for (std::size_t i = 0; i < width_; ++i) {
    if (std::ranges::find(place_, std::optional(i)) == place_.end()) {
      unread_.emplace_back(row_[i]);
    }
  }
}

std::string_view CsvReader::text(std::size_t field) const {
  const auto place = form_.header ? place_[field] : std::optional(field);
  return place ? row_[*place] : std::string_view();
}

int CsvReader::column(std::size_t field) const {
  const auto place = form_.header ? place_[field] : std::optional(field);
  return place ? row_.column(*place) : 1;
}

std::int64_t CsvReader::whole_number(std::size_t field) const {
  const auto value = parse_whole<std::int64_t>(text(field));
  if (!value && is_digits(text(field))) {
    throw problem(field, fmt::format("'{}' is too large", text(field)), "give a number below 2^63");
  }
  if (!value) {
    throw problem(field, fmt::format("'{}' is not a whole number", text(field)),
                  "give digits only");
  }
  if (*value < 0) {
    throw problem(field, fmt::format("'{}' is negative", text(field)), "give 0 or more");
  }
  return *value;
}

double CsvReader::number(std::size_t field) const {
  const auto value = parse_number(text(field));
  if (!value) {
    throw problem(field, fmt::format("'{}' is not a number", text(field)), "give a decimal number");
  }
  return *value;
}

std::optional<double> CsvReader::number_if_any(std::size_t field) const {
  return text(field).empty() ? std::nullopt : std::optional(number(field));
}

base::InputError CsvReader::problem(std::size_t field, std::string what, std::string remedy) const {
  return problem_at(column(field),
                    form_.header ? fmt::format("{}: {}", columns_[field], what) : std::move(what),
                    std::move(remedy));
}

base::InputError CsvReader::problem(std::string what, std::string remedy) const {
  return problem_at(1, std::move(what), std::move(remedy));
}

base::InputError CsvReader::problem_at(int column, std::string what, std::string remedy) const {
  return base::InputError({.file = lines_.path(),
                           .line = line_number_,
                           .column = column,
                           .key = form_.key,
                           .what = std::move(what),
                           .remedy = std::move(remedy)});
}

}  // namespace epfleet::text
