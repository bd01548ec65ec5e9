// A text as one field of a CSV file.
#pragma once

#include <string>

namespace epfleet::experiment {

[[nodiscard]] inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + '"';
}

}  // namespace epfleet::experiment
