// Request traces in CSV: a format is a list of column names and how their fields are read. Columns
// may come in any order; others are not read, and named.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "trace_formats.h"

namespace epfleet::traces {

// One field into its place in the record. Throws LineFault; the caller adds the column.
using ReadField = void(std::string_view text, TraceRecord& record);

struct CsvColumn {
  std::string_view name;  // one that ends in '*' stands for all that begin so
  ReadField* read;        // nullptr: of the format, and of no use
  bool needed = true;
  std::optional<Field> field = std::nullopt;
};

// None unless the header has all columns that are needed. `is_closed`: unknown columns are refused.
[[nodiscard]] std::unique_ptr<LineFormat> make_csv_format(std::span<const CsvColumn> columns,
                                                          std::string_view header,
                                                          const TraceOptions& options,
                                                          TraceInfo& info, bool is_closed = false);
template <const auto& kColumns>
std::unique_ptr<LineFormat> make_csv_format(std::string_view header, const TraceOptions& options,
                                            TraceInfo& info) {
  return make_csv_format(kColumns, header, options, info);
}
// epfleet's own format.
MakeLineFormat make_own_format;

// Times in units of so many nanoseconds, exact and not through doubles: 17, 0.25 or 1e-05.
template <std::int64_t kUnit>
void read_time(std::string_view text, TraceRecord& record);
inline constexpr ReadField* read_seconds = read_time<1'000'000'000>;
inline constexpr ReadField* read_milliseconds = read_time<1'000'000>;
// 2023-11-16 18:15:46.6805900, with T between and with Z or +08:00 behind if need be.
ReadField read_date;

// How times are read, by the name of their unit (s, ms, us, ns). Throws InputError.
[[nodiscard]] ReadField* time_reader(std::string_view unit);

ReadField read_last_turn;                           // 0 or 1
ReadField read_cached, read_variant, read_channel;  // may be empty; v3 or r1; web, app or api
ReadField read_blocks;                              // hexadecimal ids with blanks between
ReadField read_hashes;  // numbers or other words, with blanks, |, ; or commas between, in [] or not
ReadField read_block_size;

// 0 to kMostTraceTokens; "374.0" is taken, too.
[[nodiscard]] std::int64_t tokens_in(std::string_view text);
// A whole number from 0 to `most`, decimal.
[[nodiscard]] std::uint64_t count_in(std::string_view text, std::uint64_t most);
// A number as it is, any other word as a hash of it.
[[nodiscard]] std::uint64_t id_in(std::string_view text);

template <auto Member>
void read_tokens(std::string_view text, TraceRecord& record) {
  record.*Member = tokens_in(text);
}
template <auto Member>
void read_count(std::string_view text, TraceRecord& record) {
  using Count = std::remove_reference_t<decltype(record.*Member)>;
  record.*Member = static_cast<Count>(count_in(text, std::numeric_limits<Count>::max()));
}
template <auto Member>
void read_id(std::string_view text, TraceRecord& record) {
  record.*Member = id_in(text);
}

}  // namespace epfleet::traces
