// What requests may say beyond their times, lengths and blocks, by name: columns of epfleet's CSV
// and keys of its JSON lines, each read and written in one way.
#pragma once

#include <span>
#include <string>

#include "csv_format.h"

namespace epfleet::traces {

struct TraceField {
  std::string_view name;
  ReadField* read;
  void (*write)(const TraceRecord& record, std::string& to);  // as CSV has it
  bool is_text = false;                                       // quoted in JSON
};

// In the order of Field.
[[nodiscard]] std::span<const TraceField> trace_fields();

}  // namespace epfleet::traces
