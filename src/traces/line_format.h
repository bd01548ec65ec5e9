// How one line of a trace becomes a record: a role with one format a file.
#pragma once

#include <string>
#include <string_view>

#include "epfleet/traces/trace_record.h"

namespace epfleet::traces {

// What is wrong with a line; thrown by formats, an error or a counted skip to the reader. `reason`
// names the kind, for counting; it is one of a few literals.
struct LineFault {
  const char* reason;
  std::string what;
  std::string remedy;
  int column = 1;
};

class LineFormat {
 public:
  virtual ~LineFormat() = default;

  // Fills what the format has; other members are left as they are. `line` is followed by
  // LineReader::kPadding readable bytes. Throws LineFault.
  virtual void parse(std::string_view line, TraceRecord& record) = 0;
};

// Reasons that several formats share.
inline constexpr const char* kNotANumber = "not a number";
inline constexpr const char* kNegative = "negative";
inline constexpr const char* kTooLarge = "too large";
inline constexpr const char* kWrongFields = "wrong number of fields";
inline constexpr const char* kNotJson = "not a JSON object";
inline constexpr const char* kMissing = "a missing value";
inline constexpr const char* kBadValue = "an unknown value";

}  // namespace epfleet::traces
