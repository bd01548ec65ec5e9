#include "series_columns.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "epfleet/text/csv_row.h"
#include "epfleet/text/parse.h"
#include "epfleet/text/quote.h"

namespace epfleet::page {
namespace {

// Cuts the first line off.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void append_number(std::string& to, std::string_view field, bool exact) {
  const auto number = text::parse_number(field);
  if (!number || !std::isfinite(*number)) {
    to += "null";
  } else if (exact) {
    fmt::format_to(std::back_inserter(to), "{}", *number);
  } else {
    fmt::format_to(std::back_inserter(to), "{:.6g}", *number);
  }
}

}  // namespace

std::string series_columns_json(std::string_view csv) {
  text::CsvRow header;
  header.split(next_line(csv));
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < header.size(); ++i) {
    columns.push_back(text::json_string(header[i]) + ":[");
  }
  text::CsvRow row;
  bool first = true;
  while (!csv.empty()) {
    row.split(next_line(csv));
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns[i] += first ? "" : ",";
      append_number(columns[i], i < row.size() ? row[i] : std::string_view(),
                    header[i] == "time_s");
    }
    first = false;
  }
  return fmt::format("{{{}]}}", fmt::join(columns, "],"));
}

}  // namespace epfleet::page
