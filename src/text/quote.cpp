#include "epfleet/text/quote.h"

#include <fmt/format.h>

#include "epfleet/text/parse.h"

namespace epfleet::text {

std::string csv_field(std::string_view text) {
  // Blanks around a field are no part of it to a reader, and a line that begins with # is none.
  const bool as_it_is = text.find_first_of(",\"\r\n") == std::string_view::npos &&
                        trimmed(text) == text && !text.starts_with('#');
  if (as_it_is) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + '"';
}

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20U) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace epfleet::text
