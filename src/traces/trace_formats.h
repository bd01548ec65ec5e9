// The formats of request traces by name: how a file is recognised and how its lines become records.
// The first row that recognises a file's first line reads it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "epfleet/base/registry.h"
#include "epfleet/traces/request_trace.h"

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

  // Keys so far that it does not know.
  [[nodiscard]] virtual std::span<const std::string> unread() const { return {}; }
};

// Reasons that several formats share.
inline constexpr const char* kNotANumber = "not a number";
inline constexpr const char* kNegative = "negative";
inline constexpr const char* kTooLarge = "too large";
inline constexpr const char* kWrongFields = "wrong number of fields";
inline constexpr const char* kNotJson = "not a JSON object";
inline constexpr const char* kMissing = "a missing value";
inline constexpr const char* kBadValue = "an unknown value";

inline constexpr std::int64_t kMostBlock = 65'536;  // tokens
inline constexpr std::int64_t kBlockToBeSeen = -1;  // the first request shows it

// None if the first line is not this format's. Sets what the line says of the trace; throws
// LineFault for what else is wrong with it.
using MakeLineFormat = std::unique_ptr<LineFormat>(std::string_view first_line,
                                                   const TraceOptions& options, TraceInfo& info);

struct FormatRule {
  std::string_view known_by;  // what a file must have, for messages
  MakeLineFormat* make;       // nullptr: not a file of lines (client_mix.h)
};

[[nodiscard]] const base::Registry<FormatRule>& trace_formats();

// "azure (TIMESTAMP,ContextTokens,GeneratedTokens), ..."
[[nodiscard]] std::string known_formats();

}  // namespace epfleet::traces
