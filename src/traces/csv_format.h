// Request traces in CSV: a format is a list of column names and what they hold. Columns may come in
// any order, and others are ignored.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "epfleet/traces/trace_formats.h"
#include "line_format.h"

namespace epfleet::traces {

enum class Holds : std::uint8_t {
  Nothing,
  Seconds,
  Milliseconds,
  Date,
  Input,   // tokens of the prompt
  Output,  // tokens of the answer
  Reasoning,
  Cached,
  Session,
  Turn,
  SessionTokens,
  SharedPrefix,
  SharedTokens,
  LastTurn,
  VariantName,
  ChannelName,
  Blocks,
};

struct CsvColumn {
  std::string_view name;  // one that ends in '*' stands for all that begin so
  Holds holds;
  bool needed = true;
};

// None unless the header has all columns that are needed.
[[nodiscard]] std::unique_ptr<LineFormat> make_csv_format(std::span<const CsvColumn> columns,
                                                          std::string_view header, TraceInfo& info,
                                                          std::optional<LineFault>& fault);

}  // namespace epfleet::traces
