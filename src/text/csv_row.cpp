#include "epfleet/text/csv_row.h"

#include <algorithm>

#include "epfleet/text/parse.h"

namespace epfleet::text {
namespace {

std::size_t past_blanks(std::string_view line, std::size_t at) {
  while (at < line.size() && is_blank(line[at])) {
    ++at;
  }
  return at;
}

// The quote that closes a field from `at` on; none: it is open at the end of the line.
std::size_t closing_quote(std::string_view line, std::size_t at) {
  at = line.find('"', at);
  while (at != line.npos && at + 1 < line.size() && line[at + 1] == '"') {
    at = line.find('"', at + 2);
  }
  return at;
}

}  // namespace

bool CsvRow::stays_open(std::string_view line) {
  for (std::size_t at = closing_quote(line, 0); at != line.npos;) {
    const std::size_t comma = line.find(',', at);
    if (comma == line.npos) {
      return false;
    }
    at = past_blanks(line, comma + 1);
    if (at < line.size() && line[at] == '"') {
      at = closing_quote(line, at + 1);
    }
  }
  return true;
}

void CsvRow::split(std::string_view line) {
  fields_.clear();
  unquoted_.clear();
  open_ = false;
  for (std::size_t from = 0; from <= line.size() && !open_;) {
    const std::size_t at = past_blanks(line, from);
    if (at < line.size() && line[at] == '"') {
      from = add_quoted(line, at) + 1;
      continue;
    }
    const auto* comma_at = std::find(line.begin() + at, line.end(), ',');  // short: no memchr
    const auto comma = static_cast<std::size_t>(comma_at - line.begin());
    const std::string_view text = trimmed_end(line.substr(at, comma - at));
    fields_.push_back({text, static_cast<int>(text.empty() ? from : at) + 1});
    from = comma + 1;
  }
}

// Answers where the comma behind the field is.
std::size_t CsvRow::add_quoted(std::string_view line, std::size_t quote) {
  std::string& text = unquoted_.emplace_back();
  std::size_t at = quote + 1;
  while (true) {
    const std::size_t end = line.find('"', at);
    text += line.substr(at, end - at);
    open_ = end == std::string_view::npos;
    if (open_ || end + 1 == line.size() || line[end + 1] != '"') {
      at = open_ ? line.size() : end + 1;
      break;
    }
    text += '"';
    at = end + 2;
  }
  const std::size_t comma = std::min(line.find(',', at), line.size());
  text += trimmed(line.substr(at, comma - at));  // nothing, of a well-formed file
  fields_.push_back({text, static_cast<int>(quote) + 1});
  return comma;
}

}  // namespace epfleet::text
