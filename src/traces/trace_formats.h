// The formats of request traces by name: how a file is told to be one, and how it is read. The
// first row that knows a file's first line reads it.
#pragma once

#include <memory>
#include <string_view>

#include "epfleet/base/registry.h"
#include "line_format.h"

namespace epfleet::traces {

// None if the first line is not this format's. Sets what the line says of the trace; throws
// LineFault for what else is wrong with it.
using MakeLineFormat = std::unique_ptr<LineFormat>(std::string_view first_line, TraceInfo& info);

struct FormatRule {
  std::string_view known_by;  // what a file must have, for messages
  MakeLineFormat* make;       // nullptr: not a file of lines (client_mix.h)
};

[[nodiscard]] const base::Registry<FormatRule>& trace_formats();

}  // namespace epfleet::traces
