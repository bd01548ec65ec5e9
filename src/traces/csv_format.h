// Request traces in CSV: a format is a list of column names and how their fields are read. Columns
// may come in any order, and others are ignored.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "trace_formats.h"

namespace epfleet::traces {

// One field into its place in the record. Throws LineFault; the caller adds the column.
using ReadField = void(std::string_view text, TraceRecord& record);

struct CsvColumn {
  std::string_view name;  // one that ends in '*' stands for all that begin so
  ReadField* read;
  bool needed = true;
};

// None unless the header has all columns that are needed.
[[nodiscard]] std::unique_ptr<LineFormat> make_csv_format(std::span<const CsvColumn> columns,
                                                          std::string_view header, TraceInfo& info);

// Times, exact to the nanosecond and not through doubles: a date in nanoseconds needs more digits
// than one has. 17, 0.25 or 1e-05; 1.5; 2023-11-16 18:15:46.6805900, with T between and with Z or
// +08:00 behind if need be.
ReadField read_seconds, read_milliseconds, read_date;

ReadField read_last_turn;              // 0 or 1
ReadField read_variant, read_channel;  // v3 or r1; web, app or api
ReadField read_blocks;                 // hexadecimal ids with blanks between

// 0 to kMostTraceTokens; "374.0" is taken, too.
[[nodiscard]] std::int64_t tokens_in(std::string_view text);
// Any whole number from 0 on, decimal.
[[nodiscard]] std::uint64_t count_in(std::string_view text);

template <auto Member>
void read_tokens(std::string_view text, TraceRecord& record) {
  record.*Member = tokens_in(text);
}
template <auto Member>
void read_count(std::string_view text, TraceRecord& record) {
  record.*Member = static_cast<std::remove_reference_t<decltype(record.*Member)>>(count_in(text));
}

}  // namespace epfleet::traces
